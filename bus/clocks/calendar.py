"""Office hours on the working calendar of mainland China, with the days that a county sets otherwise. Pure.

All times are China time, which has had no summer time since 1991, so that hours can be added on the wall clock.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from bus.contract.working_days import CHINA, LONGEST_TERM, is_announced, is_working_day

Hours = tuple[tuple[time, time], ...]
"""Windows of one day, in order; each from its first moment up to, not including, its last."""
OFFICE_HOURS: Hours = ((time(8, 30), time(12)), (time(14, 30), time(17, 30)))
"""The usual hours of a county's offices."""
LONGEST_CLOSURE = 400
"""In days: a calendar without one working day in so many is a slip in the county's settings."""
_LAST_SECOND = time(23, 59, 59)


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

    def works(self, day: date) -> bool:
        """Return whether the county's offices work on ``day``."""
        return self.days.get(day, is_working_day(day))

    def is_estimate(self, until: datetime) -> bool:
        """Return whether the holidays of that year are not announced yet, so that the deadline may still change."""
        return not is_announced(until.astimezone(CHINA).year)

    def opens(self, moment: datetime) -> datetime:
        """Return ``moment`` itself within office hours, otherwise the next opening."""
        local = moment.astimezone(CHINA)
        return next(max(start, local) for start, end in self._windows(local.date()) if local < end)

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
            day += timedelta(days=1)
        return total

    def end_of_day(self, start: datetime, working_days: int) -> datetime:
        """Return the last second of the last working day of a term that begins on the day of ``start``.

        The first day is not counted, and the last one ends at midnight (Civil Code, articles 201 and 203). With 0
        working days the term ends with the day of ``start``, or with the next working day if that is none."""
        if not 0 <= working_days <= LONGEST_TERM:
            raise ValueError(f"a term has 0 to {LONGEST_TERM} working days")
        day = start.astimezone(CHINA).date()
        if working_days == 0:
            day = next(one for one in self._working_days(day))
        else:
            later = self._working_days(day + timedelta(days=1))
            for _ in range(working_days):
                day = next(later)
        return datetime.combine(day, _LAST_SECOND, CHINA)

    def _windows_of(self, day: date) -> tuple[tuple[datetime, datetime], ...]:
        if not self.works(day):
            return ()
        return tuple((datetime.combine(day, a, CHINA), datetime.combine(day, b, CHINA)) for a, b in self.hours)

    def _windows(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        for one in self._working_days(day):
            yield from self._windows_of(one)

    def _working_days(self, day: date) -> Iterator[date]:
        """Every working day from ``day`` on. Raises ``NoWorkingDay``."""
        closed = 0
        while closed < LONGEST_CLOSURE:
            closed = 0 if self.works(day) else closed + 1
            if not closed:
                yield day
            day += timedelta(days=1)
        raise NoWorkingDay
