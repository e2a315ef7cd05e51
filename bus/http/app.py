"""The center's own HTTP server: intake of signed forms, attachments, health, metrics, and an OpenAPI page."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from standardwebhooks import Webhook
from starlette.exceptions import HTTPException as PlainHTTPException

from bus.attachments.service import AttachmentService
from bus.http.answers import errors
from bus.http.body import verify
from bus.http.files import add_attachments
from bus.http.forms import Submit, add_forms
from bus.http.openapi import describe
from bus.http.operations import AnswerCommand, add_operations, closed
from bus.http.pages import add_pages
from bus.operations.metrics import Metrics
from bus.sdk.center import Center


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
    *,
    calls: Callable[[], list[dict[str, Any]]] = list,
    strict: bool = False,
    operate: AnswerCommand = closed,
) -> FastAPI:
    """Build the application. ``ready`` answers ``{"ready": bool, …}``, ``flow`` ``{"flow": bool, …}``. ``calls``: the
    last calls to the center's own system. ``strict``: refuse forms with unknown fields. ``operate``: carries out
    commands of persons on duty."""
    app = FastAPI(
        title=f"{name} intake",
        description="Forms are signed per Standard Webhooks (webhook-id, webhook-timestamp, webhook-signature).",
        version="1",
        docs_url=None,  # FastAPI's own page needs the internet
        redoc_url=None,
        generate_unique_id_function=lambda route: route.name,
        redirect_slashes=False,  # a redirect would be built from the request's Host header
    )
    app.add_exception_handler(PlainHTTPException, _refuse)
    webhook = Webhook(secret)
    add_forms(app, center, door, webhook, metrics, strict=strict)
    add_attachments(app, attachments, lambda sha256, request: verify(webhook, sha256, request), clock, errors)
    add_operations(app, operate)
    _add_health(app, metrics, ready, flow)
    _watched(app, "/health/backend", lambda: {"calls": calls()}, name="backend")
    add_pages(app, name, ready)
    describe(app, center)
    return app


_CURES = {
    404: {"cure": "there is no such form or page: /docs lists them all"},
    405: {"cure": "this page has other methods: /docs lists them"},
}
"""Status of the framework's own refusals → the cure."""


def _refuse(_request: Request, error: Exception) -> JSONResponse:
    """One shape for the framework's refusals (no such page, no such method) and for our early ones."""
    assert isinstance(error, PlainHTTPException)  # noqa: S101 - it is registered for this class only
    said: object = error.detail
    told = (
        said
        if isinstance(said, dict)
        else {"code": "-".join(str(said).lower().split()), **_CURES.get(error.status_code, {})}
    )
    return JSONResponse(told, error.status_code, error.headers)


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

    _watched(app, "/health/live", lambda: {"live": True}, name="live")
    _watched(
        app,
        "/health/ready",
        is_ready,
        name="ready",
        responses={503: {"description": "No forms are taken, and why"}},
    )
    _watched(
        app,
        "/health/flow",
        flows,
        name="flow",
        responses={503: {"description": "Which loop does not move, why"}},
    )
    _watched(
        app,
        "/metrics",
        figures,
        name="metrics",
        response_class=Response,
        responses={200: {"content": {"text/plain": {}}}},
    )


def _watched(app: FastAPI, path: str, answer: Callable[[], Any], **described: Any) -> None:  # noqa: ANN401 - FastAPI's own
    # load balancers ask with HEAD
    app.get(path, tags=["health"], **described)(answer)
    app.head(path, tags=["health"], include_in_schema=False, **described)(answer)
