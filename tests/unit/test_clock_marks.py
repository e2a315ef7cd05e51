"""Reminders: which are due when, to whom, never twice, never at night but for emergencies."""

from collections import Counter
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus.clocks.deadlines import deadlines, term_ends
from bus.clocks.marks import USUAL, Due, Manner, Mark, look, remember
from bus.clocks.rules import Clock, Level, NoTerm, Rules, TermRule
from bus.clocks.terms import parse
from bus.contract import messages as k
from bus.contract.case import Urgency
from bus.contract.working_days import CHINA
from bus.custody import Record, decide, hear_message, register
from bus.custody import commands as c
from tests.unit.custody_model.cases import CIVIL, COUNTY, MEDIA, PARTY, matter

RULES = Rules()


def at(text: str) -> datetime:
    """A moment in China, from ``2026-11-24 09:00``."""
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)


MONDAY = at("2026-11-23 09:00")


def registered(urgency: Urgency = Urgency.NORMAL, received: datetime = MONDAY) -> Record:
    """A case that the media center heard; the county is the arbiter."""
    case = matter(MEDIA).model_copy(update={"urgency": urgency, "received_at": received})
    return register(c.Register(case=case), MEDIA, COUNTY).record


def offered(urgency: Urgency = Urgency.NORMAL, when: datetime = MONDAY) -> tuple[Record, Record]:
    """The case after its offer to the party center, at both."""
    case = registered(urgency, when)
    made = decide(case, c.Offer(case_id=case.case.case_id, to=(PARTY,)), when)
    theirs = hear_message(None, made.outgoing[0].data, MEDIA, PARTY, case.case.case_id, when)
    return made.record, theirs.record


def said(due: Due) -> set[tuple[Clock, Level, tuple[str, ...]]]:
    """The marks as (clock, level, to whom)."""
    return {(mark.deadline.clock, mark.level, mark.to) for mark in due.marks}


def given_to(record: Record, now: datetime) -> tuple[set[tuple[Clock, Level, tuple[str, ...]]], Record]:
    """What is said at ``now``, and the record that knows of it."""
    due = look(record, RULES, now)
    return said(due), remember(record, due.marks, RULES, now)


def test_an_offer_that_nobody_signs_climbs_the_ladder() -> None:
    """The offer's clock runs from the offer, and each rung is given at an opening: urge, supervise, the arbiter."""
    ours, _ = offered()
    assert said(look(ours, RULES, at("2026-11-24 23:59"))) == set()
    first, ours = given_to(ours, at("2026-11-25 08:30"))
    assert first == {(Clock.SIGN, Level.URGE, (PARTY,))}
    second, ours = given_to(ours, at("2026-11-26 08:30"))
    assert second == {(Clock.SIGN, Level.SUPERVISE, (PARTY,))}
    third, ours = given_to(ours, at("2026-11-30 08:30"))
    assert (Clock.SIGN, Level.ESCALATE, (PARTY, COUNTY)) in third


def test_the_center_that_was_asked_sees_the_same_on_its_own_desk() -> None:
    """The recipient is told by nobody else: its desk shows that the offer ends soon, and that it has ended."""
    _, theirs = offered()
    soon, theirs = given_to(theirs, at("2026-11-24 16:00"))
    assert soon == {(Clock.SIGN, Level.SOON, (PARTY,))}
    over, _ = given_to(theirs, at("2026-11-25 08:30"))
    assert over == {(Clock.SIGN, Level.URGE, (PARTY,))}


def test_nothing_is_said_twice() -> None:
    """Not at the next look, not with a clock that is set back, not after a long time on the same rung."""
    ours, _ = offered()
    _, ours = given_to(ours, at("2026-11-25 08:30"))
    for again in ("2026-11-25 08:30", "2026-11-25 07:30", "2026-11-24 23:00", "2026-11-25 17:00"):
        assert said(look(ours, RULES, at(again))) == set()


def test_after_a_long_time_away_the_highest_rung_alone_is_said() -> None:
    """A center that was down for a week does not say three reminders at once."""
    ours, _ = offered()
    late = look(ours, RULES, at("2026-11-30 08:30"))
    assert [mark.level for mark in late.marks if mark.deadline.clock is Clock.SIGN] == [Level.ESCALATE]


def test_one_reminder_a_day_for_a_center() -> None:
    """Two clocks that end on one day are said as one reminder; the other comes with the next working day."""
    case = registered(received=at("2026-11-19 09:00"))
    ours = decide(case, c.Offer(case_id=case.case.case_id, to=(PARTY,)), at("2026-11-25 09:00")).record
    morning = at("2026-11-27 08:30")  # the offer and the term have both ended
    first = look(ours, RULES, morning)
    assert len(first.marks) == 1
    assert first.next == at("2026-11-30 08:30")
    ours = remember(ours, first.marks, RULES, morning)
    assert said(look(ours, RULES, at("2026-11-27 15:00"))) == set()
    assert len(look(ours, RULES, at("2026-11-30 08:30")).marks) == 1


