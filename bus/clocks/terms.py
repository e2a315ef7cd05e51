"""Terms as a county writes them: ``15min``, ``30wmin``, ``24h``, ``2wh``, ``3d``, ``5wd``. Pure."""

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum

from bus.clocks.calendar import Calendar
from bus.contract.working_days import CHINA, LONGEST_TERM

LONGEST_MINUTES = 366 * 24 * 60
"""A term in minutes or hours ends within a year; a longer one is a slip of the keyboard."""
_LAST_SECOND = time(23, 59, 59)
_WRITTEN = re.compile(r"([0-9]{1,6})(min|wmin|h|wh|d|wd)")


class Unit(StrEnum):
    """In what a term is counted."""

    MINUTES = "min"
    HOURS = "h"
    WORKING_MINUTES = "wmin"
    """Minutes of office hours."""
    WORKING_HOURS = "wh"
    """Hours of office hours."""
    DAYS = "d"
    """Days of the calendar: the first is not counted, the last ends at midnight, holiday or not."""
    WORKING_DAYS = "wd"
    """Working days: the first is not counted, the last ends at midnight."""


_MINUTES = {Unit.MINUTES: 1, Unit.HOURS: 60, Unit.WORKING_MINUTES: 1, Unit.WORKING_HOURS: 60}
_LONGEST_DAYS = {Unit.DAYS: 366, Unit.WORKING_DAYS: LONGEST_TERM}
WORKING = (Unit.WORKING_MINUTES, Unit.WORKING_HOURS, Unit.WORKING_DAYS)
"""Units that stand still while offices are closed."""


@dataclass(frozen=True, slots=True)
class Term:
    """How long something may take."""

    amount: int
    unit: Unit

    def __str__(self) -> str:
        return f"{self.amount}{self.unit}"

    @property
    def length(self) -> timedelta:
        """The time on the clock or in office hours; not for days, which have no fixed length."""
        return timedelta(minutes=self.amount * _MINUTES[self.unit])


def parse(written: str) -> Term:
    """Return the term that ``written`` says. Raises ValueError with an example of how to write it."""
    found = _WRITTEN.fullmatch(written)
    if found is None:
        raise ValueError("a term is a number and min, h, wmin, wh, d or wd (working days): 15min, 24h, 2wh, 3d, 5wd")
    term = Term(int(found[1]), Unit(found[2]))
    longest = _LONGEST_DAYS.get(term.unit) or LONGEST_MINUTES // _MINUTES[term.unit]
    if term.amount > longest:
        raise ValueError(f"a term is at most {longest}{term.unit}")
    return term


def after(start: datetime, term: Term, calendar: Calendar) -> datetime:
    """Return the moment at which ``term`` ends when it begins at ``start``."""
    if term.unit is Unit.WORKING_DAYS:
        return calendar.end_of_day(start, term.amount)
    if term.unit in WORKING:
        return calendar.add_working(start, term.length)
    local = start.astimezone(CHINA)
    if term.unit is Unit.DAYS:
        return datetime.combine(local.date() + timedelta(days=term.amount), _LAST_SECOND, CHINA)
    return local + term.length


def share_of(start: datetime, due: datetime, percent: int, term: Term, calendar: Calendar) -> datetime:
    """Return the moment at which ``percent`` of the time from ``start`` to ``due`` has passed.

    A term of office hours or working days is measured in office hours, any other on the clock."""
    if term.unit in WORKING:
        return calendar.add_working(start, calendar.working_between(start, due) * percent // 100)
    return start.astimezone(CHINA) + (due - start) * percent // 100
