"""Terms that a center names: by when an offer is answered, by when a case is resolved after a ruling, when it visits.
They are moments of the record, and stand after a restore."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from bus import workorders as w
from bus.clocks.deadlines import deadlines, term_ends
from bus.clocks.marks import look
from bus.clocks.rules import Clock, Level, Rules
from bus.contract import messages as k
from bus.custody import Record, decide, hear_message
from bus.custody import commands as c
from bus.custody.more_time import held
from bus.custody.visits import APPOINTED, VISITED
from tests.harness.clocked import at
from tests.harness.handler_contexts import front_desk
from tests.harness.recovering_county import Restored
from tests.harness.step import a_case as case_of
from tests.unit.custody_model.cases import CIVIL, COUNTY, MEDIA, PARTY
from tests.unit.test_clock_marks import MONDAY, offered, registered
from tests.unit.test_custody import refusal
from tests.unit.test_recovery import ARBITER, A, B, county, does, record, rest

__all__ = ["county"]

FOLDER = Path(__file__).parents[2] / "adapters" / "media_center"
RULES = Rules()
SIGN_BY = at("2026-11-23 15:00")
DUE = at("2026-12-04 12:00")
TUESDAY = at("2026-11-24 09:00")


def by(record: Record, clock: Clock) -> list[datetime]:
    """When this clock ends."""
    return [one.due for one in deadlines(record, RULES) if one.clock is clock]


# -- offers ------------------------------------------------------------------------------------------------------------


def asked_by(sign_by: datetime | None) -> tuple[Record, Record, k.Offered]:
    """An offer to the party center that names its term: at both, and as it was said."""
    case = registered()
    made = decide(case, c.Offer(case_id=case.case.case_id, to=(PARTY,), sign_by=sign_by), MONDAY)
    (word,) = [one.data for one in made.outgoing]
    assert isinstance(word, k.Offered)
    return made.record, hear_message(None, word, MEDIA, PARTY, case.case.case_id, MONDAY).record, word


def test_an_offer_is_answered_by_the_moment_that_it_names() -> None:
    """At both ends the same moment; urged from then on, and with the desk told before."""
    ours, theirs, word = asked_by(SIGN_BY)
    assert word.sign_by == SIGN_BY
    assert by(ours, Clock.SIGN) == by(theirs, Clock.SIGN) == [SIGN_BY]
    assert [(one.level, one.to) for one in look(ours, RULES, SIGN_BY).marks] == [(Level.URGE, (PARTY,))]
    assert [(one.level, one.to) for one in look(theirs, RULES, at("2026-11-23 14:45")).marks] == [
        (Level.SOON, (PARTY,))
    ]
    known = Record.model_validate_json(theirs.model_dump_json())
    assert known == theirs


def test_an_offer_without_it_is_what_it_was() -> None:
    """Neither message nor record has the field; the county's rules say when it ends."""
    ours, theirs, word = asked_by(None)
    assert by(ours, Clock.SIGN) == by(theirs, Clock.SIGN) == [at("2026-11-24 23:59:59")]
    assert all("sign_by" not in one.model_dump_json() for one in (ours, theirs, word))


def test_an_offer_names_no_moment_that_has_passed() -> None:
    """One that comes late is urged at once, and is not late before it was made."""
    case = registered()
    assert refusal(case, c.Offer(case_id=case.case.case_id, to=(PARTY,), sign_by=at("2026-11-20 09:00"))) == "not-later"
    _, _, word = asked_by(SIGN_BY)
    late = hear_message(None, word, MEDIA, PARTY, word.case.case_id, TUESDAY).record
    assert by(late, Clock.SIGN) == [TUESDAY]


# -- rulings -----------------------------------------------------------------------------------------------------------


def ruled(due: datetime | None, version: int = 1000, round_: int = 1) -> k.Ruled:
    """The county's word: the civilization center has the case."""
    case = registered().case
    return k.Ruled(
        version=version, ruling=k.Ruling.IMPOSED, holder=CIVIL, text="由你办理", case=case, path=(MEDIA, CIVIL),
        round=round_, due=due,
    )  # fmt: skip


def heard(known: Record, word: k.Ruled, source: str = COUNTY) -> Record:
    """The record after that ruling about its case."""
    said = word.model_copy(update={"case": known.case})
    return hear_message(known, said, source, known.me, known.case.case_id, TUESDAY).record


