"""The guard of the clocks: what a wall clock that was set, and what a downtime mean for reminders. No store, no thread.

A clock that runs on while nobody sets it tells whether the wall clock was set. While they differ, nobody is reminded.
After a downtime the missed reminders come a few at a time, the highest alone; after a long one those to the arbiter
and above wait until people have looked."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bus.clocks.calendar import Calendar
from bus.clocks.marks import USUAL, Manner
from bus.clocks.rules import Level
from bus.pipeline.remind import Asked, Reminded
from bus.store.timers import ClockState
from bus.store.timestamps import ms

APART = timedelta(minutes=10)
"""A wall clock that differs from the running one by more was set."""
DOWNTIME_MS = 3_600_000
"""After a longer one the missed reminders are caught up with."""
LONG_DOWNTIME_MS = 3 * 86_400_000
"""After a longer one reminders of a high level wait."""
CALM_S = 7_200.0
"""How long the center has to run before they are given."""
AFTER_CALM_S = 600.0
"""How long catching up goes on after that, so that the reminders that waited belong to it."""
MARKS_A_MINUTE = 200
"""Most reminders a minute while missed ones are caught up with."""
MINUTE_S = 60.0
SEEN_EVERY_MS = 60_000
"""How often the memory is written where nothing else is."""


def running_clock() -> float:
    """Seconds on a clock that nobody sets and that a suspended machine does not stop, where the system has one."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


@dataclass(slots=True)
class ClockGuard:
    """The guard of one process."""

    running: Callable[[], float] = running_clock
    stepped: bool = field(default=False, init=False)
    """Whether the wall clock was set, and nobody has said go."""
    _started: float = field(init=False)
    _agreed: tuple[datetime, float] | None = field(default=None, init=False)
    """Both clocks when they agreed last."""
    _goes: int | None = field(default=None, init=False)
    _released: float | None = field(default=None, init=False)
    """When reminders of a high level were released (running clock)."""
    _minute: float = field(default=0.0, init=False)
    _given: int = field(default=0, init=False)
    """Reminders of the current minute."""

    def __post_init__(self) -> None:
        self._started = self.running()

    def look(self, known: ClockState, now: datetime) -> ClockState | None:
        """Compare the clocks. Returns the memory to keep; None: nobody is reminded now."""
        running = self.running()
        said_go = self._goes is not None and known.goes != self._goes
        self._goes = known.goes
        if self._agreed is None:
            seen = datetime.fromtimestamp(known.seen_ms / 1000, now.tzinfo)
            self._agreed = (max(now, seen), running)
        then, ran = self._agreed
        self.stepped = not said_go and abs(now - then - timedelta(seconds=running - ran)) > APART
        if self.stepped:
            return None
        self._agreed = (now, running)
        return self._after_downtime(known, ms(now), said_go=said_go)

    def _after_downtime(self, known: ClockState, now_ms: int, *, said_go: bool) -> ClockState:
        away_ms = now_ms - known.seen_ms
        if away_ms > DOWNTIME_MS:
            known = known._replace(back_ms=now_ms, away_ms=max(known.away_ms, away_ms))
        if known.away_ms > LONG_DOWNTIME_MS and (said_go or self._calm_in() <= 0):
            self._released = self.running()
            known = known._replace(away_ms=LONG_DOWNTIME_MS)
        return known._replace(seen_ms=now_ms)

    def _calm_in(self) -> float:
        return self._started + CALM_S - self.running()

    def asked(self, known: ClockState) -> Asked:
        """What the next round may do."""
        if not known.back_ms:
            return Asked(USUAL)
        running = self.running()
        if running - self._minute >= MINUTE_S:
            self._minute, self._given = running, 0
        highest = Level.SUPERVISE if known.away_ms > LONG_DOWNTIME_MS else Level.ANNOUNCE
        waits_ms = int(max(1.0, self._calm_in()) * 1000)
        return Asked(Manner(one_each=True, highest=highest), MARKS_A_MINUTE - self._given, waits_ms)

    def after(self, known: ClockState, done: Reminded, now: datetime, calendar: Calendar) -> ClockState:
        """The memory after a round: what was missed is caught up with once nothing is due within office hours."""
        waits = known.away_ms > LONG_DOWNTIME_MS or (
            self._released is not None and self.running() - self._released < AFTER_CALM_S
        )
        if not known.back_ms or done.full or waits:
            return known
        back = datetime.fromtimestamp(known.back_ms / 1000, now.tzinfo)
        return known._replace(back_ms=0, away_ms=0) if now >= calendar.opens(back) else known

    def count(self, done: Reminded) -> None:
        """Count the reminders of a round that was committed."""
        self._given += done.marks


def first_state(now_ms: int) -> ClockState:
    """The memory of clocks that are switched on: as after a long downtime, since much may be overdue."""
    return ClockState(now_ms, back_ms=now_ms, away_ms=LONG_DOWNTIME_MS + 1)


def is_worth_keeping(known: ClockState | None, new: ClockState) -> bool:
    """Whether the memory has changed by more than the time."""
    if known is None or new._replace(seen_ms=known.seen_ms) != known:
        return True
    return abs(new.seen_ms - known.seen_ms) >= SEEN_EVERY_MS
