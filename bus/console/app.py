"""The console's web application: who may see which page, and what every answer carries.

All pages are in one table, with the role that each needs; a test goes through it. A form is taken only from a page of
this console: by its Origin, and by the token of its session.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bus.console import metrics, sessions
from bus.console.doors import DoorTrouble
from bus.console.pages import (
    alarm_pages,
    case_acts,
    case_pages,
    center_pages,
    figure_pages,
    log_pages,
    operation_pages,
    sign_in_pages,
    stuck_pages,
)
from bus.console.pages.sign_in_pages import COOKIE, keep_cookie
from bus.console.refusals import refused, troubled
from bus.console.rendering import LANGUAGES
from bus.console.scope import NoSuchCenter
from bus.console.sessions import SignedIn
from bus.console.visit import Console, Visit
from bus.log import log
from bus.operations.rights import CommandRefused
from bus.security.staff import Role
from bus.store.database import StoreUnavailable

LANG_COOKIE = "lang"
MOST_BYTES = 64 * 1024
"""Bytes of a form."""
STATIC = Path(__file__).parent / "static"
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with none at all browsers send a form without its Origin
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
OF_MACHINES = ("/health/", "/metrics")
"""Paths that are asked for by any name: a prober knows the machine, not the address of browsers."""

View = Callable[[Visit], Response]


@dataclass(frozen=True, slots=True)
class Page:
    """One path."""

    path: str
    view: View
    role: Role | None
    """The least role; None: nobody need be signed in."""
    method: str = "GET"


PAGES: tuple[Page, ...] = (
    Page("/sign-in", sign_in_pages.form, None),
    Page("/sign-in", sign_in_pages.sign_in, None, "POST"),
    Page("/sign-out", sign_in_pages.sign_out, Role.VIEWER, "POST"),
    Page("/", center_pages.overview, Role.VIEWER),
    Page("/system", center_pages.system, Role.VIEWER),
    Page("/curves/{name}", center_pages.curve, Role.VIEWER),
    Page("/stuck", stuck_pages.groups, Role.VIEWER),
    Page("/stuck/group", stuck_pages.group, Role.VIEWER),
    Page("/stuck/item/{number}", stuck_pages.item, Role.VIEWER),
    Page("/stuck/item/{number}/reveal", stuck_pages.reveal, Role.OPERATOR, "POST"),
    Page("/stuck/preview", stuck_pages.preview, Role.OPERATOR, "POST"),
    Page("/stuck/act", stuck_pages.act, Role.OPERATOR, "POST"),
    Page("/operations", operation_pages.listed, Role.VIEWER),
    Page("/operations/{id}", operation_pages.operation, Role.VIEWER),
    Page("/operations/{id}/run", operation_pages.run, Role.OPERATOR, "POST"),
    Page("/operations/{id}/stop", operation_pages.stop, Role.OPERATOR, "POST"),
    Page("/operations/{id}/approve", operation_pages.approve, Role.ADMINISTRATOR, "POST"),
    Page("/operation-log", log_pages.listed, Role.VIEWER),
    Page("/operation-log/explained", log_pages.explained, Role.ADMINISTRATOR, "POST"),
    Page("/cases", case_pages.listed, Role.VIEWER),
    Page("/cases/{id}", case_pages.case, Role.VIEWER),
    Page("/cases/{id}/urge", case_acts.urge, Role.OPERATOR, "POST"),
    Page("/cases/{id}/ask-arbiter", case_acts.ask_arbiter, Role.OPERATOR, "POST"),
    Page("/cases/{id}/redirect", case_acts.redirect, Role.ADMINISTRATOR, "POST"),
    Page("/cases/{id}/reclaim", case_acts.reclaim, Role.ADMINISTRATOR, "POST"),
    Page("/alarms", alarm_pages.listed, Role.VIEWER),
    Page("/alarms/{id}/acknowledge", alarm_pages.acknowledge, Role.OPERATOR, "POST"),
    Page("/findings", figure_pages.findings, Role.VIEWER),
    Page("/figures", figure_pages.figures, Role.VIEWER),
    Page("/figures/cases", figure_pages.behind, Role.VIEWER),
    Page("/figures/export/{form}", figure_pages.export, Role.VIEWER),
    Page("/paused", operation_pages.pause, Role.ADMINISTRATOR, "POST"),
)


def make_app(console: Console, clock: Callable[[], datetime]) -> ASGIApp:
    """The application."""
    routes: list[Route | Mount] = [
        Route(page.path, partial(_serve, console, clock, page), methods=[page.method]) for page in PAGES
    ]
    routes += [
        Mount("/static", StaticFiles(directory=STATIC)),
        Route("/metrics", partial(_metrics, console, clock)),
        Route("/health/live", lambda _request: JSONResponse({"live": True})),
    ]
    app = Starlette(routes=routes, exception_handlers={404: _nothing, 405: _nothing})
    return _with_headers(_of_host(app, console.origin))


def _metrics(console: Console, clock: Callable[[], datetime], _request: Request) -> Response:
    return Response(metrics.page_of(console, clock()), media_type="text/plain; version=0.0.4")


async def _nothing(_request: Request, _error: Exception) -> Response:
    return PlainTextResponse("没有这一页 / there is no such page\n", 404)


async def _serve(console: Console, clock: Callable[[], datetime], page: Page, request: Request) -> Response:
    """One request through all guards."""
    form: Mapping[str, str] = {}
    if page.method == "POST":
        if request.headers.get("origin") != console.origin:
            return PlainTextResponse("请在本控制台的页面上操作 / only forms of this console are taken\n", 403)
        raw = await _body(request)
        if raw is None:
            return PlainTextResponse("内容太长 / too long\n", 413)
        form = dict(parse_qsl(raw.decode(errors="replace"), keep_blank_values=True, max_num_fields=100))
    return await run_in_threadpool(_answer, console, clock(), page, request, form)


async def _body(request: Request) -> bytes | None:
    """The form's bytes; None: they are too many."""
    raw = b""
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > MOST_BYTES:
            return None
    return raw


