"""Cells: how many cases began or ceased to count for a part on one day, by the day of their cohort. Pure.

A figure of whole days is the sum of cells; the days at the edges of its period, and that of its as-of, are counted case
by case.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from bus.figures.definitions import Part
from bus.figures.period import CHINA, Reckoning
from bus.figures.spans import AT_ANY_TIME, DAY_MS, Span

COUNTY = ""
"""The scope of all that a ledger counts."""
PLACED = frozenset({Part.REGISTERED, Part.RESOLVED, Part.PROJECTS, Part.PROJECTS_RESOLVED})
"""Parts that are counted by division too."""
UNBOUNDED = frozenset({Part.OPEN, Part.OVERDUE})
"""Parts that no period bounds."""


class Cell(NamedTuple):
    """One kept sum."""

    part: str
    scope: str
    """``COUNTY``, or that of a division."""
    cohort_day: int
    event_day: int
    value: int


def scope_of(division: str) -> str:
    """The scope of a division."""
    return f"d:{division}"


class Days(NamedTuple):
    """Days since 1970 by the county's reckoning. China has had no summer time since 1991."""

    shift_ms: int

    @classmethod
    def of(cls, reckoning: Reckoning) -> "Days":
        """Days that begin at the county's hour."""
        cut = timedelta(hours=reckoning.day_begins.hour, minutes=reckoning.day_begins.minute)
        offset = datetime(2026, 1, 1, tzinfo=CHINA).utcoffset() or timedelta()
        return cls(int((offset - cut).total_seconds() * 1000))

    def of_moment(self, moment_ms: int) -> int:
        """The day in which a moment lies."""
        return (moment_ms + self.shift_ms) // DAY_MS

    def begin_ms(self, day: int) -> int:
        """The first moment of a day."""
        return day * DAY_MS - self.shift_ms


def cells_of(spans: Iterable[Span], days: Days, division: str | None) -> "Counter[Cell]":
    """What these spans add to the cells. ``division``: where the case lies."""
    found: Counter[Cell] = Counter()
    for span in spans:
        cohort = AT_ANY_TIME if span.part in UNBOUNDED else days.of_moment(span.cohort_ms)
        for scope in _scopes(span, division):
            # the day of what has happened: the span begins a moment later
            found[Cell(span.part, scope, cohort, days.of_moment(span.from_ms - 1), span.value)] += 1
            if span.until_ms is not None:
                found[Cell(span.part, scope, cohort, days.of_moment(span.until_ms - 1), span.value)] -= 1
    return found


def _scopes(span: Span, division: str | None) -> Sequence[str]:
    return (COUNTY, scope_of(division)) if division is not None and span.part in PLACED else (COUNTY,)
