"""Deadlines in working days: weekends, holidays, swapped days, and China's one time."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus import due_after, is_working_day
from bus.contract.working_days import CHINA, LONGEST_TERM, _calendar

MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC))


def noon(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, 12, tzinfo=CHINA)


def end_of(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, 23, 59, 59, tzinfo=CHINA)


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 11, 23), True),
        (date(2026, 11, 21), False),
        (date(2026, 10, 1), False),
        (date(2026, 10, 7), False),  # a Wednesday off, swapped for Saturday the 10th
        (date(2026, 10, 10), True),
        (date(2026, 9, 20), True),  # a Sunday that works for the same holiday
        (date(2026, 2, 14), True),  # a Saturday that works for the Spring Festival
        (date(2027, 3, 8), True),  # Women's Day is half a day for some, and a working day
        (date(2026, 6, 1), True),  # Children's Day likewise
    ],
)
def test_a_day_works_or_not(day: date, works: bool) -> None:
    """Weekends, announced holidays and swapped days are told apart."""
    assert is_working_day(day) is works


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        (noon(2026, 11, 23), 3, end_of(2026, 11, 26)),
        (noon(2026, 11, 20), 1, end_of(2026, 11, 23)),  # Friday: the weekend is not counted
        (noon(2026, 11, 21), 1, end_of(2026, 11, 23)),
        (noon(2026, 9, 30), 1, end_of(2026, 10, 8)),  # over the National Day week
        (noon(2026, 10, 8), 2, end_of(2026, 10, 10)),  # a Saturday that works
        (noon(2026, 2, 13), 6, end_of(2026, 2, 28)),  # over the Spring Festival, with two working weekend days
        (noon(2026, 12, 31), 1, end_of(2027, 1, 4)),  # into the next year
        (noon(2026, 11, 23), 0, end_of(2026, 11, 23)),
        (noon(2026, 11, 21), 0, end_of(2026, 11, 23)),
        (datetime(2026, 11, 23, 17, tzinfo=UTC), 1, end_of(2026, 11, 25)),  # already the 24th in China
        (datetime(2026, 11, 22, 23, tzinfo=timezone(timedelta(hours=-8))), 1, end_of(2026, 11, 24)),
    ],
)
def test_a_term_ends_with_its_last_working_day(start: datetime, days: int, due: datetime) -> None:
    """The day of the start is not counted, and the last day ends at midnight in China."""
    assert due_after(start, days) == due


@given(MOMENTS, st.integers(1, 60))
def test_one_more_day_is_the_next_working_day(start: datetime, days: int) -> None:
    """A term always ends on a working day, and a longer term ends later, with no working day in between left out."""
    due, later = due_after(start, days), due_after(start, days + 1)
    assert is_working_day(due.date())
    assert due < later
    between = [due.date() + timedelta(days=n) for n in range(1, (later.date() - due.date()).days)]
    assert not any(is_working_day(day) for day in between)


@given(MOMENTS, st.integers(1, 60))
def test_a_term_has_its_working_days(start: datetime, days: int) -> None:
    """Counted one by one, there are as many working days in the term as were promised."""
    first, last = start.astimezone(CHINA).date(), due_after(start, days).date()
    counted = [first + timedelta(days=n) for n in range(1, (last - first).days + 1)]
    assert sum(map(is_working_day, counted)) == days


@pytest.mark.parametrize(
    ("start", "days"),
    [(noon(2026, 1, 1).replace(tzinfo=None), 1), (noon(2026, 1, 1), -1), (noon(2026, 1, 1), LONGEST_TERM + 1)],
)
def test_what_is_no_term_is_refused(start: datetime, days: int) -> None:
    """A time without a zone, a negative and an endless term are refused."""
    with pytest.raises(ValueError, match="term"):
        due_after(start, days)


def test_threads_see_only_finished_calendars() -> None:
    """Many threads that ask for the same fresh years get the answers that one gets alone."""

    def ask(_: Any) -> list[bool]:
        return [is_working_day(date(year, 10, day)) for year in range(2020, 2027) for day in range(1, 11)]

    alone = ask(None)
    _calendar.cache_clear()
    with ThreadPoolExecutor(8) as threads:
        assert all(answer == alone for answer in threads.map(ask, range(32)))
