"""The watch over a center's loops: a dead loop is started again once, a stuck one ends the process.

Python cannot end a stuck thread, and a second one beside it would share the engine's records and wait for the same
locks. So the service manager restarts the process; all it promised is in the store.
"""

import threading
import time
from typing import Protocol

from bus.log import Log
from bus.runtime.loops import FaultKind, Loop, LoopFault, Loops

LOOK_EVERY = 1.0
"""Seconds."""
LONGEST_STEP = 5.0
"""Most seconds that count between two looks: while the whole process was stopped, no loop could mark a round."""
GRACE = 30.0
"""Seconds between the health pages' report of a stuck loop and the end of the process."""
TOO_SOON = 600.0
"""Seconds: a loop that dies again within them is not started once more."""


class Supervisor(Protocol):
    """The supervisor of this process: a service manager, or a program that contains centers."""

    def tell(self, state: str) -> None:
        """Report ``READY=1``, ``WATCHDOG=1`` or ``STOPPING=1``."""

    def give_up(self) -> None:
        """End the process so that it is started again; returns where that is not possible."""


class Unsupervised:
    """No supervisor: the center is inside another program that looks after it, such as a test or the demo."""

    def tell(self, state: str) -> None:
        """Does nothing."""

    def give_up(self) -> None:
        """Does nothing: the center stays as it is, and its health pages report it."""


class Watch:
    """Watches the loops of one center. ``run`` it on a thread of its own."""

    def __init__(self, loops: Loops, supervisor: Supervisor, shut: threading.Event, log: Log) -> None:
        """``shut``: set when the center begins to stop; loops may end then."""
        self._loops, self._supervisor, self._shut, self._log = loops, supervisor, shut, log
        self._looked = time.monotonic()
        self._given_up = False

    def run(self) -> None:
        """Look repeatedly until the center stops."""
        while not self._shut.wait(LOOK_EVERY):
            try:
                self.look()
            except Exception as fault:  # without a look the service manager gets no notification, and ends the process
                self._log.error("fault", step="watch", fault=type(fault).__name__)

    def look(self) -> None:
        """Count the time of each loop, restart dead ones, and notify the service manager when all is well."""
        self._count()
        ours = [fault for fault in self._loops.broken() if fault.kind in (FaultKind.DEAD, FaultKind.STUCK)]
        for fault in ours:
            self._mend(self._loops.by_name[fault.loop], fault)
        if not ours:
            self._supervisor.tell("WATCHDOG=1")

    def _count(self) -> None:
        now = time.monotonic()
        step, self._looked = min(now - self._looked, LONGEST_STEP), now
        for loop in list(self._loops.by_name.values()):
            loop.stood = loop.stood + step if loop.seen == loop.came_round else 0.0
            loop.seen = loop.came_round

    def _mend(self, loop: Loop, fault: LoopFault) -> None:
        if fault.kind is FaultKind.STUCK:
            if loop.stood >= loop.limit + GRACE:
                self._give_up(fault)
        elif loop.again and (loop.restarted is None or time.monotonic() - loop.restarted >= TOO_SOON):
            self._log.error("loop-started-again", step=loop.name)
            self._loops.restart(loop)
        else:
            self._give_up(fault)

    def _give_up(self, fault: LoopFault) -> None:
        if self._given_up or self._shut.is_set():
            return
        self._given_up = True
        self._log.critical("given-up", step=fault.loop, fault=fault.kind, where=fault.trouble)
        self._supervisor.give_up()
