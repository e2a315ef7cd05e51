"""The rate limit: how many requests one address may make.

Each address has a token bucket that holds one second's worth and refills at the same rate. A client that floods the
server is told to wait; the others are served. Behind a reverse proxy on this machine the client's address is the one
that the proxy names, else that of the connection.
"""

import math
import time
from collections.abc import Callable

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

MOST_SOURCES = 10_000
"""Most addresses remembered at once; the one idle for longest is forgotten, and starts anew."""


class RateLimit:
    """The rate limit of one server. Not thread-safe: only the server's own thread uses it."""

    def __init__(self, per_second: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second, self._clock = per_second, clock
        self._buckets: dict[str, tuple[float, float]] = {}
        """Source → how full its bucket was, and when."""

    def wait(self, source: str) -> float:
        """Seconds until this address may send a request; 0 admits and counts the request."""
        now = self._clock()
        left, then = self._buckets.pop(source, (float(self._per_second), now))
        left = min(self._per_second, left + (now - then) * self._per_second)
        may = left >= 1
        self._buckets[source] = left - may, now  # the dictionary stays in order of the last request
        if len(self._buckets) > MOST_SOURCES:
            del self._buckets[next(iter(self._buckets))]
        return 0.0 if may else (1 - left) / self._per_second


def source_of(scope: Scope) -> str:
    """The client's address; empty if the server knows none."""
    client = scope.get("client")
    return client[0] if client else ""


def rate_limited(app: ASGIApp, throttle: RateLimit, turned_away: Callable[[], None]) -> ASGIApp:
    """``app`` behind the rate limit. ``turned_away`` is called for each refused request."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        seconds = throttle.wait(source_of(scope)) if scope["type"] == "http" else 0.0
        if not seconds:
            await app(scope, receive, send)
            return
        turned_away()
        no = {
            "code": "too-many",
            "cure": "this address asks more often than http.requests_per_second: come again later",
        }
        await JSONResponse(no, 429, {"Retry-After": str(math.ceil(seconds))})(scope, receive, send)

    return serve
