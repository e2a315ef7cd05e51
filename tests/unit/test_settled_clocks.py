"""A settled entry and the clocks: nobody is waited for, or charged, for what was over before it was entered."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from bus.clocks.charges import Charge, Step, Why, age, charges
from bus.clocks.deadlines import deadlines
from bus.clocks.rules import Clock
from bus.contract import messages as k
from bus.contract.case import Case
from bus.custody import Record, decide, register
from bus.custody import commands as c
from tests.harness.clocked import MONDAY, RULES, Clocked, at, clocked
from tests.harness.step import MEDIA, a_case
from tests.unit.test_clock_marks import registered

HEARD, RESOLVED, ANSWERED = at("2021-03-01 09:00"), at("2021-03-01 15:00"), at("2021-03-02 09:00")
NOW = at("2026-11-24 09:00")


def settled(case: Case, resolved: datetime = RESOLVED, answered: datetime = ANSWERED) -> c.Settle:
    """The entry of a matter with whose answer the resident was not satisfied at all."""
    rated = c.PastRating(rater=k.Rater.RESIDENT, grade=1, at=answered)
    return c.Settle(
        case_id=case.case_id, outcome=k.Outcome.DONE, public_reply="已办", resolved_at=resolved, closed_at=answered,
        ratings=(rated,),
    )  # fmt: skip


def entered(*, reopened: bool = False) -> Record:
    """The record of such a matter; ``reopened``: the resident has come back since."""
    record = registered(received=HEARD)
    record = decide(record, settled(record.case), MONDAY).record
    return decide(record, c.Reopen(case_id=record.case.case_id, text="又坏了"), NOW).record if reopened else record


@pytest.fixture
def media(tmp_path: Path) -> Iterator[Clocked]:
    """A center whose clocks are on."""
    made = clocked(MEDIA, tmp_path)
    yield made
    made.center.close()


def test_an_old_ledger_lays_no_work_on_the_desk_and_fills_no_journal(media: Clocked) -> None:
    """A resident who was not satisfied in 2021 is not called back within a working day of today."""
    old = a_case(MEDIA, received_at=HEARD)
    media.center.execute(c.Register(case=old), settled(old))
    media.until(at("2027-01-05 12:00"))
    assert (media.tasks(), media.sent(), media.lines()) == ([], [], [])
    assert media.next() == {}


def test_what_was_settled_today_is_followed_like_any_other() -> None:
    """The windows that are still open are those of a case that was answered at the counter."""
    record = registered(received=at("2026-11-23 08:30"))
    record = decide(record, settled(record.case, MONDAY, MONDAY), at("2026-11-23 09:05")).record
    assert {one.clock for one in deadlines(record, RULES)} == {Clock.CALL_BACK, Clock.REOPEN}


def test_a_settled_matter_that_is_opened_again_has_its_clocks() -> None:
    """The new round is of today."""
    assert {one.clock for one in deadlines(entered(reopened=True), RULES)} == {Clock.TERM}


@pytest.mark.parametrize("reopened", [False, True])
def test_its_time_ends_when_the_ledger_says(*, reopened: bool) -> None:
    """Not when it was entered: the charges of a closed case are its age."""
    record = entered(reopened=reopened)
    steps = [
        Step(MONDAY, "did", "register", MEDIA, record.me),
        Step(MONDAY, "did", "settle", MEDIA, record.me),
        *([Step(NOW, "did", "reopen", MEDIA, record.me)] if reopened else []),
    ]
    spans = charges(record, steps, NOW)
    assert spans == (
        Charge(record.me, HEARD, RESOLVED, Why.HOLDER),
        Charge(record.me, RESOLVED, ANSWERED, Why.REPLY),
    )
    if not reopened:
        assert age(record, spans, NOW).whole == sum((one.ends - one.begins for one in spans), ANSWERED - ANSWERED)


def test_a_record_without_a_settled_entry_is_as_it_was() -> None:
    """The moment of the entry is left out of all others."""
    record = register(c.Register(case=a_case(MEDIA)), MEDIA, None).record
    assert "entered_at" not in record.model_dump_json()
    assert Record.model_validate_json(entered().model_dump_json()).entered_at == MONDAY
