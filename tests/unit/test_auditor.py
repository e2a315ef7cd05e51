"""The live auditor in a county of bare centers: each fault is found within a minute, and clears when it is healed."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bus import recovery
from bus.clocks.rules import Rules
from bus.clocks.terms import Term, Unit
from bus.contract.ids import new_id
from bus.contract.messages import Ground, Outcome
from bus.custody import commands as c
from bus.operations.audit import SWEPT, open_findings
from bus.store import Tx, audit, audit_views
from bus.store import tables as t
from bus.store.unit_of_work import UnitOfWork
from tests.harness.audited_county import GOVERNMENT, LEDGER, AuditedCounty
from tests.harness.step import MEDIA, PARTY, a_case, fresh_store

FOUND_S = 60
"""A fault is a finding after so many seconds."""
HEALED_S = 3600
"""A road that works again heals what it has lost by the retries of the senders."""


@pytest.fixture
def county(tmp_path: Path) -> Iterator[AuditedCounty]:
    """A county in which everybody has told something, and nothing is wrong."""
    made = AuditedCounty(tmp_path)
    for center in made.centers.values():
        center.execute(c.Register(case=a_case(center.context.me)))
    made.later(30)
    assert made.open() == []
    yield made
    made.close()


def offered(county: AuditedCounty, **more: object) -> c.Register:
    """A case of the media center, offered to the party service."""
    command = c.Register(case=a_case(MEDIA))
    county.centers[MEDIA].execute(command, c.Offer(case_id=command.case_id, to=(PARTY,), **more))  # type: ignore[arg-type]
    return command


def chatter(county: AuditedCounty, name: str) -> None:
    """A center tells of something else."""
    county.centers[name].execute(c.Register(case=a_case(name)))


def days(county: AuditedCounty, number: float) -> None:
    """Let days pass in which nobody looks and nothing is said."""
    for center in (*county.centers.values(), county.ledger):
        center.now += timedelta(days=number)


def test_a_case_that_goes_its_way_is_no_finding(county: AuditedCounty) -> None:
    """Offered, accepted, resolved, closed, with minutes between: nothing is ever found."""
    command = offered(county)
    county.later(300)
    county.centers[PARTY].execute(c.Accept(case_id=command.case_id))
    county.later(300)
    county.centers[PARTY].execute(c.Resolve(case_id=command.case_id, outcome=Outcome.DONE, public_reply="已修好"))
    county.later(60)
    county.centers[MEDIA].execute(c.Close(case_id=command.case_id, replied_at=county.centers[MEDIA].now))
    county.later(60)
    assert county.open() == county.cleared() == []


def test_a_center_that_is_away_is_silent_and_its_cases_are_no_findings_of_their_own(county: AuditedCounty) -> None:
    """One finding for the center, however many cases wait for it; when it is back, none."""
    county.away = {PARTY}
    for _ in range(5):
        offered(county)
    assert county.seconds_until(lambda: bool(county.open()), FOUND_S) > 30
    assert county.codes() == {("silent-center", PARTY)}
    county.later(120)
    assert county.codes() == {("silent-center", PARTY)}
    county.away = set()
    county.seconds_until(lambda: not county.open(), HEALED_S)
    (one,) = (one for one in county.cleared() if one.code == "silent-center")
    assert one.cleared_ms is not None
    assert one.opened_ms < one.cleared_ms


def test_a_message_that_is_lost_is_overdue_until_it_is_said_again(county: AuditedCounty) -> None:
    """Its recipient works, and has not heard it."""
    county.lost = lambda parcel: parcel.kind.startswith("case.offered")
    command = offered(county)
    county.later(10)
    chatter(county, PARTY)
    county.seconds_until(lambda: ("overdue-receipt", PARTY) in county.codes(), FOUND_S)
    (one,) = county.open()
    assert one.subject == str(command.case_id)
    assert (one.evidence[0].center, one.evidence[0].says, one.evidence[0].message_id) == (
        MEDIA,
        "said case.offered",
        one.detail,
    )
    county.lost = lambda _parcel: False
    county.seconds_until(lambda: not county.open(), HEALED_S)


def test_a_ruling_that_does_not_arrive_leaves_a_case_without_a_holder(county: AuditedCounty) -> None:
    """The arbiter has given the case to a center that does not know it."""
    command = offered(county)
    county.later(10)
    county.centers[MEDIA].execute(c.AskArbiter(case_id=command.case_id, ground=Ground.SILENT))
    county.later(10)
    county.lost = lambda parcel: parcel.recipient == PARTY
    county.centers[GOVERNMENT].execute(c.Rule(case_id=command.case_id, holder=PARTY, text="由你办理"))
    county.later(10)
    chatter(county, PARTY)
    county.seconds_until(lambda: ("no-holder", PARTY) in county.codes(), FOUND_S)
    county.lost = lambda _parcel: False
    county.seconds_until(lambda: not county.open(), HEALED_S)


def test_who_has_not_heard_that_it_gave_its_case_away_is_a_second_holder(county: AuditedCounty) -> None:
    """The acceptance is lost: two centers hold the case until it is said again."""
    command = offered(county)
    county.later(10)
    county.lost = lambda parcel: parcel.recipient == MEDIA and parcel.kind.startswith("case.accepted")
    county.centers[PARTY].execute(c.Accept(case_id=command.case_id))
    county.later(10)
    chatter(county, MEDIA)
    county.seconds_until(lambda: ("two-holders", MEDIA) in county.codes(), FOUND_S)
    county.lost = lambda _parcel: False
    county.seconds_until(lambda: not county.open(), HEALED_S)


def test_an_offer_past_its_deadline_is_stuck_until_it_is_answered(county: AuditedCounty) -> None:
    """Nothing touches the case at the deadline: the auditor looks by itself."""
    command = offered(county, sign_by=county.centers[MEDIA].now + timedelta(minutes=10))
    county.later(590)
    assert county.open() == []
    county.seconds_until(lambda: county.codes() == {("stuck-offer", PARTY)}, 10 + FOUND_S)
    county.centers[PARTY].execute(c.Accept(case_id=command.case_id))
    county.seconds_until(lambda: not county.open(), FOUND_S)


def test_help_that_nobody_gives_is_found_at_its_date(county: AuditedCounty) -> None:
    """Nothing touches the case at that date: the ledger was told what is waited for, and looks by itself."""
    media, command = county.centers[MEDIA], c.Register(case=a_case(MEDIA))
    due = media.now + timedelta(minutes=10)
    media.execute(command, c.AskAssist(case_id=command.case_id, to=PARTY, ask="请协助", due=due))
    county.later(590)
    assert county.open() == []
    county.seconds_until(lambda: county.codes() == {("unanswered", PARTY)}, 10 + FOUND_S)
    county.centers[PARTY].execute(c.AnswerAssist(case_id=command.case_id, done=True, text="好了"))
    county.seconds_until(lambda: not county.open(), FOUND_S)


def test_a_ruling_that_nobody_gives_is_found_after_a_week(county: AuditedCounty) -> None:
    """Without clocks it has no date."""
    command = offered(county, sign_by=county.centers[MEDIA].now + timedelta(days=30))
    county.later(10)
    county.centers[MEDIA].execute(c.AskArbiter(case_id=command.case_id, ground=Ground.SILENT))
    county.later(60)
    days(county, 6.9)
    county.later(60)
    assert county.open() == []
    days(county, 0.2)
    county.seconds_until(lambda: county.codes() == {("unanswered", GOVERNMENT)}, 1000)
    county.centers[GOVERNMENT].execute(c.Rule(case_id=command.case_id, holder=PARTY, text="由你办理"))
    county.seconds_until(lambda: not county.open(), FOUND_S)


def test_an_offer_without_a_date_has_that_of_the_countys_clocks(county: AuditedCounty) -> None:
    """Told with the state, as the offerer's clocks reckon it."""
    media = county.centers[MEDIA]
    rules = Rules()
    rules = replace(rules, sign=dict.fromkeys(rules.sign, Term(10, Unit.MINUTES)))
    media.context = replace(media.context, clocks=rules)
    offered(county)
    county.later(590)
    assert county.open() == []
    county.seconds_until(lambda: county.codes() == {("stuck-offer", PARTY)}, 10 + FOUND_S)


