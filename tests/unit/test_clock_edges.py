"""The edges of the clocks, one by one: what is waited for when a case takes a turn. What the other tests of the clocks
show, is not shown again."""

from datetime import timedelta
from pathlib import Path

from bus.clocks.deadlines import deadlines, term_ends
from bus.clocks.marks import look, remember
from bus.clocks.rules import Clock, Level, Rules, TermRule
from bus.clocks.terms import parse
from bus.contract import messages as k
from bus.custody import Record, decide, hear_message
from bus.custody import commands as c
from tests.harness.clocked import clocked
from tests.harness.step import MEDIA as MEDIA_CENTER
from tests.harness.step import PARTY as PARTY_CENTER
from tests.harness.step import a_case
from tests.unit.custody_model.cases import CIVIL, COUNTY, MEDIA, PARTY
from tests.unit.test_clock_marks import MONDAY, at, closed, offered, registered, said

RULES = Rules()
TUESDAY = at("2026-11-24 09:00")


def clocks(record: Record) -> dict[Clock, tuple[str, ...]]:
    """What runs, and for whom it waits."""
    return {one.clock: one.waits_for for one in deadlines(record, RULES)}


def ruled(record: Record, holder: str, version: int) -> Record:
    """The arbiter's word is heard on Tuesday."""
    word = k.Ruled(
        version=version, ruling=k.Ruling.IMPOSED, holder=holder, text="由你办理", case=record.case, path=(MEDIA, holder)
    )
    return hear_message(record, word, COUNTY, record.me, record.case.case_id, TUESDAY).record


def test_a_ruling_ends_the_offers_clock_and_leaves_the_term() -> None:
    """The offer is gone; the resident's term runs on, for the new holder."""
    ours, _ = offered()
    after = ruled(ours, CIVIL, 1000)
    assert Clock.SIGN not in clocks(after)
    assert clocks(after)[Clock.TERM] == (CIVIL,)
    assert term_ends(after, RULES) == term_ends(ours, RULES)


def test_each_ruling_that_is_awaited_has_marks_of_its_own() -> None:
    """What was said while the first was awaited is not taken for the second."""
    record = registered()
    ask = c.AskArbiter(case_id=record.case.case_id, ground=k.Ground.DISPUTED)
    first = decide(record, ask, MONDAY).record
    late = at("2026-11-26 08:30")
    marks = look(first, RULES, late).marks
    assert (Clock.RULING, Level.URGE) in {(one.deadline.clock, one.level) for one in marks}
    upheld = ruled(remember(first, marks, RULES, late), MEDIA, 1000)
    second = decide(upheld, ask, at("2026-12-07 09:00")).record
    again = look(second, RULES, at("2026-12-10 08:30")).marks
    assert (Clock.RULING, Level.URGE) in {(one.deadline.clock, one.level) for one in again}


def test_a_nested_hand_over_has_one_term_the_origins() -> None:
    """Media to party to civilization: all three count from the resident's first word."""
    ours, theirs = offered()
    case_id = ours.case.case_id
    taken = decide(theirs, c.Accept(case_id=case_id), TUESDAY).record
    on = decide(taken, c.Offer(case_id=case_id, to=(CIVIL,)), at("2026-11-25 09:00"))
    third = hear_message(None, on.outgoing[0].data, PARTY, CIVIL, case_id, at("2026-11-25 09:00")).record
    third = decide(third, c.Accept(case_id=case_id), at("2026-11-26 09:00")).record
    assert {term_ends(one, RULES) for one in (ours, taken, third)} == {at("2026-11-30 23:59:59")}


