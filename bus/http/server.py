"""The center's HTTP server: a socket, bound at construction, and uvicorn behind the rate limit."""

import socket
from collections.abc import Callable

import uvicorn
from starlette.types import ASGIApp

from bus.http.address import listen, url_of
from bus.http.connections import Connection
from bus.http.limits import bounded
from bus.settings import Http


class _MarkingServer(uvicorn.Server):
    """Calls ``came_round`` ten times a second, from the event loop that answers requests."""

    came_round: Callable[[], None]

    async def on_tick(self, counter: int) -> bool:
        """See uvicorn. Its own ``callback_notify`` depends on a clock that can be turned back."""
        self.came_round()
        return await super().on_tick(counter)


def _unwatched() -> None:
    pass


class HttpServer:
    """One HTTP server. Call ``run`` on a thread of its own; ``stop`` ends it."""

    def __init__(self, app: ASGIApp, http: Http, came_round: Callable[[], None] = _unwatched) -> None:
        """``came_round`` is called as long as the server can answer. Raises ``OSError`` if the port is taken."""
        self._listening = listen(http.host, http.port)
        # asyncio does this only for sockets that name their protocol; without it every answer waits 40 ms
        self._listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # h11 even where httptools is installed: that one is quicker, but takes headers without a bound
        protocol = type("BoundedConnection", (Connection,), {"most": http.connections})
        config = uvicorn.Config(
            bounded(app, http.connections * 9 // 10),
            http=protocol,
            ws="none",
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=5,
        )
        self._server = _MarkingServer(config)
        self._server.came_round = came_round

    @property
    def url(self) -> str:
        """The server's URL, with the port that the system chose if the settings say 0."""
        host, port = self._listening.getsockname()[:2]
        return url_of(host, port)

    def run(self) -> None:
        """Serve until ``stop`` is called."""
        self._server.run([self._listening])

    def stop(self) -> None:
        """Finish the requests under way, and take no more."""
        self._server.should_exit = True