def test_what_has_time_left_is_not_kept_as_a_finding(county: AuditedCounty) -> None:
    """Three hundred offers with a date next week: no row is watched, and none stands for others."""
    for _ in range(300):
        offered(county, sign_by=county.centers[MEDIA].now + timedelta(days=7))
    county.later(60)
    with county.ledger.store.reading() as tx:
        assert tx.execute(select(func.count()).select_from(t.findings)).scalar_one() == 0


def test_a_center_put_back_in_silence_is_found_until_it_says_so(county: AuditedCounty) -> None:
    """Its store is a backup, and it goes on as if nothing had been: the ledger sees places filled twice."""
    party = county.centers[PARTY]
    party.close()
    saved = shutil.copy(county.folder / f"{PARTY}.db", county.folder / "backup")
    party.store = fresh_store(county.folder / f"{PARTY}.db")
    for _ in range(3):
        chatter(county, PARTY)
        county.later(10)
    party.close()
    shutil.copy(saved, county.folder / f"{PARTY}.db")
    for log in county.folder.glob(f"{PARTY}.db-*"):
        log.unlink()
    party.store = fresh_store(county.folder / f"{PARTY}.db")
    chatter(county, PARTY)
    county.seconds_until(lambda: ("set-back", PARTY) in county.codes(), FOUND_S)
    recovery.begin(party.store, party.context, (MEDIA, GOVERNMENT, LEDGER), party.now)
    county.seconds_until(lambda: not recovery.going_on(party.store), HEALED_S)
    chatter(county, PARTY)
    county.seconds_until(lambda: not county.open(), HEALED_S)


