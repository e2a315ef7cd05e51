"""Forms over HTTP: bounds, signature, the form's own model, and an answer once the case is committed.

Every answer is counted by form and code. A refusal is logged with its form, code, field and webhook-id, and with no
data of the resident.
"""

import asyncio
import re
from codecs import BOM_UTF8
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
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
from bus.pipeline.unknown_fields import UnknownField, shown, unknown_fields
from bus.sdk.center import Center, Form
from bus.store.database import StoreUnavailable

Submit = Callable[[Submission], Future[Reply]]
"""Hands one submission to the intake step. The reply comes with the commit, or ``StoreUnavailable`` if it fails. Raises
``Unavailable``."""
REPLY_TIMEOUT = 30.0
"""Seconds a sender waits for the commit before it is told to retry."""
FORMS_AT_ONCE = 64 * 1024 * 1024
"""Bytes in memory of all forms that are being read or wait for their commit."""
WRONG = frozenset({"invalid", "unknown-center"})
"""Refusals for the form's contents; all others depend on the state of this center."""
STATUS = {"taken": 202, "repeated": 200}
MOST_TOLD = 200
"""Most unknown fields of one form that are logged, once each."""
GZIP = b"\x1f\x8b"
UNREADABLE = {
    "not-json": "the body is not JSON: check quotes, commas and brackets, and send it to its end",
    "not-an-object": "send one JSON object, not a list or a value",
    "duplicate-key": "a field stands twice in one object: leave one of them out",
    "lone-surrogate": "a text holds half of a character (\\ud800 to \\udfff): send whole characters",
}
"""Code of a body that cannot be read → its cure."""
_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")


class Unavailable(RuntimeError):
    """The center is stopping or overloaded and takes no submissions; the sender keeps the form and retries."""


def add_forms(
    app: FastAPI, center: Center[Any], submit: Submit, webhook: Webhook, metrics: Metrics, *, strict: bool = False
) -> None:
    """Add one endpoint for each form of the center. ``strict``: refuse forms with unknown fields."""
    budget = ByteBudget(FORMS_AT_ONCE)
    for form in center.forms.values():
        app.post(
            f"/intake/{form.name}",
            name=f"send_{form.name.replace('-', '_')}",
            tags=["intake"],
            status_code=202,
            response_model=FormTaken,
            responses={
                200: {"model": FormTaken, "description": "Taken before"},
                **errors(400, 401, 408, 409, 413, 415, 422, 429, 500, 503),
            },
        )(FormDoor(form, submit, webhook, budget, metrics, strict).take)


@dataclass(slots=True)
class FormDoor:
    """The endpoint of one form."""

    form: Form
    submit: Submit
    webhook: Webhook
    budget: ByteBudget
    metrics: Metrics
    strict: bool
    _told: set[str] = field(default_factory=set)
    """Unknown fields that have been logged."""

    # runs in the server's own thread: reading a form takes microseconds, a thread for each would take more; and forms
    # that wait for their commit occupy no thread
    async def take(self, request: Request) -> JSONResponse:
        """Take one form."""
        try:
            answer = await self._read(request)
        except HTTPException as refusal:
            told: dict[str, Any] = refusal.detail if isinstance(refusal.detail, dict) else {}
            self._tell(request, _Answer(refusal.status_code, told))
            raise
        self._tell(request, answer)
        return JSONResponse(answer.body, answer.status, answer.headers)

    async def _read(self, request: Request) -> "_Answer":
        body = await form_body(request, MAX_BYTES, self.budget)
        try:
            text = _as_text(body)
            verify(self.webhook, text, request)  # before the body is parsed
            return await self._judged(body)
        finally:
            self.budget.give_back(len(body))

    async def _judged(self, body: bytes) -> "_Answer":
        try:
            raw = read_json(body)
            filled = self.form.model.model_validate_json(body)
        except Undecodable as error:
            return _Answer(400, {"code": error.code, "cure": _cure_of(error.code, body)})
        except ValidationError as error:
            return _Answer(422, {"code": "invalid", "faults": faults_of(error)})
        unknown = unknown_fields(filled, raw)
        if faults := [_fault_of(one) for one in unknown if self.strict or one.meant]:
            return _Answer(422, {"code": "invalid", "faults": faults})
        answer = await _answer(self.submit, Submission(self.form, filled))
        return self._with_warning(answer, [one.path for one in unknown])

    def _with_warning(self, answer: "_Answer", unknown: list[str]) -> "_Answer":
        """Report the unknown fields of a taken form: to its sender, once in the log, and in the metrics."""
        if not unknown or answer.status >= 400:
            return answer
        self.metrics.unknown_fields(self.form.name)
        if len(self._told) < MOST_TOLD and (new := {*unknown} - self._told):
            self._told |= new
            log().warning("unknown-fields", form=self.form.name, where=", ".join(sorted(new)))
        return _Answer(answer.status, {**answer.body, "unknown_fields": unknown}, answer.headers)

    def _tell(self, request: Request, answer: "_Answer") -> None:
        """Count the answer, and log a refusal."""
        code = str(answer.body.get("code") or answer.body.get("status") or "refused")
        self.metrics.form(self.form.name, code)
        if answer.status < 400:
            return
        where = ", ".join(field_of(fault["field"]) for fault in answer.body.get("faults", ())[:3])
        webhook_id = request.headers.get("webhook-id", "")
        message = webhook_id if _ID.fullmatch(webhook_id) else "?"
        log().warning("form-refused", form=self.form.name, code=code, where=where, message=message)


