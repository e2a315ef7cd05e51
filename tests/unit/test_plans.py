"""Plans: ordered steps at several units, one asked after the other, whatever comes twice, late, or with a no."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from bus.contract import messages as k
from bus.contract.envelope import compose
from bus.custody import Decision, Record, Status, decide, hear_message, register
from bus.custody import commands as c
from bus.custody.bounds import MOST_ASSISTS
from bus.custody.casework import MOST_STEPS, PlanStep
from bus.custody.plans import STEP, is_step, step_of
from bus.sdk.workorders.casework import told_of_plan
from bus.store import tables as t
from tests.harness.recovering_county import Restored
from tests.unit.custody_model.cases import CIVIL, MEDIA, NOW, PARTY, SERVICE, matter
from tests.unit.test_custody import refusal
from tests.unit.test_recovery import A, B, C, county, does, rest
from tests.unit.test_recovery import record as known_at

__all__ = ["county"]

LATER = NOW + timedelta(days=1)
SHED = ((SERVICE, "测量"), (CIVIL, "落图"), (PARTY, "申请"), (SERVICE, "审批"))


def plan(case_id: UUID, steps: Sequence[tuple[str, str]] = SHED) -> c.MakePlan:
    """The plan of a cattle shed."""
    return c.MakePlan(case_id=case_id, steps=tuple(PlanStep(unit=unit, ask=ask) for unit, ask in steps))


class Holder:
    """A center that has a case and a plan: what it asks, and what it hears."""

    def __init__(self, record: Record | None = None) -> None:
        self.record = record or register(c.Register(case=matter(MEDIA)), MEDIA, None).record
        self.said: list[tuple[str, k.CaseKind]] = []
        self.case_id = self.record.case.case_id

    def take(self, decision: Decision) -> None:
        """What was decided is stored, read again, and said."""
        self.record = Record.model_validate_json(decision.record.model_dump_json())
        self.said += [(one.to, one.data) for one in decision.outgoing]

    def does(self, command: c.Command) -> None:
        """The desk acts."""
        self.take(decide(self.record, command, NOW))

    def hears(self, data: k.CaseKind, source: str) -> None:
        """A unit answers."""
        self.take(hear_message(self.record, data, source, MEDIA, self.case_id, NOW, now=LATER))

    @property
    def asks(self) -> list[tuple[str, k.AssistRequested]]:
        """What was asked of units, in order."""
        return [(to, data) for to, data in self.said if isinstance(data, k.AssistRequested)]

    def answer(self, *, done: bool = True, text: str = "已办") -> k.AssistAnswered:
        """The answer to what was asked last."""
        return k.AssistAnswered(version=1, assist_id=self.asks[-1][1].assist_id, done=done, text=text)


@pytest.fixture
def village() -> Holder:
    """It holds a case and has planned four steps."""
    holder = Holder()
    holder.does(plan(holder.case_id))
    return holder


def test_after_k_answers_exactly_k_plus_one_are_asked(village: Holder) -> None:
    """In their order, each with its number; custody stays, and each answer that comes again asks nothing."""
    for number in range(len(SHED)):
        assert [(to, step_of(data.ask)) for to, data in village.asks] == [
            (unit, (place, 4)) for place, (unit, _) in enumerate(SHED[: number + 1], 1)
        ]
        answer, unit = village.answer(), SHED[number][0]
        for _ in range(3):
            village.hears(answer, unit)
    assert len(village.asks) == len(SHED)
    assert (village.record.mine, village.record.version, village.record.status) == (True, 1, Status.OPEN)
    assert village.record.plan is not None
    assert village.record.plan.ended
    assert [one.done for one in village.record.plan.steps] == [True] * 4


def test_a_unit_reads_only_what_it_is_asked(village: Holder) -> None:
    """Which step of how many, its own ask, and no resident."""
    _, first = village.asks[0]
    assert first.ask == "（第 1/4 步 / step 1 of 4）测量"
    assert first.case.resident is None


def test_the_next_step_is_asked_when_the_answer_is_heard(village: Holder) -> None:
    """The clock of the next unit begins when it was asked, not when the one before has answered."""
    village.hears(village.answer(), SERVICE)
    assert [one.at for one in village.record.assists] == [NOW, LATER]


def test_a_no_stops_the_plan(village: Holder) -> None:
    """Nothing further is asked; a new plan may follow."""
    village.hears(village.answer(), SERVICE)
    no = village.answer(done=False)
    village.hears(no, CIVIL)
    village.hears(no, CIVIL)
    assert len(village.asks) == 2
    assert village.record.plan is not None
    assert village.record.plan.ended
    village.does(plan(village.case_id, SHED[1:]))
    assert step_of(village.asks[-1][1].ask) == (1, 3)


def test_an_answer_of_another_asks_nothing(village: Holder) -> None:
    """Of a unit that was not asked, and to help outside the plan."""
    village.hears(village.answer(), PARTY)
    village.does(c.AskAssist(case_id=village.case_id, to=PARTY, ask="借一台测距仪"))
    village.hears(village.answer(), PARTY)
    assert [step_of(data.ask) for _, data in village.asks] == [(1, 4), None]


def test_one_plan_at_a_time(village: Holder) -> None:
    """A second one is refused; taken back, the first asks nothing further, though its answer comes."""
    assert refusal(village.record, plan(village.case_id)) == "plan-running"
    village.does(c.MakePlan(case_id=village.case_id, steps=()))
    assert refusal(village.record, c.MakePlan(case_id=village.case_id, steps=())) == "no-plan"
    village.hears(village.answer(), SERVICE)
    assert len(village.asks) == 1


def test_who_may_plan_what(village: Holder) -> None:
    """Steps at the holder itself are its own work; helpers of a sensitive case are not told who the resident is."""
    other = Holder()
    assert refusal(other.record, plan(other.case_id, [(MEDIA, "自办")])) == "assist-self"
    theirs = other.record.with_(holder=PARTY, version=2)
    assert refusal(theirs, plan(other.case_id)) == "not-holder"
    patient = other.record.with_(case=other.record.case.model_copy(update={"sensitive": ("medical",)}))
    named = PlanStep(unit=PARTY, ask="上门", show_resident=True)
    assert refusal(patient, c.MakePlan(case_id=other.case_id, steps=(named,))) == "sensitive"
    with pytest.raises(ValueError, match="too_long"):
        plan(other.case_id, [(PARTY, "一步")] * (MOST_STEPS + 1))


def test_a_plan_waits_while_the_case_is_offered(village: Holder) -> None:
    """An answer that comes meanwhile counts; the next step is asked when the offer has come back."""
    village.does(c.Offer(case_id=village.case_id, to=(PARTY,)))
    village.hears(village.answer(), SERVICE)
    assert len(village.asks) == 1
    offer = village.record.offer_out
    assert offer is not None
    no = k.Declined(version=1, offer_id=offer.offer_id, reason=k.Reason.NOT_DUTY)
    village.hears(no, PARTY)
    assert [step_of(data.ask) for _, data in village.asks] == [(1, 4), (2, 4)]


@pytest.mark.parametrize("how", ["resolved", "taken"])
def test_a_plan_ends_with_the_holder_and_with_the_result(village: Holder, how: str) -> None:
    """And does not come back to life with a new round."""
    if how == "resolved":
        village.does(c.Resolve(case_id=village.case_id, outcome=k.Outcome.DONE, public_reply="已办"))
    else:
        village.does(c.Offer(case_id=village.case_id, to=(PARTY,)))
        offer = village.record.offer_out
        assert offer is not None
        village.hears(k.Accepted(version=2, offer_id=offer.offer_id, path=(MEDIA, PARTY)), PARTY)
    village.hears(village.answer(), SERVICE)
    assert len(village.asks) == 1
    if how == "resolved":
        village.does(c.Reopen(case_id=village.case_id, text="没办完"))
    assert village.record.plan is not None
    assert village.record.plan.ended
    assert len(village.asks) == 1


def test_former_holders_hear_of_each_step_without_its_text() -> None:
    """Stage and number travel; what was asked of whom stays between holder and unit."""
    first = Holder()
    record = first.record.with_(me=PARTY, holder=PARTY, version=2, path=(MEDIA, PARTY))
    party = Holder(record)
    party.does(plan(party.case_id, [(SERVICE, "核对王某的土地证"), (CIVIL, "落图")]))
    answer = party.answer().model_copy(update={"version": 2})
    party.take(hear_message(party.record, answer, SERVICE, PARTY, party.case_id, NOW))
    told = [(to, data) for to, data in party.said if isinstance(data, k.Progressed)]
    (to, progressed) = told[0]
    assert (to, progressed.stage, len(told)) == (MEDIA, STEP, 1)
    assert progressed.text == "第 1/2 步已完成 / step 1 of 2 is done"
    assert is_step(progressed)


def test_a_plan_outlives_the_assists_that_a_record_forgets(village: Holder) -> None:
    """Beyond the bound answered help is forgotten; the plan keeps what it knows."""
    village.hears(village.answer(), SERVICE)
    for _ in range(MOST_ASSISTS + 5):
        village.does(c.AskAssist(case_id=village.case_id, to=PARTY, ask="请协助"))
        village.hears(village.answer(), PARTY)
    second = next(one for one in village.record.assists if one.assistant == CIVIL)
    village.hears(k.AssistAnswered(version=1, assist_id=second.assist_id, done=True, text="已办"), CIVIL)
    assert step_of(village.asks[-1][1].ask) == (3, 4)


def test_a_record_of_v0_1_0_has_no_plan() -> None:
    """Nothing is asked for it, and it reads as it did."""
    holder = Holder()
    stored = holder.record.with_(plan=None, papers=()).model_dump(mode="json")
    assert not {"plan", "papers"} & stored.keys()
    old = Record.model_validate_json(Record.model_validate(stored, strict=False).model_dump_json())
    assert (old.plan, old.papers) == (None, ())


# -- what the desk reads ---------------------------------------------------------------------------------------------


def read(holder: Holder, answer: k.AssistAnswered) -> str:
    """The text of an answer on the desk."""
    message: Any = compose(answer, source=SERVICE, recipient=MEDIA, now=NOW, subject=holder.case_id, sequence=1)
    return str(told_of_plan(holder.record, message).data.text)


def test_the_desk_reads_which_step_was_answered_and_that_a_no_has_stopped_the_plan(village: Holder) -> None:
    """Help outside a plan reads as it was said."""
    yes, no = village.answer(text="已量"), village.answer(done=False, text="地界不清")
    assert read(village, yes) == "【第 1/4 步已完成 / done】已量"
    assert read(village, no) == "【第 1/4 步未办成，计划停止 / not done: the plan stops】地界不清"
    assert read(Holder(), yes) == "已量"
    assert len(read(village, village.answer(text="长" * 8000))) == 8000


# -- restored --------------------------------------------------------------------------------------------------------


@pytest.fixture
def planned(county: Restored) -> UUID:
    """A case at A with three steps at B, C and B; the first is asked."""
    case_id = county.register(A)
    does(county, A, plan(case_id, [(B, "测量"), (C, "落图"), (B, "审批")]))
    rest(county)
    return case_id


def answers(county: Restored, name: str, case_id: UUID) -> None:
    """A unit answers the oldest that it was asked."""
    does(county, name, c.AnswerAssist(case_id=case_id, done=True, text="已办"))


def asked(county: Restored, case_id: UUID) -> list[tuple[int, int]]:
    """Which steps the units were asked, as often as they were."""
    known = [(name, county.records(name).get(case_id)) for name in (B, C)]
    helps = [one for name, record in known if record for one in record.assists if one.assistant == name]
    return sorted(step_of(one.ask) or (0, 0) for one in helps)


def arrives(county: Restored, sender: str) -> None:
    """What one center says arrives, and nothing else moves."""
    county.relay(sender)
    while county.road.parcels:
        county.deliver()


def test_a_step_that_a_unit_has_heard_is_not_asked_again_after_a_restore(county: Restored, planned: UUID) -> None:
    """The backup knew only of the first step; the plan goes on from where it was."""
    backup = county.backup(A)
    answers(county, B, planned)
    rest(county)
    assert asked(county, planned) == [(1, 3), (2, 3)]
    county.put_back(A, backup)
    rest(county)
    assert asked(county, planned) == [(1, 3), (2, 3)]
    answers(county, C, planned)
    rest(county)
    answers(county, B, planned)
    rest(county)
    assert asked(county, planned) == [(1, 3), (2, 3), (3, 3)]
    after = known_at(county, A, planned).plan
    assert after is not None
    assert (after.ended, [one.done for one in after.steps]) == (True, [True] * 3)


def test_a_step_that_nobody_has_heard_is_asked_after_a_restore(county: Restored, planned: UUID) -> None:
    """The answer was heard, and the next ask was lost with the store."""
    backup = county.backup(A)
    answers(county, B, planned)
    arrives(county, B)
    plan_before = known_at(county, A, planned).plan
    assert plan_before is not None
    assert plan_before.steps[1].assist_id is not None
    county.put_back(A, backup)
    rest(county)
    assert asked(county, planned) == [(1, 3), (2, 3)]


def test_the_desk_is_told_of_an_answer_again_though_the_next_step_was_heard(county: Restored, planned: UUID) -> None:
    """The ask was the plan's and no command of the desk: so nobody takes the desk for having seen the answer."""
    backup = county.backup(A)
    answers(county, B, planned)
    rest(county)
    county.put_back(A, backup)
    rest(county)
    assert tasks(county, A).count(("case.assist-answered", False)) == 1