def test_a_clock_that_is_ahead_is_found_until_it_is_set(county: AuditedCounty) -> None:
    """What it says is heard before it was said."""
    media = county.centers[MEDIA]
    media.now += timedelta(minutes=3)
    offered(county)
    county.seconds_until(lambda: ("clocks-apart", MEDIA) in county.codes(), FOUND_S)
    media.now -= timedelta(minutes=3)
    offered(county)
    county.seconds_until(lambda: not county.open(), FOUND_S)


def test_a_center_whose_clock_was_ahead_is_silent_when_it_goes(county: AuditedCounty) -> None:
    """What it told with the wrong clock, a month ahead, is not taken for something that it has told since."""
    county.centers[PARTY].now += timedelta(days=30)
    chatter(county, PARTY)
    county.later(30)
    county.centers[PARTY].now -= timedelta(days=30)
    chatter(county, PARTY)
    county.later(30)
    county.away = {PARTY}
    offered(county)
    county.seconds_until(lambda: bool(county.open()), FOUND_S)
    assert county.codes() == {("silent-center", PARTY)}


def test_a_ledger_that_was_away_accuses_nobody(county: AuditedCounty) -> None:
    """It hears the facts of twenty minutes in some order; what it does not know yet is not missing."""
    county.away = {LEDGER}
    for _ in range(6):
        command = offered(county)
        county.later(60)
        county.centers[PARTY].execute(c.Accept(case_id=command.case_id))
        county.later(120)
    county.away = set()
    county.later(1200)
    assert [(one.code, one.subject, one.evidence) for one in (*county.open(), *county.cleared())] == []


def test_a_round_looks_at_what_was_told_of_and_not_at_all_cases(county: AuditedCounty) -> None:
    """With three hundred cases, and one of them touched, it looks at that one and at the next of its slow walk."""
    for _ in range(300):
        chatter(county, MEDIA)
    county.later(600)
    assert county.look().looked <= SWEPT
    chatter(county, PARTY)
    county.step()
    assert county.last.looked <= SWEPT + 1
    looked = {SWEPT}
    while (round_ := county.look()).looked == SWEPT:
        looked.add(round_.looked)
    assert round_.looked < SWEPT  # and the walk comes to its end, and begins again


def test_an_open_finding_stays_one_row(county: AuditedCounty) -> None:
    """However often the auditor looks, and whatever else is told."""
    offered(county, sign_by=county.centers[MEDIA].now + timedelta(minutes=1))
    county.later(600)
    for _ in range(3):
        chatter(county, MEDIA)
        county.later(300)
    assert [one.code for one in county.open()] == ["stuck-offer"]
    assert county.cleared() == []


def test_findings_are_told_in_both_languages_with_a_command(county: AuditedCounty) -> None:
    """What it is, and what to do where; no text of the matter, and nobody's name."""
    offered(county, sign_by=county.centers[MEDIA].now + timedelta(minutes=1))
    county.later(300)
    with county.ledger.store.reading() as tx:
        (one,) = open_findings(tx)
    assert PARTY in one.what.zh
    assert PARTY in one.what.en
    assert "bus " in one.cure.en
    assert "bus " in one.cure.zh


def test_a_message_refused_before_its_case_is_known_is_told_all_the_same(county: AuditedCounty) -> None:
    """In one commit with what makes the case known: that line of the journal has no holder, and the relay goes on."""
    media, command = county.centers[MEDIA], c.Register(case=a_case(MEDIA))

    def commit(tx: Tx) -> None:
        uow = UnitOfWork(tx, media.context, media.now)
        uow.journal(command.case_id, "refused", "case.urged.v1", PARTY, new_id(), "unknown-case")
        uow.execute(command)
        uow.flush()

    media.store.write(commit)
    county.later(10)
    with county.ledger.store.reading() as tx:
        (view,) = audit_views.views(tx, [str(command.case_id)], audit.tellers(tx))
    assert [(one.way, one.holder, one.version) for one in view.facts] == [("refused", MEDIA, 0), ("did", MEDIA, 1)]
