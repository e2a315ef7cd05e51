"""Deadlines on the working calendar of mainland China. Pure: a date goes in, a date comes out.

A term in working days leaves out weekends and the holidays that the State Council announces each year, and counts the
weekends that it declares working days (调休). The announced days come from the ``holidays`` library, so a year is right
once that library knows its announcement (made in autumn for the next year); until then the days fixed by law are
known, the swapped ones are not. The day on which a term begins is not counted, and its last day ends at midnight
(Civil Code, articles 201 and 203).
"""

from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays

CHINA = ZoneInfo("Asia/Shanghai")
"""All of China keeps one time."""
LONGEST_TERM = 1000
"""In working days, about four years: a longer promise is a slip of the keyboard."""
_LAST_SECOND = time(23, 59, 59)


@cache  # one finished calendar a year: the library's own objects grow while they are asked, which threads must not see
def _calendar(year: int) -> holidays.HolidayBase:
    return holidays.country_holidays("CN", years=year, expand=False)


def is_working_day(day: date) -> bool:
    """Whether offices in mainland China work on ``day``."""
    calendar = _calendar(day.year)
    weekend = day.weekday() >= 5
    return day in calendar.weekend_workdays or not (weekend or day in calendar)


def due_after(start: datetime, working_days: int) -> datetime:
    """The last second, China time, of the last working day of a term that begins on the day of ``start``.

    With 0 working days the term ends with the day of ``start`` itself, or with the next working day if that is none.
    Raises ValueError if ``start`` has no time zone or ``working_days`` is not from 0 to ``LONGEST_TERM``."""
    if start.tzinfo is None:
        raise ValueError("a term begins at a time with a time zone")
    if not 0 <= working_days <= LONGEST_TERM:
        raise ValueError(f"a term has 0 to {LONGEST_TERM} working days")
    day = start.astimezone(CHINA).date()
    left = working_days
    if left == 0 and not is_working_day(day):
        left = 1
    while left:
        day += timedelta(days=1)
        left -= is_working_day(day)
    return datetime.combine(day, _LAST_SECOND, CHINA)
