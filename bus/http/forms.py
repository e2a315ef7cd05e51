"""Forms over HTTP: bounds, signature, the form's own model, and the answer that comes with the commit.

Every answer is counted by form and code. A refusal leaves a line in the log that says which form, which code, which
field and which webhook-id, and nothing that a resident said.
"""

import asyncio
import json
import re
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from standardwebhooks import Webhook

from bus.contract.codec import MAX_BYTES, Undecodable, read_json
from bus.http.answers import FormTaken, errors
from bus.http.body import ByteBudget, form_body, verify
from bus.log import log
from bus.operations.metrics import Metrics
from bus.pipeline.intake import Reply, Submission
from bus.sdk.center import Center, Form
from bus.store.database import StoreUnavailable

Submit = Callable[[Submission], Future[Reply]]
"""Hands one submission to the intake step; the reply comes with the commit, or ``StoreUnavailable`` instead of it.
Raises ``Unavailable``."""
REPLY_TIMEOUT = 30.0
"""Seconds a sender waits for the commit before it is told to come again."""
FORMS_AT_ONCE = 64 * 1024 * 1024
"""Bytes of all forms that are being read or wait for their commit, in memory."""
STATUS = {"taken": 202, "repeated": 200}
_NAME = re.compile(r"[A-Za-z_]{1,40}|[0-9]{1,4}")
_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")


class Unavailable(RuntimeError):
    """The center is stopping or overloaded and takes nothing more in; the sender keeps the form and tries again."""


def add_forms(app: FastAPI, center: Center[Any], submit: Submit, webhook: Webhook, metrics: Metrics) -> None:
    """One way in for each form of the center."""
    budget = ByteBudget(FORMS_AT_ONCE)
    for form in center.forms.values():
        _add_form(app, form, submit, webhook, budget, metrics)


def _add_form(app: FastAPI, form: Form, submit: Submit, webhook: Webhook, budget: ByteBudget, metrics: Metrics) -> None:
    # in the server's own thread: reading a form takes microseconds, a thread for each more than that; and however many
    # wait for their commit, they keep no thread from others
    async def take(request: Request) -> JSONResponse:
        try:
            answer = await read(request)
        except HTTPException as refusal:
            _tell(metrics, form, request, refusal.status_code, refusal.detail)
            raise
        _tell(metrics, form, request, answer.status_code, json.loads(bytes(answer.body)))
        return answer

    async def read(request: Request) -> JSONResponse:
        body = await form_body(request, MAX_BYTES, budget)
        try:
            return await judged(request, body)
        finally:
            budget.give_back(len(body))

    async def judged(request: Request, body: bytes) -> JSONResponse:
        text = _as_text(body)
        verify(webhook, text, request)  # before anything reads the body
        try:
            read_json(body)
            filled = form.model.model_validate_json(body)
        except Undecodable as error:
            return JSONResponse({"code": error.code, "cure": "send one JSON object within the bounds"}, 400)
        except ValidationError as error:
            return JSONResponse({"code": "invalid", "faults": faults_of(error)}, 422)
        return await _answer(submit, Submission(form, filled))

    app.post(
        f"/intake/{form.name}",
        name=form.name,
        tags=["intake"],
        status_code=202,
        response_model=FormTaken,
        responses={
            200: {"model": FormTaken, "description": "Taken before"},
            **errors(400, 401, 408, 409, 413, 415, 422, 429, 500, 503),
        },
    )(take)


def _as_text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        cure = "send the body as UTF-8; it is in another encoding, such as GBK"
        raise HTTPException(400, {"code": "not-utf-8", "cure": cure}) from None


def _tell(metrics: Metrics, form: Form, request: Request, status: int, said: Any) -> None:  # noqa: ANN401 - an answer's JSON
    """Count the answer; a refusal goes into the log."""
    told: dict[str, Any] = said if isinstance(said, dict) else {}
    code = str(told.get("code") or told.get("status") or "refused")
    metrics.form(form.name, code)
    if status < 400:
        return
    where = ", ".join(field_of(fault["field"]) for fault in told.get("faults", ())[:3])
    webhook_id = request.headers.get("webhook-id", "")
    message = webhook_id if _ID.fullmatch(webhook_id) else "?"
    log().warning("form-refused", form=form.name, code=code, where=where, message=message)


def field_of(path: str) -> str:
    """The path of a field, fit for a log: the sender may have chosen its parts."""
    return ".".join(part if _NAME.fullmatch(part) else "?" for part in path.split("."))


def faults_of(error: ValidationError) -> list[dict[str, str]]:
    """What is wrong and where, for the sender; never the value itself."""
    items = error.errors(include_input=False, include_url=False, include_context=False)[:20]
    return [{"field": ".".join(map(str, item["loc"])), "problem": item["type"]} for item in items]


async def _answer(submit: Submit, submission: Submission) -> JSONResponse:
    try:
        async with asyncio.timeout(REPLY_TIMEOUT):
            reply = await asyncio.wrap_future(submit(submission))
    except (Unavailable, TimeoutError):
        return JSONResponse({"code": "stopping", "cure": "send it again in a moment"}, 503, {"Retry-After": "5"})
    except StoreUnavailable:
        return JSONResponse(
            {"code": "store", "cure": "it is not known whether it was taken; send it again under the same id"},
            503,
            {"Retry-After": "10"},
        )
    if reply.status == "failed":  # not 4xx: the form may be right, and its sender shall keep it
        return JSONResponse(
            {"code": reply.code, "cure": "nothing was taken; tell the operator, then send it again"}, 500
        )
    if reply.status == "later":
        return JSONResponse({"code": reply.code, "cure": reply.cure}, 503, {"Retry-After": "10"})
    if reply.status == "refused":
        return JSONResponse({"code": reply.code, "cure": reply.cure}, 422 if reply.code == "invalid" else 409)
    return JSONResponse({"status": reply.status, "cases": list(reply.cases)}, STATUS[reply.status])
