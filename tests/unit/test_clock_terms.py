"""Terms on the working calendar: office hours, weekends that work, days that a county sets, and China's one time."""

from dataclasses import fields
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus.clocks.calendar import MOST_REMEMBERED, OFFICE_HOURS, Calendar, NoWorkingDay
from bus.clocks.terms import Term, Unit, after, parse, share_of
from bus.contract.working_days import CHINA, due_after, is_announced

CALENDAR = Calendar()
MOMENTS = st.datetimes(datetime(2024, 1, 2), datetime(2027, 12, 30), timezones=st.just(UTC))


def at(text: str) -> datetime:
    """A moment in China, from ``2026-10-09 17:00``."""
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)


@pytest.mark.parametrize(
    ("start", "term", "due"),
    [
        ("2026-11-28 03:00", "30wmin", "2026-11-30 09:00:00"),  # a Saturday at night
        ("2026-10-09 17:00", "2wh", "2026-10-10 10:00:00"),  # Saturday the 10th works for the National Day
        ("2026-11-26 23:50", "15min", "2026-11-27 00:05:00"),  # an emergency runs at night
        ("2026-11-26 11:30", "1wh", "2026-11-26 15:00:00"),  # over the midday break
        ("2026-11-26 12:00", "30wmin", "2026-11-26 15:00:00"),  # noon itself is closed
        ("2026-11-26 17:00", "30wmin", "2026-11-26 17:30:00"),  # ends with the day, not at the next opening
        ("2026-11-27 17:30", "1wmin", "2026-11-30 08:31:00"),
        ("2026-11-26 10:00", "24h", "2026-11-27 10:00:00"),
        ("2026-11-26 10:00", "5wd", "2026-12-03 23:59:59"),
        ("2026-11-28 10:00", "0wd", "2026-11-30 23:59:59"),
        ("2026-02-13 12:00", "6wd", "2026-02-28 23:59:59"),
        ("2026-11-28 10:00", "0wmin", "2026-11-30 08:30:00"),
        ("2026-02-15 23:50", "0d", "2026-02-15 23:59:59"),  # the eve of the Spring Festival's week
        ("2026-09-30 18:00", "3d", "2026-10-03 23:59:59"),
    ],
)
def test_a_term_ends_when_the_calendar_says(start: str, term: str, due: str) -> None:
    """Each kind of term ends at the moment that a clerk with a calendar would name."""
    assert after(at(start), parse(term), CALENDAR) == at(due)


def test_half_past_four_in_utc_is_the_next_day_in_china() -> None:
    """A term of working days begins on the day that China has."""
    assert after(datetime(2026, 11, 26, 16, 30, tzinfo=UTC), parse("1wd"), CALENDAR) == at("2026-11-30 23:59:59")


def test_a_county_sets_days_otherwise() -> None:
    """A day of the county's own is closed, and a Saturday of its own works."""
    ours = Calendar(days={date(2026, 11, 27): False, date(2026, 11, 28): True})
    assert after(at("2026-11-26 10:00"), parse("1wd"), ours) == at("2026-11-28 23:59:59")
    assert ours.opens(at("2026-11-26 18:00")) == at("2026-11-28 08:30")


def test_a_calendar_that_never_works_is_refused() -> None:
    """A county that closes every day is told so instead of being searched for ever."""
    closed = Calendar(days={date(2026, 1, 1) + timedelta(days=n): False for n in range(2000)})
    with pytest.raises(NoWorkingDay):
        closed.opens(at("2026-01-01 10:00"))
    with pytest.raises(NoWorkingDay):
        closed.end_of_day(at("2026-01-01 10:00"), 1)


@pytest.mark.parametrize(
    "written", ["", "5", "wd", "5 wd", "-1wd", "1.5h", "5days", "1001wd", "367d", "600000min", "8785h"]
)
def test_a_slip_in_a_term_is_refused(written: str) -> None:
    """What is no term, or longer than anybody means, is refused with an example."""
    with pytest.raises(ValueError, match="a term is"):
        parse(written)


@pytest.mark.parametrize("written", ["15min", "24h", "30wmin", "2wh", "3d", "5wd", "0wd"])
def test_a_term_is_written_as_it_was_read(written: str) -> None:
    """Reading and writing are each other's reverse."""
    assert str(parse(written)) == written


def test_a_year_without_an_announcement_is_an_estimate() -> None:
    """The holidays of 2026 are announced; those of a far year are not."""
    assert is_announced(2026)
    assert not is_announced(2099)
    assert CALENDAR.is_estimate(at("2099-01-05 10:00"))
    assert not CALENDAR.is_estimate(at("2026-12-31 23:59"))


@given(MOMENTS, st.integers(0, 12 * 60), st.integers(0, 12 * 60))
def test_office_hours_add_up(start: datetime, first: int, second: int) -> None:
    """Two lengths one after the other end where their sum does, and the hours between are what was added."""
    one, two = timedelta(minutes=first), timedelta(minutes=second)
    assert CALENDAR.add_working(CALENDAR.add_working(start, one), two) in {
        CALENDAR.add_working(start, one + two),
        CALENDAR.opens(CALENDAR.add_working(start, one + two)),
    }
    assert CALENDAR.working_between(start, CALENDAR.add_working(start, one)) == one


@given(MOMENTS)
def test_an_opening_lies_within_office_hours(moment: datetime) -> None:
    """The next opening is never earlier, and always within a window of a working day."""
    opening = CALENDAR.opens(moment)
    assert opening >= moment
    assert CALENDAR.works(opening.date())
    assert any(a <= opening.time() < b for a, b in OFFICE_HOURS)


@given(MOMENTS, st.integers(0, 60))
def test_working_days_agree_with_the_contract(start: datetime, days: int) -> None:
    """Without days of its own, a county's term ends as ``due_after`` says."""
    assert CALENDAR.end_of_day(start, days) == due_after(start, days)


@given(MOMENTS, st.sampled_from(["30min", "24h", "2wh", "5wd"]))
def test_eighty_percent_lies_within_the_term(start: datetime, written: str) -> None:
    """The moment of ``soon`` is never before the begin or after the end."""
    term = parse(written)
    due = after(start, term, CALENDAR)
    assert start <= share_of(start, due, 80, term, CALENDAR) <= due


def test_a_share_of_office_hours_is_measured_in_them() -> None:
    """Four fifths of five working hours from Friday afternoon fall on Monday, not on Sunday."""
    start, term = at("2026-11-27 16:30"), Term(5, Unit.WORKING_HOURS)
    assert share_of(start, after(start, term, CALENDAR), 80, term, CALENDAR) == at("2026-11-30 11:30")


def test_a_day_may_have_other_hours() -> None:
    """Offices that do not close at noon count the noon."""
    through = Calendar(hours=((time(9), time(17)),))
    assert through.add_working(at("2026-11-26 11:30"), timedelta(hours=2)) == at("2026-11-26 13:30")


def test_a_calendar_forgets_days_that_nobody_asks_for() -> None:
    """Whoever promises ever other days, as far as the calendar of all years goes, fills no memory."""
    calendar, many = Calendar(), 2 * MOST_REMEMBERED
    for number in range(many):
        calendar.opens(datetime(2100, 1, 1, 3, tzinfo=CHINA) + timedelta(days=number))
    kept = (getattr(calendar, f.name) for f in fields(calendar) if not f.init)
    assert all(0 < len(days) <= MOST_REMEMBERED for days in kept)
