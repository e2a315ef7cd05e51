"""When time misbehaves: a clock that is set holds the reminders; a downtime makes them few and late, never twice."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bus.clocks.deadlines import deadlines
from bus.clocks.rules import Rules
from bus.clocks.terms import parse
from bus.contract.case import Case, Urgency
from bus.custody.commands import AskAssist, Offer, Register, Report
from bus.pipeline.clock_guard import MARKS_A_MINUTE
from bus.store import timers
from tests.harness.clocked import Clocked, at, clocked
from tests.harness.step import MEDIA, PARTY, BareCenter, a_case, carry
from tests.unit.test_remind import offered, registered


@pytest.fixture
def media(tmp_path: Path) -> Iterator[Clocked]:
    """The media center."""
    made = clocked(MEDIA, tmp_path)
    yield made
    made.center.close()


@pytest.fixture
def party(tmp_path: Path) -> Iterator[Clocked]:
    """The party service."""
    made = clocked(PARTY, tmp_path)
    yield made
    made.center.close()


def many(media: Clocked, count: int) -> None:
    """So many cases that the media center heard now."""
    media.center.execute(*(Register(case=a_case(MEDIA, received_at=media.center.now)) for _ in range(count)))


def levels(media: Clocked) -> list[str]:
    """The levels of the reminders, in their order."""
    return [note.partition(".")[0] for _, _, note in media.lines()]


def test_a_clock_that_goes_back_an_hour_repeats_nothing(media: Clocked, party: Clocked) -> None:
    """It holds until both clocks agree again, and then nothing is said that was said."""
    offered(media)
    carry(media.center, party.center)
    media.until(at("2026-11-25 09:00"))
    said = media.lines()
    media.center.now -= timedelta(hours=1)
    (held,) = media.look()
    assert held.stepped
    media.until(at("2026-11-25 12:00"))
    media.center.now += timedelta(hours=1)
    (agreed,) = media.look()
    assert not agreed.stepped
    assert media.lines() == said == [("sign", PARTY, "urge.urged")]


def test_a_clock_that_jumps_a_month_holds_every_reminder(media: Clocked, party: Clocked) -> None:
    """While it is wrong nothing is said and the memory keeps the time before; once it is right all goes on."""
    offered(media)
    carry(media.center, party.center)
    media.look()
    seen = media.state().seen_ms
    media.center.now += timedelta(days=30)
    assert all(one.stepped for one in media.until(media.center.now + timedelta(hours=5)))
    assert (media.lines(), media.state().seen_ms) == ([], seen)
    media.center.now -= timedelta(days=30)
    assert not media.look()[0].stepped
    assert media.lines() == []


def test_ten_minutes_are_no_step(media: Clocked) -> None:
    """Clocks are set by some minutes every day."""
    media.center.now += timedelta(minutes=9)
    assert not media.look()[0].stepped
    media.center.now -= timedelta(minutes=18)
    assert media.look()[0].stepped


def test_an_operator_says_that_the_new_time_is_right(media: Clocked, party: Clocked) -> None:
    """Go ends the hold; what was missed comes as after a downtime."""
    offered(media)
    carry(media.center, party.center)
    media.look()
    media.center.now = at("2026-11-30 09:00")
    assert media.look()[0].stepped
    assert media.center.store.write(timers.go)
    assert not media.look()[0].stepped
    assert [line for line in media.lines() if line[1] == PARTY] != []
    assert not media.look()[0].stepped


def test_a_center_that_starts_in_the_past_says_nothing(media: Clocked) -> None:
    """Its clock was right when it stopped: a machine without a battery wakes up in 1970."""
    registered(media)
    media.look()
    media.center.now -= timedelta(days=2)
    media.restart()
    assert media.look()[0].stepped
    assert media.center.store.write(timers.go)
    assert not media.look()[0].stepped


def overdue_twice(media: Clocked) -> Case:
    """A case in which both the own desk and the party service have been late with two things since Tuesday."""
    tuesday = at("2026-11-24 10:00")
    case = a_case(MEDIA, received_at=media.center.now, due=tuesday)
    promised = Report(case_id=case.case_id, stage="commitment", text="尽快", due=tuesday + timedelta(hours=1))
    media.center.execute(Register(case=case), promised)
    for ask in ("请协助", "请再协助"):
        media.center.execute(AskAssist(case_id=case.case_id, to=PARTY, ask=ask, due=tuesday))
    return case


def test_after_a_downtime_each_case_is_reminded_of_once(media: Clocked, party: Clocked) -> None:
    """Each addressee hears the highest of several reminders alone, also later on; the others are remembered."""
    case = overdue_twice(media)
    carry(media.center, party.center)
    media.look()
    media.wait(days=2, hours=6)
    media.restart()
    media.look()
    assert sorted(line[1] for line in media.lines()) == sorted((MEDIA, PARTY))
    media.until(at("2026-11-26 08:00"))
    assert len(media.lines()) == 2
    assert media.state().back_ms == 0
    record = media.record(case)
    late = {one.key for one in deadlines(record, Rules()) if one.due < media.center.now}
    assert len(late) == 4
    assert {one.key for one in record.reminded} == late


def test_a_short_stop_is_no_downtime(media: Clocked) -> None:
    """Whoever restarts the center for an upgrade finds it as it was."""
    media.look()
    media.wait(minutes=59)
    media.restart()
    media.look()
    assert media.state().back_ms == 0


def test_missed_reminders_come_two_hundred_a_minute(media: Clocked) -> None:
    """A county is not flooded when a center comes back."""
    many(media, 450)
    media.look()
    media.wait(days=2)
    late = Rules(terms=(replace(Rules().terms[-1], term=parse("1wd")),))
    media = Clocked(media.center, late, ran=media.ran)
    given = []
    for _ in range(4):
        given.append(sum(one.marks for one in media.look()))
        given.append(sum(one.marks for one in media.look()))
        media.wait(seconds=60)
    assert given[::2] == [MARKS_A_MINUTE, MARKS_A_MINUTE, 50, 0]
    assert given[1::2] == [0, 0, 0, 0]


def test_what_was_missed_at_night_waits_for_the_office_and_its_pace(media: Clocked) -> None:
    """Catching up is not over before the next opening."""
    many(media, 250)
    media.until(at("2026-11-30 17:00"))
    media.wait(hours=5)
    media.restart()
    media.look()
    assert media.state().back_ms > 0
    media.until(at("2026-12-01 08:00"))
    assert media.state().back_ms > 0
    media.wait(minutes=30)
    assert sum(one.marks for one in media.look()) == MARKS_A_MINUTE
    media.wait(seconds=60)
    assert sum(one.marks for one in media.look()) == 50


def test_after_a_long_downtime_high_levels_wait_for_two_hours(media: Clocked, party: Clocked) -> None:
    """The center may have been put back, or its people may have worked on paper: they look first."""
    offered(media)
    carry(media.center, party.center)
    media.look()
    media.wait(days=8)
    media.restart()
    media.look()
    assert levels(media) == []
    media.wait(hours=1, minutes=50)
    media.look()
    assert levels(media) == []
    media.wait(minutes=11)
    media.look()
    assert media.lines() == [("sign", PARTY, "escalate.urged")]
    assert media.state().back_ms > 0
    media.wait(minutes=11)
    media.look()
    assert media.state().back_ms == 0


def test_go_ends_that_wait(media: Clocked, party: Clocked) -> None:
    """An operator who has looked need not wait."""
    offered(media)
    carry(media.center, party.center)
    media.look()
    media.wait(days=8)
    media.restart()
    media.look()
    assert levels(media) == []
    assert media.center.store.write(timers.go)
    media.wait(seconds=10)
    media.look()
    assert levels(media) == ["escalate"]


def test_low_levels_do_not_wait(media: Clocked) -> None:
    """A term that ended in a long downtime is told at once, though others wait."""
    media.until(at("2026-11-25 09:00"))
    registered(media, Urgency.URGENT)
    media.look()
    media.wait(days=6)
    media.restart()
    media.look()
    assert ("term", MEDIA, "urge.desk") in media.lines()


def test_other_rules_look_at_every_case_again(media: Clocked) -> None:
    """A shorter term counts from the next start on; the timers of before are none."""
    case = registered(media)
    media.look()
    before = media.next()[str(case.case_id)]
    shorter = Rules(terms=(replace(Rules().terms[-1], term=parse("2wd")),))
    other = Clocked(media.center, shorter, ran=media.ran)
    other.look()
    assert other.next()[str(case.case_id)] < before
    assert other.state().digest != ""
    once_more = Clocked(media.center, shorter, ran=media.ran)
    assert [one.looked_at for one in once_more.look()] == [0]


def test_clocks_that_are_switched_on_find_the_cases_of_before(tmp_path: Path) -> None:
    """They are looked at as after a long downtime: few at a time, and high levels wait."""
    center = BareCenter(MEDIA, tmp_path)
    center.now = at("2026-12-14 09:00")
    case = a_case(MEDIA, received_at=at("2026-11-16 09:00"))
    center.execute(Register(case=case), Offer(case_id=case.case_id, to=(PARTY,)))
    center.relay()
    media = Clocked(center)
    media.look()
    assert (media.lines(), set(media.next())) == ([], {str(case.case_id)})
    media.until(at("2026-12-14 11:30"))
    assert media.lines() != []
    center.close()
