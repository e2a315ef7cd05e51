"""The loops of one center: each calls its round repeatedly, and marks each round on a monotonic clock.

A loop that waits for work marks rounds too. A fault of a round does not end its loop. Only what Python does not count
as an ordinary error does (``SystemExit`` out of an adapter, a panic of a compiled library): such a loop is dead, and
``watch`` starts it again.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from bus.log import Log
from bus.runtime.whereabouts import whereabouts
from bus.security.errors import KeyUnusable
from bus.store.database import StoreUnavailable

LIMITS: dict[str, float] = {
    "intake": 240, "relay": 240, "receive": 240, "handle": 600, "poll": 600, "prune": 900, "directory": 240,
    "remind": 240, "operations": 240, "audit": 240, "journal": 240, "http": 60, "look": 120, "count": 600,
    "alarms": 240, "door": 120,
}  # fmt: skip
"""Seconds within which each loop must mark a round. Far above the slowest honest round on a slow machine: a slow round
that a restart begins again would never end. Loops of one kind have its limit: ``door:media_center-150402``."""
PAUSE_AFTER_FAULT = 1.0
"""Seconds between a failed round and the next one."""

StartThread = Callable[[str, Callable[[], None]], threading.Thread]
"""Starts a thread of the named loop."""


class FaultKind(StrEnum):
    """Why a loop, or the transport, does not move."""

    DEAD = "dead"
    """Its thread has ended."""
    STUCK = "stuck"
    """It has marked no round in its time, and waits for nothing outside this process."""
    STORE = "store"
    BROKER = "broker"
    BACKEND = "backend"
    """The center's own system, or a peer's attachments."""
    KEYS = "keys"
    CLOCK = "clock"
    """The wall clock was set: nobody is reminded until it is right, or an operator says go."""
    FAULT = "fault"
    """Its rounds fail by a fault of the program."""


OUTSIDE: Mapping[str, FaultKind] = {
    "store": FaultKind.STORE,
    "transports": FaultKind.BROKER,
    "sdk": FaultKind.BACKEND,
    "attachments": FaultKind.BACKEND,
}
"""Room of the program in which a waiting thread stands → what it waits for."""


@dataclass(frozen=True, slots=True)
class LoopFault:
    """One loop that does not move, and the reason."""

    loop: str
    kind: FaultKind
    trouble: str = ""
    """The reason in words, or the place in the program; never a value."""

    def told(self) -> dict[str, str]:
        """The fault as the health pages and the log show it."""
        return {"loop": self.loop, "kind": self.kind, "trouble": self.trouble}


@dataclass(slots=True)
class Loop:
    """One loop and its state."""

    name: str
    run: Callable[[], None]
    limit: float
    again: bool
    """Whether it can be started again once its thread has ended."""
    came_round: float
    """The time of its last round (monotonic)."""
    thread: threading.Thread | None = None
    failed: LoopFault | None = None
    """The fault of its last round; None: it went well."""
    stood: float = 0.0
    """Seconds without a round while this process itself was running, as counted by the watch."""
    seen: float = 0.0
    """``came_round`` at the last look of the watch."""
    restarted: float | None = None
    """When the watch has started it again (monotonic)."""

    @property
    def age(self) -> float:
        """Seconds since its last round."""
        return max(0.0, time.monotonic() - self.came_round)

    def broken(self) -> LoopFault | None:
        """Its fault if it is dead, or has marked no round in its time."""
        if self.thread is None or not self.thread.is_alive():
            return LoopFault(self.name, FaultKind.DEAD)
        if self.stood < self.limit:
            return None
        room, where = whereabouts(self.thread)
        return LoopFault(self.name, OUTSIDE.get(room, FaultKind.STUCK), where)


class Loops:
    """All loops of one center."""

    def __init__(self, start_thread: StartThread, leaving: threading.Event, log: Log) -> None:
        """``leaving``: set when the loops shall end."""
        self._start_thread, self._leaving, self._log = start_thread, leaving, log
        self.by_name: dict[str, Loop] = {}

    def start(self, name: str, turn: Callable[[], object]) -> None:
        """Call ``turn`` repeatedly until the center stops."""
        self.watch(name, lambda: self._go_round(self.by_name[name], turn), again=True)

    def watch(self, name: str, run: Callable[[], None], *, again: bool = False) -> None:
        """Start ``run``, which marks its rounds by itself."""
        limit = LIMITS[name.partition(":")[0]]
        loop = self.by_name[name] = Loop(name, lambda: self._guard(name, run), limit, again, time.monotonic())
        loop.thread = self._start_thread(name, loop.run)

    def restart(self, loop: Loop) -> None:
        """Restart a loop whose thread has ended; its unfinished work is in the store or in the engine."""
        loop.restarted = loop.came_round = time.monotonic()
        loop.thread = self._start_thread(loop.name, loop.run)

    def mark(self, name: str) -> None:
        """Mark a round of a loop."""
        self.by_name[name].came_round = time.monotonic()

    def pause(self, name: str, seconds: float) -> None:
        """Let a loop wait for work, or for the center's end; waiting counts as a round."""
        until = time.monotonic() + seconds
        while not self._leaving.is_set() and (left := until - time.monotonic()) > 0:
            self._leaving.wait(min(1.0, left))
            self.mark(name)

    def broken(self) -> list[LoopFault]:
        """Every loop that is dead or has marked no round in its time, also where it waits for something outside."""
        return [fault for loop in list(self.by_name.values()) if (fault := loop.broken()) is not None]

    def faults(self) -> list[LoopFault]:
        """Every loop that no progress: broken, or with failing rounds."""
        loops = list(self.by_name.values())
        return [fault for loop in loops if (fault := loop.broken() or loop.failed) is not None]

    def ages(self) -> dict[str, float]:
        """Seconds since the last round of each loop."""
        return {loop.name: loop.age for loop in list(self.by_name.values())}

    def _guard(self, name: str, run: Callable[[], None]) -> None:
        try:
            run()
        except BaseException as fault:  # the thread ends here; Python itself would print values of the case
            self._log.critical("loop-died", step=name, fault=type(fault).__name__)

    def _go_round(self, loop: Loop, turn: Callable[[], object]) -> None:
        while not self._leaving.is_set():
            loop.failed = self._round(loop, turn)
            loop.came_round = time.monotonic()
            if loop.failed is not None:
                self._leaving.wait(PAUSE_AFTER_FAULT)

    def _round(self, loop: Loop, turn: Callable[[], object]) -> LoopFault | None:
        """Run one round. Returns its fault, or None."""
        try:
            turn()
        except StoreUnavailable as trouble:
            self._log.error("store", step=loop.name, trouble=str(trouble))
            return LoopFault(loop.name, FaultKind.STORE, str(trouble))
        except KeyUnusable as trouble:
            self._log.error("keys", step=loop.name, trouble=str(trouble))
            return LoopFault(loop.name, FaultKind.KEYS, str(trouble))
        except Exception as fault:
            self._log.error("fault", step=loop.name, fault=type(fault).__name__)
            return LoopFault(loop.name, FaultKind.FAULT, type(fault).__name__)
        return None
