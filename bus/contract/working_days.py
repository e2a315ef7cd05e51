"""Deadlines on the working calendar of mainland China. Pure functions from date to date.

A term in working days leaves out weekends and the holidays that the State Council announces each year. It counts the
weekends that are declared working days (调休). The announced days come from the ``holidays`` library. A year is exact
once the library knows its announcement, which is made in the autumn before; until then only the statutory days are
known, not the swapped ones. The day on which a term begins is not counted, and its last day ends at midnight (Civil
Code, articles 201 and 203).
"""

from datetime import date, datetime, time, timedelta
from functools import cache, lru_cache
from importlib.metadata import version
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    import holidays

CHINA = ZoneInfo("Asia/Shanghai")
"""All of China has one time zone."""
LONGEST_TERM = 1000
"""In working days, about four years: a longer promise is a typing error."""
_LAST_SECOND = time(23, 59, 59)


@cache  # one complete calendar a year: the library's own objects grow on lookup, which is not thread-safe
def _calendar(year: int) -> "holidays.HolidayBase":
    import holidays  # noqa: PLC0415 - every command reads the settings, and few of them a calendar

    return holidays.country_holidays("CN", years=year, expand=False)


@lru_cache(maxsize=4096)  # a clock asks of the same few weeks for every case
def is_working_day(day: date) -> bool:
    """Whether offices in mainland China work on ``day``."""
    calendar = _calendar(day.year)
    weekend = day.weekday() >= 5
    return day in calendar.weekend_workdays or not (weekend or day in calendar)


def calendar_version() -> str:
    """The version of the announced days: another one may bring a year's announcement."""
    return version("holidays")


def is_announced(year: int) -> bool:
    """Whether the holidays of ``year`` are known as announced: every announcement so far swapped a weekend day."""
    return any(day.year == year for day in _calendar(year).weekend_workdays)


def due_after(start: datetime, working_days: int) -> datetime:
    """The last second, China time, of the last working day of a term that begins on the day of ``start``.

    With 0 working days the term ends on the day of ``start`` itself, or on the next working day. Raises ValueError if
    ``start`` has no time zone or ``working_days`` is not from 0 to ``LONGEST_TERM``."""
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