def test_a_ruling_that_names_a_term_sets_it_at_all_centers() -> None:
    """At the arbiter, the new holder and the origin; it counts as nobody's extension."""
    ours, _ = offered()
    asked = decide(ours, c.AskArbiter(case_id=ours.case.case_id, ground=k.Ground.SILENT), MONDAY)
    theirs = hear_message(None, asked.outgoing[0].data, MEDIA, COUNTY, ours.case.case_id, MONDAY).record
    rule = c.Rule(case_id=ours.case.case_id, holder=CIVIL, text="由你办理", due=DUE)
    made = decide(theirs, rule, TUESDAY)
    words = {one.to: one.data for one in made.outgoing}
    new = hear_message(None, words[CIVIL], COUNTY, CIVIL, ours.case.case_id, TUESDAY).record
    origin = hear_message(asked.record, words[MEDIA], COUNTY, MEDIA, ours.case.case_id, TUESDAY).record
    assert {term_ends(one, RULES) for one in (made.record, new, origin)} == {DUE}
    assert {one.extended for one in (made.record, new, origin)} == {0}
    assert by(new, Clock.TERM) == by(origin, Clock.TERM) == [DUE]


def test_a_ruling_without_a_term_leaves_it_and_is_what_it_was() -> None:
    """Its bytes, too."""
    ours, _ = offered()
    assert term_ends(heard(ours, ruled(None)), RULES) == term_ends(ours, RULES)
    assert '"due":' not in ruled(None).model_dump_json(exclude={"case"})


def test_a_term_that_a_ruling_names_has_counted_the_holds_before_it() -> None:
    """They are not added to it again."""
    ours, _ = offered()
    paused = held(ours, MEDIA, MONDAY, TUESDAY)
    assert term_ends(paused, RULES) > term_ends(ours, RULES)
    assert term_ends(heard(paused, ruled(DUE)), RULES) == DUE


def test_a_ruling_names_the_term_of_its_own_round() -> None:
    """One that has crossed the new round names none, nor does one that a later ruling has overtaken."""
    ours, _ = offered()
    assert heard(ours.with_(round=2), ruled(DUE)).term is None
    assert heard(ours.with_(version=2000), ruled(DUE)).term is None


def test_a_ruling_that_comes_with_a_new_round_names_the_term_of_that_round() -> None:
    """What was granted in the round before is over."""
    ours, _ = offered()
    known = ours.with_(term=at("2026-12-11 12:00"))
    assert heard(known, ruled(DUE, round_=2)).term == DUE
    assert heard(known, ruled(None, round_=2)).term is None


def test_the_origin_passes_a_ruling_on_with_its_term() -> None:
    """To a holder that the arbiter did not know of."""
    ours, _ = offered()
    after = heard(ours, ruled(DUE))
    accepted = k.Accepted(version=2, offer_id=UUID(int=7), path=(MEDIA, PARTY))
    told = hear_message(after, accepted, PARTY, MEDIA, ours.case.case_id, TUESDAY)
    assert [one.data.due for one in told.outgoing if isinstance(one.data, k.Ruled)] == [DUE]


def test_a_ruling_names_no_moment_that_has_passed() -> None:
    """The case would be late as soon as its new holder hears of it."""
    asked = registered().with_(me=COUNTY)
    rule = c.Rule(case_id=asked.case.case_id, holder=CIVIL, text="由你办理", due=MONDAY)
    assert refusal(asked, rule) == "not-later"


# -- acts --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("usual", "body", "named"),
    [
        (w.Dispatching, {"to": ["party_service-150402"]}, "sign_by"),
        (w.RulingOn, {"holder": "party_service-150402", "text": "由你办理"}, "due"),
    ],
)
def test_an_adapter_has_the_moment_only_where_it_names_it(
    usual: type[w.Act], body: dict[str, object], named: str
) -> None:
    """So that the forms of v0.1.0 stay word for word."""
    told = json.dumps({"action": usual.said, **body, named: DUE.isoformat()})
    titles: Any = {named: "期限"}
    desk = front_desk(FOLDER, "media_center-150402", {})
    for made, expected in ((w.act(usual, "一"), None), (w.act(usual, "二", **titles), DUE)):
        assert (named in made.model_fields) == (expected is not None)
        assert getattr(made.model_validate_json(told).command(desk, UUID(int=1)), named) == expected


# -- after a restore ---------------------------------------------------------------------------------------------------


@pytest.fixture
def case_id(county: Restored) -> UUID:
    """A case of the first center, which has an arbiter."""
    county.now = MONDAY
    county.centers[A].context = replace(county.centers[A].context, arbiter=ARBITER)
    case = case_of(A, received_at=county.now)
    does(county, A, c.Register(case=case))
    return case.case_id