def tasks(county: Restored, name: str) -> list[tuple[str, bool]]:
    """What waits for the desk of a center: its kind, and whether the desk's own commands count as given."""
    with county.centers[name].store.reading() as tx:
        return [(str(kind), bool(said)) for kind, said in tx.execute(select(t.work.c.kind, t.work.c.said))]


def test_a_step_is_asked_after_a_restore_though_the_news_of_the_one_before_was_heard(county: Restored) -> None:
    """The answer has had a word in return, so it is not heard anew: the plan itself finds what is due."""
    case_id = county.register(B)
    does(county, B, c.Offer(case_id=case_id, to=(A,)))
    rest(county)
    does(county, A, c.Accept(case_id=case_id), plan(case_id, [(C, "测量"), (C, "落图")]))
    rest(county)
    backup = county.backup(A)
    answers(county, C, case_id)
    arrives(county, C)
    county.relay(A)
    county.road.parcels = [(to, body) for to, body in county.road.parcels if to == B]
    while county.road.parcels:
        county.deliver()
    assert asked(county, case_id) == [(1, 2)]
    county.put_back(A, backup)
    rest(county)
    assert asked(county, case_id) == [(1, 2), (2, 2)]


def test_a_plan_that_the_backup_does_not_know_runs_no_more_and_the_desk_reads_so(county: Restored) -> None:
    """What was asked is answered as any help is; nothing is asked without a plan, and nothing twice."""
    case_id = county.register(A)
    does(county, A, c.AskAssist(case_id=case_id, to=C, ask="请协助"))
    rest(county)
    backup = county.backup(A)
    does(county, A, plan(case_id, [(B, "测量"), (C, "落图")]))
    rest(county)
    county.put_back(A, backup)
    rest(county)
    answers(county, B, case_id)
    rest(county)
    record = known_at(county, A, case_id)
    assert record.plan is None
    assert asked(county, case_id) == [(0, 0), (1, 2)]
    step = next(one for one in record.assists if one.assistant == B)
    assert step.done is True
    answer = k.AssistAnswered(version=1, assist_id=step.assist_id, done=True, text="已办")
    assert read(Holder(record), answer).startswith("【第 1/2 步该计划已不在进行")


