"""Signing in and out."""

from starlette.responses import Response

from bus.console import sessions
from bus.console.sessions import SignedIn, Wait
from bus.console.visit import Visit
from bus.log import log

COOKIE = "__Host-bus-console"
"""``__Host-``: only this very host may set it, and only over TLS; browsers take a loopback address for as good."""


def form(visit: Visit) -> Response:
    """The page for signing in."""
    return visit.page("sign_in.html", trouble="")


def sign_in(visit: Visit) -> Response:
    """Begin a session, or say why not."""
    name = visit.form.get("name", "").strip()
    found = sessions.sign_in(visit.console.store, name, visit.form.get("password", ""), visit.address, visit.now)
    words = visit.words
    if isinstance(found, Wait):
        log().warning("sign-in", code="too-many")
        trouble = words.text(
            f"失败次数过多，请 {found.seconds} 秒后再试", f"too many tries have failed: wait {found.seconds} s"
        )
        return visit.page("sign_in.html", 429, trouble=trouble)
    if not isinstance(found, SignedIn):
        log().warning("sign-in", code="wrong")
        return visit.page("sign_in.html", 403, trouble=words.text("姓名或密码不对", "wrong name or password"))
    log().info("sign-in", code="ok")
    answer = visit.go("/")
    keep_cookie(answer, found.token)
    return answer


def keep_cookie(answer: Response, token: str) -> None:
    """Let the browser keep its session."""
    answer.set_cookie(COOKIE, token, secure=True, httponly=True, samesite="lax", path="/")


def sign_out(visit: Visit) -> Response:
    """End the session."""
    if visit.session is not None:
        sessions.sign_out(visit.console.store, visit.session.token)
    answer = visit.go("/sign-in")
    answer.delete_cookie(COOKIE, secure=True, httponly=True, samesite="lax", path="/")
    return answer