def _answer(console: Console, now: datetime, page: Page, request: Request, form: Mapping[str, str]) -> Response:
    visit = Visit(
        console, None, _language(request), now, request.url.path, request.path_params, dict(request.query_params), form,
        request.client.host if request.client is not None else "",
    )  # fmt: skip
    if (lang := request.query_params.get("lang")) in LANGUAGES:
        return _speaks(request, str(lang))
    try:
        return _guarded(visit, page, request)
    except StoreUnavailable as error:
        log().warning("console", code="store", trouble=str(error))
        return visit.fault(
            503, "数据库暂时没有应答，请稍后再试", "the store does not answer now: try again in a moment"
        )
    except Exception as fault:  # its text may hold what a page shows
        log().error("console", code="fault", step=page.path, fault=type(fault).__name__)
        return visit.fault(
            500, "这一页出了故障，请看日志；其他页面照常", "this page has failed: see the log; the others work"
        )


def _guarded(visit: Visit, page: Page, request: Request) -> Response:
    if page.role is None:
        return page.view(visit)
    session, is_new = _session(visit, request)
    if session is None:
        return _nobody(visit)
    answer = _of_person(replace(visit, session=session), session, page)
    if is_new:
        keep_cookie(answer, session.token)
    return answer


def _session(visit: Visit, request: Request) -> tuple[SignedIn | None, bool]:
    """Whose request this is, and whether its session begins with it."""
    token, proxy = request.cookies.get(COOKIE, ""), visit.console.proxy
    session = sessions.signed_in(visit.console.store, token, visit.now) if token else None
    if proxy is None or not proxy.comes_from_it(visit.address):
        return session, False
    names = request.headers.getlist(proxy.header)
    if len(names) != 1:  # two of them: one may be the browser's own
        return None, False
    if session is not None and session.person.name == names[0]:
        return session, False
    return sessions.begin_named(visit.console.store, names[0], visit.now), True


def _nobody(visit: Visit) -> Response:
    proxy = visit.console.proxy
    if proxy is None or not proxy.comes_from_it(visit.address):
        return visit.go("/sign-in")
    log().warning("sign-in", code="proxy")
    return visit.fault(
        403,
        "反向代理没有说明您是谁，或控制台没有登记您；请联系管理人员",
        "the reverse proxy has not said who you are, or this console does not know you: ask its administrator",
    )


def _of_person(known: Visit, session: SignedIn, page: Page) -> Response:
    if page.method == "POST" and not sessions.is_own_form(session, known.form.get("token", "")):
        return known.fault(403, "页面已过期：返回后刷新再试", "the page is out of date: go back, reload, try again")
    if page.role is not None and not session.person.role.covers(page.role):
        return known.fault(403, "您的角色没有这项权限", "your role does not reach so far")
    return _viewed(known, page)


def _viewed(visit: Visit, page: Page) -> Response:
    """The page; or why another center does not answer as it should."""
    try:
        return page.view(visit)
    except NoSuchCenter:
        return visit.fault(404, "控制台连不到这个中心", "this console reaches no center of that name")
    except CommandRefused as no:
        return refused(visit, no)
    except DoorTrouble as trouble:
        return troubled(visit, trouble)


def _language(request: Request) -> str:
    lang = request.cookies.get(LANG_COOKIE, "")
    return lang if lang in LANGUAGES else LANGUAGES[0]


def _speaks(request: Request, lang: str) -> Response:
    """The same page in another language, which the browser remembers."""
    rest = request.url.remove_query_params("lang")
    answer = RedirectResponse(f"{rest.path}?{rest.query}" if rest.query else rest.path, 303)
    answer.set_cookie(LANG_COOKIE, lang, max_age=365 * 86400, httponly=True, samesite="lax")
    return answer


def _of_host(app: ASGIApp, origin: str) -> ASGIApp:
    """Refuses requests for another host: a name of elsewhere that is made to point here reads nothing."""
    host = urlsplit(origin).netloc.encode()

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        named = dict(scope.get("headers", ())).get(b"host", b"")
        if scope["type"] == "http" and named != host and not scope["path"].startswith(OF_MACHINES):
            await PlainTextResponse(f"请用 {origin} / use {origin}\n", 421)(scope, receive, send)
            return
        await app(scope, receive, send)

    return serve


def _with_headers(app: ASGIApp) -> ASGIApp:
    """Every answer has the headers that shut the page in."""
    own = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        async def headed(message: Message) -> None:
            if message["type"] == "http.response.start":
                said = {name for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(one for one in own if one[0] not in said)]
            await send(message)

        await app(scope, receive, headed)

    return serve
