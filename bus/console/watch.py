"""The one look for all viewers: taken every few seconds, with the curves of the last hour and day."""

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple

from bus.console.center_look import Look
from bus.console.county_seen import sums
from bus.console.findings import Finding, Verdict, findings, verdict
from bus.console.slow_look import SlowLook
from bus.console.tiles import Tile, next_tiles

EVERY = 3.0
"""Seconds between two looks."""
SLOWLY_EVERY = 60.0
"""Seconds between two looks at what is slow to ask."""
STALE = timedelta(seconds=15)
"""A look that is older is told as stale, in red."""
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
POINTS = 240
"""Points of a curve: one for each quarter of a minute of the hour, and for each six minutes of the day."""


class Sample(NamedTuple):
    """One point of the curves."""

    at_ms: int
    outbox: int
    inbox: int
    stuck: int
    open_cases: int


class Seen(NamedTuple):
    """What pages show: one look, and what follows from it."""

    look: Look
    findings: Sequence[Finding]
    verdict: Verdict
    tiles: Mapping[str, Tile]


class Watch:
    """Takes looks and keeps the last one. One thread calls ``renew``; any thread may read."""

    def __init__(self, look: Callable[[], Look], look_slowly: Callable[[], SlowLook] | None = None) -> None:
        """``look_slowly``: asks what is slow to ask, and changes slowly."""
        self._look = look
        self._look_slowly = look_slowly
        self._slow: SlowLook | None = None
        self._slow_due = 0.0
        self.seen: Seen | None = None
        self._hour: deque[Sample] = deque(maxlen=POINTS)
        self._day: deque[Sample] = deque(maxlen=POINTS)

    def renew(self, *, slowly: bool = False) -> Seen:
        """Take a look now. ``slowly``: also at what is asked once a minute, though it is not due."""
        if self._look_slowly is not None and (slowly or time.monotonic() >= self._slow_due):
            self._slow = self._look_slowly()
            self._slow_due = time.monotonic() + SLOWLY_EVERY
        look = replace(self._look(), slow=self._slow)
        found = findings(look)
        tiles = next_tiles(self.seen.tiles if self.seen is not None else {}, look, found)
        self.seen = Seen(look, found, verdict(found), tiles)
        self._keep(look)
        return self.seen

    def samples(self, span: timedelta) -> list[Sample]:
        """The points of the last hour, or of the last day, oldest first."""
        return list(self._hour if span == HOUR else self._day)

    def _keep(self, look: Look) -> None:
        if look.store is None:
            return
        store, at_ms = look.store, int(look.at.timestamp() * 1000)
        stuck = sum(group.size for group in store.groups)
        more = sums(look.county)
        sample = Sample(
            at_ms, store.outbox.size + more.outbox, store.inbox.size + more.inbox, stuck + more.stuck,
            store.open_cases + more.open_cases,
        )  # fmt: skip
        for kept, span in ((self._hour, HOUR), (self._day, DAY)):
            apart_ms = span / timedelta(milliseconds=1) / POINTS
            if not kept or at_ms - kept[-1].at_ms >= apart_ms:
                kept.append(sample)
