"""The health of a center: whether forms can be durably taken, and whether all loops and the transport move."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bus import recovery
from bus.context import CenterContext
from bus.operations.marks_watch import MarksWatch
from bus.runtime.loops import FaultKind, LoopFault, Loops
from bus.security.directory import marks_text
from bus.store import facts, facts_refused, paused
from bus.store.database import Store
from bus.store.facts_refused import FactsRefused
from bus.store.heartbeat import beat
from bus.store.timestamps import ms
from bus.transports.port import Transport

PROVE_EVERY = 5.0
"""Seconds for which one commit counts as proof that the store can be written."""
UNANSWERED = 30.0
"""Seconds that a commit may take before forms count as not taken; a form waits no longer either."""
NO_ANSWER = "存储迟迟不应答，请检查磁盘和数据库 / the store does not answer: look at its disk or database"

NOTHING_UNTOLD = facts.UntoldFigures(0, 0)
CLOCK_STEPPED = (
    "clock-stepped: 系统时间被改动，提醒已暂停；校准时间，或确认无误后运行 bus clocks go / the system's time was set, "
    "so nobody is reminded: set it right, or `bus clocks go` where it is"
)


@dataclass(slots=True)
class StoreProof:
    """A regular proof that the store takes writes. It runs in the loop of intake, so the health pages wait for no
    store."""

    store: Store
    clock: Callable[[], datetime]
    center: str = ""
    recovering: bool = False
    paused: tuple[str, ...] = ()
    """Peers and kinds of message that a person has paused."""
    proved_at: float | None = None
    """The time of the last commit (monotonic)."""
    untold: facts.UntoldFigures = NOTHING_UNTOLD
    """What the county's ledger has not receipted, when it was last looked at."""
    facts_refused: FactsRefused | None = None
    """The ledger that takes no facts."""

    def renew(self) -> None:
        """Commit one row, if there was no commit for a while. Raises ``StoreUnavailable``."""
        if self.proved_at is None or time.monotonic() - self.proved_at >= PROVE_EVERY:
            now_ms = ms(self.clock())
            self.store.write(lambda tx: beat(tx, now_ms))
            self.recovering = recovery.going_on(self.store)
            with self.store.reading() as tx:
                self.untold = facts.lag(tx, self.center)
                self.facts_refused = facts_refused.any_kept(tx)
                self.paused = tuple(one.name for one in paused.listed(tx))
            self.proved_at = time.monotonic()


@dataclass(slots=True)
class Health:
    """The two health pages of one center; reading them never blocks."""

    loops: Loops
    proof: StoreProof
    transport: Transport
    context: CenterContext
    clock: Callable[[], datetime]
    probing: Callable[[], bool]
    """Whether the center's own system is away."""
    shut: threading.Event
    """Set when the center stops."""
    marks: MarksWatch
    """The directory's marks, and those that it has lost."""
    polls: Callable[[], list[LoopFault]] = list
    """The polls that failed last time."""
    clock_stepped: Callable[[], bool] = bool
    """Whether the wall clock was set, so that nobody is reminded."""
    certificate_days: Callable[[], int | None] = lambda: None
    """How many days the certificate for the broker is still valid; None: the center has none that can be read."""

    def ready(self) -> dict[str, Any]:
        """Whether forms can be durably taken; beside it the state of the transport, which does not matter for that."""
        road = self.transport.state()
        state = {
            "ready": not self.shut.is_set(),
            "broker": road.connected,
            "consuming": road.consuming,
            "blocked": road.blocked,
            "trouble": road.trouble,
            "vendor": "away" if self.probing() else "ok",
        }
        keys = self.context.security.trouble(self.clock())
        if keys is not None:
            state["keys"] = keys.en
        if self.marks.lost:
            state["marks"] = f"marks-lost: {marks_text(self.marks.lost)}"
        if self.marks.hindering:
            state["masking"] = f"masking-off: {', '.join(self.marks.hindering)}"
        if (days := self.certificate_days()) is not None:
            state["certificate"] = days
        if self.clock_stepped():
            state["clocks"] = CLOCK_STEPPED
        if self.proof.paused:
            state["paused"] = ", ".join(self.proof.paused)
        if self.proof.recovering:
            state |= {"ready": False, "recovering": True}
        if (store := self._store()) is not None:
            state |= {"ready": False, "store": store}
        if not self.shut.is_set() and (broken := self._broken()):
            state |= {"ready": False, "loops": [fault.told() for fault in broken]}
        return state

    def flow(self) -> dict[str, Any]:
        """Whether all loops and the transport move; otherwise each loop that does not, and the kind of its fault."""
        if self.shut.is_set():
            return {"flow": False, "stopping": True, "faults": []}
        faults = [*self.loops.faults(), *self._outside()]
        return {
            "flow": not faults,
            "faults": [fault.told() for fault in faults],
            "ages": {name: round(age, 1) for name, age in self.loops.ages().items()},
            **self._facts(),
        }

    def _facts(self) -> dict[str, Any]:
        """What the ledger has not receipted. It is no fault of this center, and delays no case."""
        if not self.context.tells_facts:
            return {}
        untold = self.proof.untold
        oldest = (ms(self.clock()) - untold.oldest_ms) // 1000 if untold.oldest_ms else 0
        told: dict[str, Any] = {"untold": untold.rows, "oldest": oldest}
        refused, ledger = self.proof.facts_refused, self.context.ledger
        if refused is not None and ledger is not None and refused.ledger == ledger.name:
            told["refused"] = refused.code
        return {"facts": told}

    def _broken(self) -> list[LoopFault]:
        """Loops that only a restart can mend."""
        return [fault for fault in self.loops.broken() if fault.kind in (FaultKind.DEAD, FaultKind.STUCK)]

    def _store(self) -> str | None:
        """The reason why intake cannot write, if it cannot."""
        intake = self.loops.by_name.get("intake")
        if intake is None or (self.proof.proved_at is None and intake.failed is None):
            return NO_ANSWER
        if intake.failed is not None:
            return intake.failed.trouble
        return NO_ANSWER if intake.age > UNANSWERED else None

    def _outside(self) -> list[LoopFault]:
        """Faults outside the loops, which keep them from moving though their rounds end well."""
        road, found = self.transport.state(), []
        if not road.connected or road.blocked:
            found.append(LoopFault("relay", FaultKind.BROKER, road.trouble))
        if not road.consuming:
            found.append(LoopFault("receive", FaultKind.BROKER, road.trouble))
        if (keys := self.context.security.trouble(self.clock())) is not None:
            found.append(LoopFault("relay", FaultKind.KEYS, keys.en))
        if self.probing():
            found.append(LoopFault("handle", FaultKind.BACKEND))
        if self.clock_stepped():
            found.append(LoopFault("remind", FaultKind.CLOCK, CLOCK_STEPPED))
        return found + self.polls()