@pytest.mark.parametrize("manner", [USUAL, Manner(one_each=True)], ids=["usual", "after a downtime"])
def test_who_was_told_today_is_left_out_where_several_are_told(manner: Manner) -> None:
    """One of two that are asked openly helps with the case, too: it hears of its help, which is longer overdue; the
    other hears of the offer."""
    case = registered(received=at("2026-11-19 09:00"))
    about = case.case.case_id
    ours = decide(case, c.AskAssist(case_id=about, to=PARTY, ask="请联系物业"), at("2026-11-19 09:00")).record
    offer = c.Offer(case_id=about, to=(PARTY, CIVIL), mode=k.Mode.OPEN)
    ours = decide(ours, offer, at("2026-11-23 09:00")).record
    heard: Counter[str] = Counter()
    now = at("2026-11-25 08:30")
    due = look(ours, RULES, now, manner)
    heard.update(center for mark in due.marks for center in mark.to if center != MEDIA)
    ours = remember(ours, due.marks, RULES, now)
    heard.update(center for mark in look(ours, RULES, at("2026-11-25 11:00"), manner).marks for center in mark.to)
    assert heard == {PARTY: 1, CIVIL: 1}
    assert (Clock.SIGN, Level.URGE, (CIVIL,)) in said(due)


def test_an_emergency_is_urged_at_night() -> None:
    """An emergency that is offered at ten to midnight is urged at five past."""
    ours, _ = offered(Urgency.EMERGENCY, at("2026-11-26 23:50"))
    assert said(look(ours, RULES, at("2026-11-27 00:05"))) >= {(Clock.SIGN, Level.URGE, (PARTY,))}


def test_the_term_never_restarts() -> None:
    """Neither a decline nor a hand-over nor a ruling moves it: the round's term runs from the resident's first word."""
    ours, theirs = offered()
    ends = term_ends(ours, RULES)
    assert ends == at("2026-11-30 23:59:59")
    case_id = ours.case.case_id
    declined = decide(theirs, c.Decline(case_id=case_id, reason=k.Reason.NOT_DUTY), at("2026-11-26 10:00"))
    back = hear_message(ours, declined.outgoing[0].data, PARTY, MEDIA, case_id, at("2026-11-26 10:00")).record
    assert term_ends(back, RULES) == ends
    taken = decide(theirs, c.Accept(case_id=case_id), at("2026-11-27 10:00")).record
    assert term_ends(taken, RULES) == ends


@pytest.mark.parametrize("heard", ["2026-02-15 03:00", "2026-10-03 14:00", "2026-11-28 23:30", "2026-11-26 10:00"])
def test_an_emergency_is_due_the_same_day_on_a_holiday_too(heard: str) -> None:
    """In the week of the Spring Festival it does not wait for the offices to open; who has it is told at midnight."""
    case = registered(Urgency.EMERGENCY, at(heard))
    midnight = at(f"{heard[:10]} 23:59:59")
    assert term_ends(case, RULES) == midnight
    assert (Clock.TERM, Level.URGE, (MEDIA,)) in said(look(case, RULES, midnight))


def test_contact_is_the_holders_own() -> None:
    """24 hours after it took the case the holder is reminded to speak to the resident, until it has."""
    _, theirs = offered()
    taken = decide(theirs, c.Accept(case_id=theirs.case.case_id), at("2026-11-23 10:00")).record
    assert (Clock.CONTACT, Level.URGE, (PARTY,)) in said(look(taken, RULES, at("2026-11-24 10:00")))
    told = decide(
        taken, c.Report(case_id=taken.case.case_id, stage="contacted", text="已电话联系"), at("2026-11-23 11:00")
    ).record
    assert Clock.CONTACT not in {one.clock for one in deadlines(told, RULES)}


def test_a_promise_never_moves_the_term() -> None:
    """The holder's promise has a clock of its own; the resident's term stays."""
    _, theirs = offered()
    promised = at("2026-12-10 12:00")
    taken = decide(theirs, c.Accept(case_id=theirs.case.case_id, due=promised), at("2026-11-23 10:00")).record
    clocks = {one.clock: one.due for one in deadlines(taken, RULES)}
    assert clocks[Clock.PROMISE] == promised
    assert clocks[Clock.TERM] == at("2026-11-30 23:59:59")


def test_help_that_does_not_come_is_urged_by_its_asker() -> None:
    """The asked date counts, else two working days; the helper sees it on its own desk."""
    case = registered()
    made = decide(case, c.AskAssist(case_id=case.case.case_id, to=PARTY, ask="请联系物业"), MONDAY)
    theirs = hear_message(None, made.outgoing[0].data, MEDIA, PARTY, case.case.case_id, MONDAY).record
    assert (Clock.ASSIST, Level.URGE, (PARTY,)) in said(look(made.record, RULES, at("2026-11-26 08:30")))
    assert (Clock.ASSIST, Level.URGE, (PARTY,)) in said(look(theirs, RULES, at("2026-11-26 08:30")))


