"""The center's own HTTP server: intake of signed forms, attachments, health, metrics, and an OpenAPI page."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime
from typing import Any

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ValidationError
from pydantic.json_schema import models_json_schema
from standardwebhooks import Webhook, WebhookVerificationError
from starlette.exceptions import HTTPException as PlainHTTPException

from bus.attachments.service import AttachmentService
from bus.contract.codec import MAX_BYTES, Undecodable, read_json
from bus.http.body import UNSIGNED, ByteBudget, form_body
from bus.http.files import add_attachments
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
CONFLICTS = frozenset({"id-reused", "known-case"})


class FieldFault(BaseModel):
    """One field that is wrong: where it is and how, never its value."""

    field: str
    problem: str


class ErrorBody(BaseModel):
    """Every refusal of every door: a code from a closed list, and the cure where there is one."""

    code: str
    cure: str | None = None
    faults: list[FieldFault] | None = None


class TouchedCase(BaseModel):
    """A case that a form has made or changed."""

    case_id: str
    number: str


class FormTaken(BaseModel):
    """A form that is durably taken, now or before."""

    status: str
    cases: list[TouchedCase]


_ERRORS: dict[int, str] = {
    400: "The body is not one JSON object within the bounds",
    401: "The signature is missing or wrong",
    404: "There is nothing here",
    408: "The body came too slowly",
    409: "The form is right, and cannot be taken: its id was used, or custody refuses",
    413: "The body is larger than may be",
    415: "Not a kind of file that is kept",
    422: "The form is wrong; its faults are named",
    429: "This address asks more often than it may: come again after `Retry-After` seconds",
    500: "Nothing was taken: a fault of the adapter; tell the operator, then send it again",
    503: "Not taken, or not known whether it was: send it again later under the same id",
}


def _errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {status: {"model": ErrorBody, "description": _ERRORS[status]} for status in statuses}


class Unavailable(RuntimeError):
    """The center is stopping or overloaded and takes nothing more in; the sender keeps the form and tries again."""


def make_app(
    center: Center[Any],
    name: str,
    door: Submit,
    secret: str,
    attachments: AttachmentService,
    metrics: Metrics,
    ready: Callable[[], dict[str, Any]],
    clock: Callable[[], datetime],
    flow: Callable[[], dict[str, Any]] = dict,
) -> FastAPI:
    """Put the server together. ``ready`` answers ``{"ready": bool, …}``, ``flow`` ``{"flow": bool, …}``."""
    app = FastAPI(
        title=f"{name} intake",
        description="Forms are signed per Standard Webhooks (webhook-id, webhook-timestamp, webhook-signature).",
        version="1",
        redirect_slashes=False,  # a redirect would be built from whatever Host header came
    )
    app.add_exception_handler(PlainHTTPException, _refuse)
    webhook = Webhook(secret)
    forms = ByteBudget(FORMS_AT_ONCE)
    for form in center.forms.values():
        _add_form(app, form, door, webhook, forms)
    add_attachments(app, attachments, lambda sha256, request: _verify(webhook, sha256, request), clock, _errors)
    _add_health(app, metrics, ready, flow)
    _describe(app, center)
    return app


def _refuse(_request: Request, error: Exception) -> JSONResponse:
    """The framework's own refusals (no such page, no such method) and ours that end a request early, in one shape."""
    assert isinstance(error, PlainHTTPException)  # noqa: S101 - it is registered for this class only
    said: object = error.detail
    told = said if isinstance(said, dict) else {"code": "-".join(str(said).lower().split())}
    return JSONResponse(told, error.status_code, error.headers)


def _verify(webhook: Webhook, content: bytes | str, request: Request) -> None:
    try:
        webhook.verify(content, dict(request.headers), json_parse=False)
    except (WebhookVerificationError, ValueError):
        raise HTTPException(401, UNSIGNED) from None


def _add_form(app: FastAPI, form: Form, door: Submit, webhook: Webhook, budget: ByteBudget) -> None:
    # in the server's own thread: reading a form takes microseconds, a thread for each more than that; and however many
    # wait for their commit, they keep no thread from others
    async def take(request: Request) -> JSONResponse:
        body = await form_body(request, MAX_BYTES, budget)
        try:
            return await judged(request, body)
        finally:
            budget.give_back(len(body))

    async def judged(request: Request, body: bytes) -> JSONResponse:
        _verify(webhook, body, request)  # before anything reads the body
        try:
            read_json(body)
            filled = form.model.model_validate_json(body)
        except Undecodable as error:
            return JSONResponse({"code": error.code, "cure": "send one JSON object within the bounds"}, 400)
        except ValidationError as error:
            return JSONResponse({"code": "invalid", "faults": faults_of(error)}, 422)
        return await _answer(door, Submission(form, filled))

    app.post(
        f"/intake/{form.name}",
        name=form.name,
        tags=["intake"],
        status_code=202,
        response_model=FormTaken,
        responses={
            200: {"model": FormTaken, "description": "Taken before"},
            **_errors(400, 401, 408, 409, 413, 422, 429, 500, 503),
        },
    )(take)


def faults_of(error: ValidationError) -> list[dict[str, str]]:
    """What is wrong and where, for the sender; never the value itself."""
    items = error.errors(include_input=False, include_url=False, include_context=False)[:20]
    return [{"field": ".".join(map(str, item["loc"])), "problem": item["type"]} for item in items]


async def _answer(door: Submit, submission: Submission) -> JSONResponse:
    try:
        async with asyncio.timeout(REPLY_TIMEOUT):
            reply = await asyncio.wrap_future(door(submission))
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


def _add_health(
    app: FastAPI, metrics: Metrics, ready: Callable[[], dict[str, Any]], flow: Callable[[], dict[str, Any]]
) -> None:
    def is_ready() -> JSONResponse:
        state = ready()
        return JSONResponse(state, 200 if state["ready"] else 503)

    def flows() -> JSONResponse:
        state = flow()
        return JSONResponse(state, 200 if state["flow"] else 503)

    def figures() -> Response:
        return Response(metrics.page(), media_type="text/plain; version=0.0.4")

    app.get("/health/live", name="live", tags=["health"])(lambda: {"live": True})
    app.get(
        "/health/ready", name="ready", tags=["health"], responses={503: {"description": "No forms are taken, and why"}}
    )(is_ready)
    app.get(
        "/health/flow", name="flow", tags=["health"], responses={503: {"description": "Which loop does not move, why"}}
    )(flows)
    app.get(
        "/metrics",
        name="metrics",
        tags=["health"],
        response_class=Response,
        responses={200: {"content": {"text/plain": {}}}},
    )(figures)


def _describe(app: FastAPI, center: Center[Any]) -> None:
    """Put the forms' models into the OpenAPI document: their bodies are read raw, so FastAPI does not see them."""
    described = [(form.model, "validation") for form in center.forms.values()]
    refs, definitions = models_json_schema(described, ref_template="#/components/schemas/{model}")  # type: ignore[arg-type]  # a literal in a list
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        document = plain()
        document.setdefault("components", {}).setdefault("schemas", {}).update(definitions.get("$defs", {}))
        for form in center.forms.values():
            operation = document["paths"][f"/intake/{form.name}"]["post"]
            schema = refs[form.model, "validation"]
            operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to extend the document