def test_when_the_holder_changes_during_an_assist_the_askers_clock_ends() -> None:
    """The helper still sees it; the new holder gets the answer passed on."""
    ours = registered()
    case_id = ours.case.case_id
    ours = decide(ours, c.AskAssist(case_id=case_id, to=CIVIL, ask="请协助"), MONDAY).record
    assert clocks(ours)[Clock.ASSIST] == (CIVIL,)
    out = decide(ours, c.Offer(case_id=case_id, to=(PARTY,)), MONDAY).record
    offer = out.offer_out
    assert offer is not None
    taken = k.Accepted(version=2, offer_id=offer.offer_id, path=(MEDIA, PARTY))
    after = hear_message(out, taken, PARTY, MEDIA, case_id, TUESDAY).record
    assert Clock.ASSIST not in clocks(after)
    answer = k.AssistAnswered(version=1, assist_id=after.assists[0].assist_id, done=True, text="已到场")
    passed = hear_message(after, answer, CIVIL, MEDIA, case_id, TUESDAY)
    assert [one.to for one in passed.outgoing] == [PARTY]


def test_a_bid_waits_for_the_offerer_alone() -> None:
    """Who has bid is reminded of nothing; at the offerer the offer runs on for who has not."""
    ours = registered()
    case_id = ours.case.case_id
    offer = decide(ours, c.Offer(case_id=case_id, to=(PARTY, CIVIL), mode=k.Mode.OPEN), MONDAY)
    theirs = hear_message(None, offer.outgoing[0].data, MEDIA, PARTY, case_id, MONDAY).record
    bid = decide(theirs, c.Accept(case_id=case_id), MONDAY).record
    assert Clock.SIGN in clocks(theirs)
    assert clocks(bid) == {}


def test_without_a_rating_in_five_working_days_it_is_unrated() -> None:
    """A fact in the journal, on the own desk's side; no grade is made of it."""
    record = closed()
    marks = {(clock, level) for clock, level, _ in said(look(record, RULES, at("2026-12-01 08:30")))}
    assert (Clock.RATING, Level.URGE) in marks
    assert record.ratings == ()


def test_after_a_bad_grade_and_a_new_round_the_rating_is_asked_for_again() -> None:
    """The first grade stays with its round; the call back is of that round, too."""
    bad = closed(2)
    assert Clock.CALL_BACK in clocks(bad)
    case_id = bad.case.case_id
    record = decide(bad, c.Reopen(case_id=case_id, text="又坏了"), TUESDAY).record
    assert Clock.CALL_BACK not in clocks(record)
    record = decide(record, c.Resolve(case_id=case_id, outcome=k.Outcome.DONE, public_reply="已修好"), TUESDAY).record
    record = decide(record, c.Close(case_id=case_id, replied_at=TUESDAY), TUESDAY).record
    assert Clock.RATING in clocks(record)
    record = decide(record, c.Rate(case_id=case_id, grade=5), TUESDAY).record
    assert [(one.round, one.grade) for one in record.ratings] == [(1, 2), (2, 5)]
    assert Clock.RATING not in clocks(record)


def test_other_rules_leave_a_stored_due_date_as_it_is() -> None:
    """As registered, and as granted; only what no moment was stored for follows the county's new table."""
    record = registered()
    tight = Rules(terms=(TermRule(parse("1wd")),))
    promised = record.with_(case=record.case.model_copy(update={"due": at("2026-12-04 12:00")}))
    granted = record.with_(term=at("2026-12-08 12:00"))
    assert {term_ends(promised, rules) for rules in (RULES, tight)} == {at("2026-12-04 12:00")}
    assert {term_ends(granted, rules) for rules in (RULES, tight)} == {at("2026-12-08 12:00")}
    assert term_ends(record, tight) < term_ends(record, RULES)


def test_a_peer_whose_clock_is_ahead_is_heard_as_of_now(tmp_path: Path) -> None:
    """Its offer would otherwise begin in the future, and nobody be urged for as long."""
    media, party = clocked(MEDIA_CENTER, tmp_path), clocked(PARTY_CENTER, tmp_path)
    media.center.now += timedelta(hours=5)
    case = a_case(MEDIA_CENTER, received_at=media.center.now)
    media.center.execute(c.Register(case=case), c.Offer(case_id=case.case_id, to=(PARTY_CENTER,)))
    (parcel,) = media.center.relay()
    party.center.receive(parcel.body)
    offer = party.record(case).offer_in
    assert offer is not None
    assert offer.at == party.center.now
    media.center.close()
    party.center.close()
