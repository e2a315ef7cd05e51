"""The door's own server: a socket that is bound when it is made, and uvicorn behind the throttle."""

import socket

import uvicorn
from starlette.types import ASGIApp

from bus.settings import Http


class HttpServer:
    """One HTTP server. ``run`` it on a thread of its own; ``stop`` ends that."""

    def __init__(self, app: ASGIApp, http: Http) -> None:
        """Raises ``OSError`` for a port that is taken."""
        self._listening = socket.create_server((http.host, http.port), backlog=256)
        # asyncio does this only for sockets that name their protocol; without it every answer waits 40 ms
        self._listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # h11, also where httptools happens to be installed: that one is quicker, and takes headers without a bound
        config = uvicorn.Config(
            app, http="h11", log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=5
        )
        self._server = uvicorn.Server(config)

    @property
    def url(self) -> str:
        """Where it listens, with the port that the system chose where the settings say 0."""
        host, port = self._listening.getsockname()[:2]
        return f"http://{host}:{port}"

    def run(self) -> None:
        """Serve until it is told to leave."""
        self._server.run([self._listening])

    def stop(self) -> None:
        """Answer what is being asked, take nothing more."""
        self._server.should_exit = True
