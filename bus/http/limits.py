"""Limits of requests: how many are served at once, and how slowly an answer may be read.

Health and metrics are always answered. One address never takes all places: other clients are served even under a flood.
"""

import asyncio
from collections import Counter

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bus.http.rate_limit import source_of

BESIDE = ("/health/", "/metrics")
"""Paths that are answered however many requests are under way."""
ANSWER_GRACE = 20.0
"""Seconds in which a small answer must be read, and the base time for a longer one."""
SLOWEST = 16 * 1024
"""Lowest average speed at which a longer answer must be read, in bytes per second."""


def bounded(app: ASGIApp, most: int) -> ASGIApp:
    """``app``, limited to ``most`` requests at once, and to three quarters of them for one address."""
    under_way: Counter[str] = Counter()

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(BESIDE):
            await app(scope, receive, send)
            return
        source = source_of(scope)
        if under_way.total() >= most or under_way[source] >= most * 3 // 4:
            busy = {"code": "busy", "cure": "too many requests are under way: come again in a moment"}
            await JSONResponse(busy, 503, {"Retry-After": "2"})(scope, receive, send)
            return
        under_way[source] += 1
        try:
            await app(scope, receive, _read_in_time(send))
        finally:
            under_way[source] -= 1
            if not under_way[source]:
                del under_way[source]

    return serve


def _read_in_time(send: Send) -> Send:
    """``send`` with a deadline: a client that reads too slowly raises ``TimeoutError``, which ends the connection."""
    sent = 0
    deadline: float | None = None

    async def watched(message: Message) -> None:
        nonlocal sent, deadline
        now = asyncio.get_running_loop().time()
        deadline = now + ANSWER_GRACE if deadline is None else deadline
        async with asyncio.timeout_at(deadline + sent / SLOWEST):
            await send(message)
        sent += len(message.get("body", b""))

    return watched
