"""The door's own server: a socket that is bound when it is made, and uvicorn behind the throttle."""

import socket
from collections.abc import Callable

import uvicorn
from starlette.types import ASGIApp

from bus.http.address import listen, url_of
from bus.http.connections import Connection
from bus.http.limits import bounded
from bus.settings import Http


class _MarkingServer(uvicorn.Server):
    """Calls ``came_round`` ten times a second, from the loop that answers."""

    came_round: Callable[[], None]

    async def on_tick(self, counter: int) -> bool:
        """See uvicorn. Its own ``callback_notify`` goes by a clock that can be turned back."""
        self.came_round()
        return await super().on_tick(counter)


def _unwatched() -> None:
    pass


class HttpServer:
    """One HTTP server. ``run`` it on a thread of its own; ``stop`` ends that."""

    def __init__(self, app: ASGIApp, http: Http, came_round: Callable[[], None] = _unwatched) -> None:
        """``came_round`` is called while it can answer. Raises ``OSError`` for a port that is taken."""
        self._listening = listen(http.host, http.port)
        # asyncio does this only for sockets that name their protocol; without it every answer waits 40 ms
        self._listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # h11, also where httptools happens to be installed: that one is quicker, and takes headers without a bound
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
        """Where it listens, with the port that the system chose where the settings say 0."""
        host, port = self._listening.getsockname()[:2]
        return url_of(host, port)

    def run(self) -> None:
        """Serve until it is told to leave."""
        self._server.run([self._listening])

    def stop(self) -> None:
        """Answer what is being asked, take nothing more."""
        self._server.should_exit = True