def test_a_plan_that_was_replaced_after_the_backup_does_not_come_back(county: Restored, planned: UUID) -> None:
    """A step of the later plan was heard: so the earlier one runs no more."""
    backup = county.backup(A)
    does(county, A, c.MakePlan(case_id=planned, steps=()), plan(planned, [(C, "另测")]))
    rest(county)
    county.put_back(A, backup)
    rest(county)
    answers(county, B, planned)
    answers(county, C, planned)
    rest(county)
    assert asked(county, planned) == [(1, 1), (1, 3)]


def test_a_plan_does_not_come_back_with_a_case_that_was_reopened_since(county: Restored) -> None:
    """The backup has it running; since then the case was resolved, closed and opened again."""
    case_id = county.register(B)
    does(county, B, c.Offer(case_id=case_id, to=(A,)))
    rest(county)
    does(county, A, c.Accept(case_id=case_id), plan(case_id, [(C, "测量"), (B, "落图")]))
    rest(county)
    backup = county.backup(A)
    does(county, A, c.Resolve(case_id=case_id, outcome=k.Outcome.DONE, public_reply="已办"))
    rest(county)
    does(county, B, c.Reopen(case_id=case_id, text="没办完"))
    answers(county, C, case_id)
    rest(county)
    county.put_back(A, backup)
    rest(county)
    record = known_at(county, A, case_id)
    assert (record.round, record.status) == (2, Status.OPEN)
    assert asked(county, case_id) == [(1, 2)]


def test_every_kind_that_a_plan_says_is_known_as_its_own() -> None:
    """Recovery tells what a plan says by itself from what a handler has commanded."""
    ask = k.AssistRequested.model_construct(ask="请协助")
    assert [is_step(ask), is_step(k.Progressed(version=1, stage="handling", text="…"))] == [False, False]