@dataclass(frozen=True, slots=True)
class _Answer:
    """The answer to a sender."""

    status: int
    body: dict[str, Any]
    headers: dict[str, str] | None = None


def _cure_of(code: str, body: bytes) -> str:
    if code == "not-json" and body.startswith(BOM_UTF8):
        return "the body begins with a byte order mark (EF BB BF): leave it out"
    if code == "not-json" and b"\0" in body[:4]:
        return "send the body as UTF-8; it looks like UTF-16"
    return UNREADABLE.get(code, "send one JSON object within the bounds")


def _as_text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        if body.startswith(GZIP):
            compressed = "the body is compressed (gzip): send it as it is"
            raise HTTPException(415, {"code": "content-encoding", "cure": compressed}) from None
        cure = "send the body as UTF-8; it is in another encoding, such as GBK"
        raise HTTPException(400, {"code": "not-utf-8", "cure": cure}) from None


def field_of(path: str) -> str:
    """The path of a field, made fit for the log: the sender may have chosen its parts."""
    return shown(path.split("."))


def _fault_of(unknown: UnknownField) -> dict[str, str]:
    """An unknown field as its sender reads it, with the field that was probably meant."""
    if unknown.meant:
        return {"field": unknown.path, "problem": "misspelt", "meant": unknown.meant}
    return {"field": unknown.path, "problem": "unknown"}


def faults_of(error: ValidationError) -> list[dict[str, str]]:
    """What is wrong and where, for the sender; never the value itself."""
    items = error.errors(include_input=False, include_url=False, include_context=False)[:20]
    return [{"field": ".".join(map(str, item["loc"])), "problem": item["type"]} for item in items]


async def _answer(submit: Submit, submission: Submission) -> _Answer:
    try:
        async with asyncio.timeout(REPLY_TIMEOUT):
            reply = await asyncio.wrap_future(submit(submission))
    except (Unavailable, TimeoutError):
        return _Answer(503, {"code": "stopping", "cure": "send it again in a moment"}, {"Retry-After": "5"})
    except StoreUnavailable:
        cure = "it is not known whether it was taken; send it again under the same id"
        return _Answer(503, {"code": "store", "cure": cure}, {"Retry-After": "10"})
    if reply.status == "failed":  # not 4xx: the form may be right, and the sender must keep it
        return _Answer(500, {"code": reply.code, "cure": "nothing was taken; tell the operator, then send it again"})
    if reply.status == "later":
        return _Answer(503, {"code": reply.code, "cure": reply.cure}, {"Retry-After": "10"})
    if reply.status == "refused":
        return _Answer(422 if reply.code in WRONG else 409, {"code": reply.code, "cure": reply.cure})
    return _Answer(STATUS[reply.status], {"status": reply.status, "cases": list(reply.cases)})