@pytest.mark.parametrize("lost", [A, B])
@pytest.mark.parametrize("late", [False, True])
def test_the_term_of_an_offer_stands_after_a_restore(county: Restored, case_id: UUID, lost: str, late: bool) -> None:
    """At who asks and at who is asked, whether the backup knew of it or the other tells."""
    backup = county.backup(lost)
    does(county, A, c.Offer(case_id=case_id, to=(B,), sign_by=SIGN_BY))
    rest(county)
    county.put_back(lost, county.backup(lost) if late else backup)
    rest(county)
    sent, received = record(county, A, case_id).offer_out, record(county, B, case_id).offer_in
    assert sent is not None
    assert received is not None
    assert (sent.sign_by, received.sign_by) == (SIGN_BY, SIGN_BY)


@pytest.mark.parametrize("lost", [A, B, ARBITER])
@pytest.mark.parametrize("late", [False, True])
def test_the_term_of_a_ruling_stands_after_a_restore(county: Restored, case_id: UUID, lost: str, late: bool) -> None:
    """At the origin, the new holder and the arbiter."""
    does(county, A, c.AskArbiter(case_id=case_id, ground=k.Ground.DISPUTED))
    rest(county)
    backup = county.backup(lost)
    does(county, ARBITER, c.Rule(case_id=case_id, holder=B, text="由你办理", due=DUE))
    rest(county)
    county.put_back(lost, county.backup(lost) if late else backup)
    rest(county)
    assert {record(county, name, case_id).term for name in (A, B, ARBITER)} == {DUE}
    assert {record(county, name, case_id).extended for name in (A, B, ARBITER)} == {0}


@pytest.mark.parametrize("lost", [A, B])
@pytest.mark.parametrize("known", [0, 1, 2])
def test_the_visit_that_is_awaited_stands_after_a_restore(
    county: Restored, case_id: UUID, lost: str, known: int
) -> None:
    """The last one that was appointed, of however many the backup knows; one that took place, or that was of the round
    before, does not come back."""
    taken(county, case_id)
    backups = [county.backup(lost)]
    for hours in (1, 2):
        says(county, case_id, APPOINTED, DUE + timedelta(hours=hours))
        backups.append(county.backup(lost))
    assert awaited(county, case_id, lost, backups[known]) == DUE + timedelta(hours=2)
    says(county, case_id, VISITED)
    assert awaited(county, case_id, lost, backups[known]) is None
    says(county, case_id, APPOINTED, DUE)
    does(county, B, c.Resolve(case_id=case_id, outcome=k.Outcome.DONE, public_reply="已办"))
    rest(county)
    county.now += timedelta(hours=1)
    does(county, A, c.Reopen(case_id=case_id, text="没来"))
    rest(county)
    assert awaited(county, case_id, lost, backups[known]) is None


def test_an_hour_that_others_were_not_told_stands_as_the_backup_has_it(county: Restored, case_id: UUID) -> None:
    """What they tell of the visit has no hour; it must not take away the one that is known."""
    taken(county, case_id)
    county.now += timedelta(minutes=1)
    does(county, B, c.Report(case_id=case_id, stage=APPOINTED, text="上门", at=DUE, public=False))
    rest(county)
    assert record(county, A, case_id).appointment is None
    backup = county.backup(B)
    county.now += timedelta(minutes=1)
    does(county, B, c.Report(case_id=case_id, stage="handling", text="处理中"))
    rest(county)
    county.put_back(B, backup)
    rest(county)
    appointment = record(county, B, case_id).appointment
    assert appointment is not None
    assert appointment.at == DUE


def taken(county: Restored, case_id: UUID) -> None:
    """The second center has the case."""
    does(county, A, c.Offer(case_id=case_id, to=(B,)))
    rest(county)
    does(county, B, c.Accept(case_id=case_id))
    rest(county)


def says(county: Restored, case_id: UUID, stage: str, hour: datetime | None = None) -> None:
    """The holder tells of a visit, a minute later."""
    county.now += timedelta(minutes=1)
    does(county, B, c.Report(case_id=case_id, stage=stage, text="上门", at=hour))
    rest(county)


def awaited(county: Restored, case_id: UUID, lost: str, backup: Path) -> datetime | None:
    """The hour that both know after one was put back."""
    county.put_back(lost, backup)
    rest(county)
    visits = [record(county, name, case_id).appointment for name in (A, B)]
    (hour,) = {None if one is None else one.at for one in visits}
    return hour
