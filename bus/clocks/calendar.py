"""Office hours on the working calendar of mainland China, with the days that a county sets otherwise. Pure.

All times are China time, which has had no summer time since 1991, so that hours can be added on the wall clock.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import TypeVar

from bus.contract.working_days import CHINA, LONGEST_TERM, is_announced, is_working_day

Hours = tuple[tuple[time, time], ...]
"""Windows of one day, in order; each from its first moment up to, not including, its last."""
OFFICE_HOURS: Hours = ((time(8, 30), time(12)), (time(14, 30), time(17, 30)))
"""The usual hours of a county's offices."""
LONGEST_CLOSURE = 400
"""In days: a calendar without one working day in so many is a slip in the county's settings."""
MOST_REMEMBERED = 5_000
"""Days whose windows a calendar keeps computed."""
_LAST_SECOND = time(23, 59, 59)
_A_DAY = timedelta(days=1)

Window = tuple[datetime, datetime]
"""Opening and closing."""
T = TypeVar("T")


class NoWorkingDay(ValueError):
    """The calendar has no working day for more than a year."""

    def __init__(self) -> None:
        super().__init__("no working day within 400 days: mend the days that the settings close")


@dataclass(frozen=True, slots=True)
class Calendar:
    """Working days and office hours of one county."""

    hours: Hours = OFFICE_HOURS
    days: Mapping[date, bool] = field(default_factory=dict)
    """Days that the county sets otherwise than the State Council: true works, false does not."""
    _known_windows: dict[date, tuple[Window, ...]] = field(default_factory=dict, init=False, repr=False, compare=False)
    _known_days: dict[date, date] = field(default_factory=dict, init=False, repr=False, compare=False)
    """Day → the first working day from it on. Each look at a case asks for the same few days."""

    def works(self, day: date) -> bool:
        """Return whether the county's offices work on ``day``."""
        return self.days.get(day, is_working_day(day))

    def is_estimate(self, until: datetime) -> bool:
        """Return whether the holidays of that year are not announced yet, so that the deadline may still change."""
        return not is_announced(until.astimezone(CHINA).year)

    def opens(self, moment: datetime) -> datetime:
        """Return ``moment`` itself within office hours, otherwise the next opening."""
        local = moment.astimezone(CHINA)
        for start, end in self._windows_of(local.date()):
            if local < end:
                return max(start, local)
        opening, _ = self._windows_of(self._working_from(local.date() + _A_DAY))[0]
        return opening

    def add_working(self, start: datetime, length: timedelta) -> datetime:
        """Return the moment at which ``length`` of office hours has passed since ``start``.

        A length of nothing ends at the next opening. A length that ends with a window ends there, not at the next
        opening."""
        local, left = start.astimezone(CHINA), length
        for opening, closing in self._windows(local.date()):
            begin = max(opening, local)
            if begin >= closing:
                continue
            if left <= closing - begin:
                return begin + left
            left -= closing - begin
        raise AssertionError("the windows never end")  # pragma: no cover - ``_windows`` raises NoWorkingDay before

    def working_between(self, start: datetime, end: datetime) -> timedelta:
        """Return the office hours between two moments; nothing where ``end`` is not later."""
        first, last = start.astimezone(CHINA), end.astimezone(CHINA)
        total, day = timedelta(), first.date()
        while day <= last.date():
            for opening, closing in self._windows_of(day):
                total += max(timedelta(), min(closing, last) - max(opening, first))
            day += _A_DAY
        return total

    def end_of_day(self, start: datetime, working_days: int) -> datetime:
        """Return the last second of the last working day of a term that begins on the day of ``start``.

        The first day is not counted, and the last one ends at midnight (Civil Code, articles 201 and 203). With 0
        working days the term ends with the day of ``start``, or with the next working day if that is none."""
        if not 0 <= working_days <= LONGEST_TERM:
            raise ValueError(f"a term has 0 to {LONGEST_TERM} working days")
        day = start.astimezone(CHINA).date()
        if working_days == 0:
            day = self._working_from(day)
        for _ in range(working_days):
            day = self._working_from(day + _A_DAY)
        return datetime.combine(day, _LAST_SECOND, CHINA)

    def _windows(self, day: date) -> Iterator[Window]:
        while True:
            day = self._working_from(day)
            yield from self._windows_of(day)
            day += _A_DAY

    def _windows_of(self, day: date) -> tuple[Window, ...]:
        found = self._known_windows.get(day)
        if found is None:
            found = ()
            if self.works(day):
                found = tuple((datetime.combine(day, a, CHINA), datetime.combine(day, b, CHINA)) for a, b in self.hours)
            _remember(self._known_windows, day, found)
        return found

    def _working_from(self, day: date) -> date:
        """The first working day from ``day`` on. Raises ``NoWorkingDay``."""
        found = self._known_days.get(day)
        if found is None:
            later = (day + timedelta(days=further) for further in range(LONGEST_CLOSURE))
            found = next((one for one in later if self.works(one)), None)
            if found is None:
                raise NoWorkingDay
            _remember(self._known_days, day, found)
        return found


def _remember(known: dict[date, T], day: date, found: T) -> None:
    if len(known) >= MOST_REMEMBERED:
        known.clear()
    known[day] = found