def test_after_the_result_the_origin_is_waited_for() -> None:
    """The reply to the resident has a clock of its own, and the term is over."""
    case = registered()
    resolve = c.Resolve(case_id=case.case.case_id, outcome=k.Outcome.DONE, public_reply="已修好")
    done = decide(case, resolve, MONDAY).record
    assert {one.clock for one in deadlines(done, RULES)} == {Clock.REPLY}


def closed(grade: int | None = None) -> Record:
    """A case that was closed on Monday, rated or not."""
    case = registered()
    case_id = case.case.case_id
    record = decide(case, c.Resolve(case_id=case_id, outcome=k.Outcome.DONE, public_reply="已修好"), MONDAY).record
    record = decide(record, c.Close(case_id=case_id, replied_at=MONDAY), MONDAY).record
    return record if grade is None else decide(record, c.Rate(case_id=case_id, grade=grade), MONDAY).record


@pytest.mark.parametrize(
    ("grade", "clocks"),
    [
        (None, {Clock.RATING, Clock.REOPEN}),
        (5, {Clock.REOPEN}),
        (2, {Clock.CALL_BACK, Clock.REOPEN}),
    ],
)
def test_what_runs_after_the_close(grade: int | None, clocks: set[Clock]) -> None:
    """A rating is waited for, a bad one asks for a call back, and the window for reopening runs."""
    assert {one.clock for one in deadlines(closed(grade), RULES)} == clocks


def test_a_reopened_case_begins_its_own_term_without_a_storm() -> None:
    """The new round's term runs from its begin, and marks of the first round are not said again."""
    record = closed(1)
    again = decide(record, c.Reopen(case_id=record.case.case_id, text="又坏了"), at("2026-12-07 09:00")).record
    assert term_ends(again, RULES) == at("2026-12-14 23:59:59")
    assert said(look(again, RULES, at("2026-12-07 09:00"))) == set()


def test_a_later_term_begins_its_ladder_anew() -> None:
    """What was said of the old term is not taken for what must be said of the new one."""
    case = registered(received=at("2026-11-16 09:00"))
    _, case = given_to(case, at("2026-11-24 08:30"))
    extended = case.with_(term=at("2026-11-27 23:59:59"))
    assert (Clock.TERM, Level.URGE, (MEDIA,)) not in said(look(extended, RULES, at("2026-11-27 17:00")))
    assert (Clock.TERM, Level.URGE, (MEDIA,)) in said(look(extended, RULES, at("2026-11-30 08:30")))


def test_a_center_that_neither_holds_nor_heard_the_case_waits_for_nothing() -> None:
    """A helper that has answered, or a former holder, is reminded of nothing."""
    _, theirs = offered()
    passed_on = theirs.with_(holder=COUNTY, version=7, offer_in=None)
    assert look(passed_on, RULES, at("2027-01-04 10:00")) == Due((), None)


def test_the_first_row_that_fits_counts() -> None:
    """Category before urgency, as the county orders its table; a case that no row fits is named."""
    rules = Rules(
        terms=(
            TermRule(parse("2wh"), category="water"),
            TermRule(parse("1wd"), category="water.leak", urgency=Urgency.NORMAL),
            TermRule(parse("10wd"), urgency=Urgency.NORMAL, round=2),
        )
    )
    assert str(rules.term_of("water.leak", Urgency.NORMAL, 1)) == "2wh"
    assert str(rules.term_of("roads", Urgency.NORMAL, 2)) == "10wd"
    with pytest.raises(NoTerm):
        rules.term_of("waters", Urgency.NORMAL, 1)


@given(st.integers(0, 60 * 24 * 60), st.sampled_from(list(Urgency)))
def test_an_open_case_has_a_next_moment_and_its_time_comes(minutes: int, urgency: Urgency) -> None:
    """At any time an open case is looked at again later, and nothing is missed in between."""
    ours, _ = offered(urgency)
    now = MONDAY + timedelta(minutes=minutes)
    due = look(ours, RULES, now)
    ours = remember(ours, due.marks, RULES, now)
    again = look(ours, RULES, now)
    assert again.marks == ()
    assert again.next is not None
    assert again.next > now
    if again.next > now + timedelta(minutes=2):
        assert look(ours, RULES, again.next - timedelta(minutes=1)).marks == ()


@given(st.lists(st.integers(0, 45 * 24 * 60), min_size=1, max_size=12))
def test_no_rung_is_given_twice_whenever_one_looks(moments: list[int]) -> None:
    """However the looks fall, each rung of each deadline is given at most once, and levels only rise."""
    ours, _ = offered()
    seen: dict[str, list[Level]] = {}
    for minutes in moments:
        now = MONDAY + timedelta(minutes=minutes)
        marks: tuple[Mark, ...] = look(ours, RULES, now).marks
        ours = remember(ours, marks, RULES, now)
        for mark in marks:
            seen.setdefault(mark.deadline.key, []).append(mark.level)
            assert mark.deadline.due <= now or mark.level is Level.SOON
    for levels in seen.values():
        assert levels == sorted(set(levels))
