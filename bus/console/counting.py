"""Figures are counted beside the pages: at a center of a million cases that takes seconds, and no page waits so long.

A page asks, waits a moment, and otherwise shows what was counted before, or that it is being counted. An answer is good
for a while in proportion to what it has cost, so a small center always shows the present.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from bus.figures.answers import Counted
from bus.figures.period import Period
from bus.store.database import StoreUnavailable

PATIENCE = 0.2
"""Seconds that a page waits for its figures."""
PATIENCE_FOR_A_FILE = 20.0
"""Seconds that a file waits: nobody looks at it meanwhile."""
GOOD_FOR = 20.0
"""An answer as of now is good for so many times the seconds that it has cost."""
KEPT = 16
"""Answers that are kept, and most questions that wait."""
ROUND = 1.0

K = TypeVar("K")
V = TypeVar("V")
Count = Callable[[Period, datetime], Sequence[Counted]]


@dataclass(frozen=True, slots=True)
class Answer:
    """The figures of a period as they stood before a moment."""

    counted: Sequence[Counted]
    until: datetime
    cost: float
    """Seconds."""
    at: float
    """When it was counted, by the monotonic clock."""

    def is_good(self) -> bool:
        """Whether it may still be told as the present."""
        return time.monotonic() - self.at <= GOOD_FOR * self.cost


class Counting:
    """What is asked for, and what was counted. One thread calls ``round``; any thread may ask."""

    def __init__(self, count: Count) -> None:
        self._count = count
        self._changed = threading.Condition()
        self._wanted: OrderedDict[tuple[Period, datetime], None] = OrderedDict()
        self._answers: OrderedDict[tuple[Period, datetime], Answer | StoreUnavailable] = OrderedDict()
        self._latest: OrderedDict[Period, Answer] = OrderedDict()

    @property
    def waits(self) -> int:
        """How many questions wait."""
        with self._changed:
            return len(self._wanted)

    def now(self, period: Period, now: datetime) -> Answer | None:
        """The figures as of about now; an older answer while they are counted; None: there is none yet. Raises
        ``StoreUnavailable``."""
        with self._changed:
            latest = self._latest.get(period)
            if latest is not None and latest.is_good():
                return latest
            asked_already = any(wanted == period for wanted, _ in self._wanted)
        if asked_already:
            return latest
        return self.as_of(period, now) or latest

    def as_of(self, period: Period, until: datetime, patience: float | None = None) -> Answer | None:
        """The figures as of a moment; None: they are being counted. ``patience``: seconds to wait for them. Raises
        ``StoreUnavailable``."""
        key = (period, until)
        with self._changed:
            if key not in self._answers:
                self._ask(key)
                self._changed.wait_for(lambda: key in self._answers, PATIENCE if patience is None else patience)
            found = self._answers.get(key)
            if isinstance(found, StoreUnavailable):
                del self._answers[key]
                raise found
            return found

    def _ask(self, key: tuple[Period, datetime]) -> None:
        if key not in self._wanted and len(self._wanted) < KEPT:
            self._wanted[key] = None
            self._changed.notify_all()

    def round(self) -> None:
        """Count what was asked for first; return where nothing is for a while."""
        with self._changed:
            if not self._changed.wait_for(lambda: bool(self._wanted), ROUND):
                return
            key = next(iter(self._wanted))
        begun = time.monotonic()
        found: Answer | StoreUnavailable
        try:
            counted, ended = self._count(*key), time.monotonic()
            found = Answer(counted, key[1], ended - begun, ended)
        except StoreUnavailable as error:
            found = error
        finally:
            with self._changed:
                self._wanted.pop(key, None)
        with self._changed:
            _put(self._answers, key, found)
            if isinstance(found, Answer):
                _put(self._latest, key[0], found)
            self._changed.notify_all()


def _put(kept: "OrderedDict[K, V]", key: K, value: V) -> None:
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > KEPT:
        kept.popitem(last=False)
