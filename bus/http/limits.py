"""How many requests are served at once, and how long an answer may take to be read.

Health and metrics are answered always. One address never takes all places: whoever floods the door has others beside
it.
"""

import asyncio
from collections import Counter

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bus.http.rate_limit import source_of

BESIDE = ("/health/", "/metrics")
"""Answered however many requests are under way."""
ANSWER_GRACE = 20.0
"""Seconds for an answer that is small."""
SLOWEST = 16 * 1024
"""Bytes a second with which a longer answer must be read on the whole."""


def bounded(app: ASGIApp, most: int) -> ASGIApp:
    """``app``, serving at most so many requests at once, of one address at most three quarters of them."""
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
    """``send``, until the other end reads too slowly: then it raises ``TimeoutError``, and the connection goes."""
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
