"""A console at work: a loop that looks, a loop that counts figures, and the HTTP server of its pages."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime

from starlette.types import Receive, Scope, Send

from bus.console.app import make_app
from bus.console.visit import Console
from bus.console.watch import EVERY
from bus.http.server import HttpServer
from bus.log import log
from bus.runtime.loops import Loops
from bus.settings import Http

CONNECTIONS = 64
"""Most browsers' connections at once."""
LOOK, COUNT = "look", "count"
WATCH_EVERY = 5.0
"""Seconds between two looks whether the loop still goes round."""


class ConsoleProcess:
    """One console. ``run`` serves on the calling thread until it is told to stop."""

    def __init__(self, console: Callable[[str], Console], host: str, port: int, origin: str = "") -> None:
        """``console``: made of the address under which it is reached. Raises ``OSError`` if the port is taken."""
        self._leaving = threading.Event()
        self._loops = Loops(self._start_thread, self._leaving, log())
        self._server = HttpServer(self._serve, Http(host=host, port=port, connections=CONNECTIONS))
        self.url = origin or self._server.url
        self.console = console(self.url)
        self._counting = self.console.counting
        self._app = make_app(self.console, lambda: datetime.now(UTC))

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)

    def run(self) -> None:
        """Serve. Returns after ``stop``, or a signal."""
        self._loops.start(LOOK, self._look)
        self._loops.start(COUNT, self._counting.round)
        self._start_thread("watch", self._watch)
        try:
            self._server.run()
        finally:
            self._leaving.set()

    def stop(self) -> None:
        """Finish what is under way, and return from ``run``."""
        self._leaving.set()
        self._server.stop()

    def _look(self) -> None:
        self.console.watch.renew()
        self._loops.pause(LOOK, EVERY)

    def _watch(self) -> None:
        """Start the loop again where its thread has ended: pages would show what was for ever."""
        while not self._leaving.wait(WATCH_EVERY):
            for loop in self._loops.by_name.values():
                if loop.thread is not None and not loop.thread.is_alive():
                    log().error("loop-restarted", step=loop.name)
                    self._loops.restart(loop)

    def _start_thread(self, name: str, turn: Callable[[], None]) -> threading.Thread:
        thread = threading.Thread(target=turn, name=f"console-{name}", daemon=True)
        thread.start()
        return thread
