"""A console at work: loops that look, count figures and tell alarms, and the HTTP server of its pages."""

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial

from starlette.types import Receive, Scope, Send

from bus.alarms.receivers import Receiver
from bus.alarms.settings import AlarmSettings
from bus.console.alarming import picture_of, teller_of
from bus.console.app import make_app
from bus.console.findings import Severity
from bus.console.visit import Console
from bus.console.watch import EVERY
from bus.http.server import HttpServer
from bus.log import log
from bus.runtime.alarming import Alarming
from bus.runtime.loops import Loops
from bus.settings import Http

CONNECTIONS = 64
"""Most browsers' connections at once."""
LOOK, COUNT, ALARMS = "look", "count", "alarms"
DOOR, DOOR_EVERY = "door", 10.0
"""Seconds between two looks through a center's door."""
WATCH_EVERY = 5.0
"""Seconds between two looks whether the loop still goes round."""


class ConsoleProcess:
    """One console. ``run`` serves on the calling thread until it is told to stop."""

    def __init__(
        self, console: Callable[[str], Console], host: str, port: int, origin: str = "",
        alarms: AlarmSettings | None = None, receivers: Sequence[Receiver] = (),
    ) -> None:  # fmt: skip
        """``console``: made of the address under which it is reached. Raises ``OSError`` if the port is taken."""
        self._leaving = threading.Event()
        self._loops = Loops(self._start_thread, self._leaving, log())
        self._server = HttpServer(self._serve, Http(host=host, port=port, connections=CONNECTIONS))
        self.url = origin or self._server.url
        self.console = console(self.url)
        self._counting = self.console.counting
        self._app = make_app(self.console, _now)
        alarms = alarms or AlarmSettings()
        picture = picture_of(self.console, Severity[alarms.least.upper()])
        self._alarming = Alarming(self.console.store, picture, teller_of(self.console), alarms.rules, receivers, _now)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)

    def run(self) -> None:
        """Serve. Returns after ``stop``, or a signal."""
        self._loops.start(LOOK, self._look)
        self._loops.start(COUNT, self._counting.round)
        self._loops.start(ALARMS, self._alarm)
        for center in self.console.doors.centers if self.console.doors is not None else ():
            self._loops.start(f"{DOOR}:{center}", partial(self._ask, center))
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

    def _alarm(self) -> None:
        self._alarming.round()
        self._loops.pause(ALARMS, EVERY)

    def _ask(self, center: str) -> None:
        """Look at one center through its door. It has a loop of its own: one that hangs delays no other."""
        if self.console.doors is not None:
            self.console.doors.look(center)
        self._loops.pause(f"{DOOR}:{center}", DOOR_EVERY)

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


def _now() -> datetime:
    return datetime.now(UTC)
