"""Custody, told in examples: what each word does, and which words are refused."""

from uuid import UUID

import pytest

from bus.contract import messages as k
from bus.contract.case import Person
from bus.custody import Record, Refusal, Status, decide, hear_message, register
from bus.custody import commands as c
from bus.custody.progress import WITHHELD
from tests.unit.custody_model import invariants
from tests.unit.custody_model.cases import CIVIL, COUNTY, MEDIA, NOW, PARTY, SERVICE, matter
from tests.unit.custody_model.world import Choice, World, town


@pytest.fixture
def world() -> World:
    """Six centers; the county is the arbiter."""
    return town(6)


@pytest.fixture
def case(world: World) -> UUID:
    """One case, held by the media center."""
    return world.register(MEDIA)


def offered(world: World, case: UUID, *to: str, by: str = MEDIA) -> None:
    """Offer the case and bring the offer: to one exclusively, to several openly."""
    mode = k.Mode.EXCLUSIVE if len(to) == 1 else k.Mode.OPEN
    assert world.does(by, c.Offer(case_id=case, to=to, mode=mode))
    for center in to:
        world.bring(by, center, case)


def handed(world: World, case: UUID, by: str, to: str) -> None:
    """Offer and accept; the news of it is still under way."""
    offered(world, case, to, by=by)
    assert world.does(to, c.Accept(case_id=case))


def resolve(case: UUID) -> c.Resolve:
    """The lamp burns again."""
    return c.Resolve(case_id=case, outcome=k.Outcome.DONE, public_reply="已修好")


def refusal(record: Record, command: c.Command) -> str:
    """The code with which custody refuses ``command``."""
    with pytest.raises(Refusal) as refused:
        decide(record, command, NOW)
    return refused.value.code


def test_registered_case_is_held_by_its_origin(world: World, case: UUID) -> None:
    """Who heard the resident holds the case, at version 1."""
    record = world.records[MEDIA, case]
    assert (record.holder, record.version, record.path, record.status) == (MEDIA, 1, (MEDIA,), Status.OPEN)


def test_only_the_origin_registers() -> None:
    """Nobody registers a case that another center heard."""
    with pytest.raises(Refusal, match="not-origin"):
        register(c.Register(case=matter(PARTY)), MEDIA, None)


def test_offer_lends_the_decision(world: World, case: UUID) -> None:
    """While an offer waits, the offerer stays holder and may do nothing but urge and ask it back."""
    offered(world, case, PARTY)
    record = world.records[MEDIA, case]
    assert record.mine
    assert refusal(record, resolve(case)) == "decision-lent"
    assert refusal(record, c.Offer(case_id=case, to=(CIVIL,))) == "decision-lent"
    assert world.does(MEDIA, c.Urge(case_id=case, text="请尽快"))
    world.bring(MEDIA, PARTY, case)
    assert world.records[PARTY, case].urges == 1


def test_accept_moves_custody_in_one_step(world: World, case: UUID) -> None:
    """The acceptor is the holder at once, one version up; the offerer learns it."""
    handed(world, case, MEDIA, PARTY)
    assert world.records[PARTY, case].mine
    assert world.records[PARTY, case].version == 2
    world.bring(PARTY, MEDIA, case)
    assert world.records[MEDIA, case].holder == PARTY
    assert world.records[MEDIA, case].offer_out is None


def test_decline_leaves_the_holder(world: World, case: UUID) -> None:
    """A declined case never left its holder, who keeps the reason and may go on."""
    offered(world, case, PARTY)
    assert world.does(PARTY, c.Decline(case_id=case, reason=k.Reason.NOT_DUTY))
    world.bring(PARTY, MEDIA, case)
    record = world.records[MEDIA, case]
    assert (record.holder, record.version, record.times_returned) == (MEDIA, 1, 1)
    assert world.does(MEDIA, resolve(case))


def test_third_round_goes_to_the_arbiter(world: World, case: UUID) -> None:
    """Sent back twice, a case is offered no more: 推诿 goes to the arbiter."""
    for center in (PARTY, CIVIL):
        offered(world, case, center)
        assert world.does(center, c.Decline(case_id=case, reason=k.Reason.NOT_DUTY))
        world.bring(center, MEDIA, case)
    assert refusal(world.records[MEDIA, case], c.Offer(case_id=case, to=(SERVICE,))) == "needs-arbiter"
    decide(world.records[MEDIA, case], c.Offer(case_id=case, to=(SERVICE,)), NOW, returns_before_arbiter=3)


def test_no_offer_back_to_a_center_that_had_it(world: World, case: UUID) -> None:
    """A case is not played back to where it came from, nor to who declined it."""
    handed(world, case, MEDIA, PARTY)
    assert refusal(world.records[PARTY, case], c.Offer(case_id=case, to=(MEDIA,))) == "needs-arbiter"
    offered(world, case, CIVIL, by=PARTY)
    assert world.does(CIVIL, c.Decline(case_id=case, reason=k.Reason.NOT_DUTY))
    world.bring(CIVIL, PARTY, case)
    assert refusal(world.records[PARTY, case], c.Offer(case_id=case, to=(CIVIL,))) == "needs-arbiter"


def test_withdrawal_before_the_answer(world: World, case: UUID) -> None:
    """Asked back before it was decided, the offer ends and the decision returns."""
    offered(world, case, PARTY)
    assert world.does(MEDIA, c.Withdraw(case_id=case))
    world.bring(MEDIA, PARTY, case)
    assert refusal(world.records[PARTY, case], c.Accept(case_id=case)) == "no-offer"
    assert world.records[MEDIA, case].decision_pending, "the withdrawal is a request until it is answered"
    world.bring(PARTY, MEDIA, case)
    assert not world.records[MEDIA, case].decision_pending


def test_accept_before_the_withdrawal(world: World, case: UUID) -> None:
    """Accepted before the withdrawal came: the accept was first and stands, at both ends."""
    offered(world, case, PARTY)
    assert world.does(MEDIA, c.Withdraw(case_id=case))
    assert world.does(PARTY, c.Accept(case_id=case))
    world.settle(Choice(0))
    invariants.at_rest(world)
    assert world.records[MEDIA, case].holder == PARTY


def test_first_bid_to_arrive_wins_an_open_offer(world: World, case: UUID) -> None:
    """Two bid at once; the offerer grants the first that reaches it and tells the other that it lost."""
    offered(world, case, PARTY, CIVIL, SERVICE)
    assert world.does(PARTY, c.Accept(case_id=case))
    assert world.does(CIVIL, c.Accept(case_id=case))
    assert not world.records[CIVIL, case].mine, "a bid moves nothing"
    assert refusal(world.records[CIVIL, case], c.Accept(case_id=case)) == "bid-made"
    world.bring(CIVIL, MEDIA, case)
    world.bring(PARTY, MEDIA, case)
    world.settle(Choice(0))
    invariants.at_rest(world)
    assert world.records[CIVIL, case].mine
    assert world.records[PARTY, case].offer_in is None
    assert world.records[SERVICE, case].offer_in is None


def test_a_grant_that_crosses_a_bid_taken_back_stands(world: World, case: UUID) -> None:
    """Granted before the offerer heard that the bid is taken back: the bidder holds the case, at both ends."""
    offered(world, case, PARTY, CIVIL)
    assert world.does(PARTY, c.Accept(case_id=case))
    world.bring(PARTY, MEDIA, case)
    assert world.does(PARTY, c.Decline(case_id=case, reason=k.Reason.NO_CAPACITY))
    world.settle(Choice(0))
    invariants.at_rest(world)
    assert world.records[PARTY, case].mine
    assert world.records[MEDIA, case].holder == PARTY


def test_bid_crossing_a_withdrawal_does_not_win(world: World, case: UUID) -> None:
    """Asked back before a bid came: no grant, and every leg ends."""
    offered(world, case, PARTY, CIVIL)
    assert world.does(PARTY, c.Accept(case_id=case))
    assert world.does(MEDIA, c.Withdraw(case_id=case))
    world.settle(Choice(3))
    invariants.at_rest(world)
    assert world.records[MEDIA, case].mine
    assert world.records[MEDIA, case].offer_out is None


@pytest.mark.parametrize("order", range(6))
def test_origin_learns_of_two_hand_overs_in_any_order(world: World, case: UUID, order: int) -> None:
    """Handed on twice, then resolved: in whichever order the news comes, the origin ends with the last word."""
    handed(world, case, MEDIA, PARTY)
    handed(world, case, PARTY, CIVIL)
    assert world.does(CIVIL, resolve(case))
    bring = [(PARTY, MEDIA), (CIVIL, MEDIA), (CIVIL, PARTY)]
    for step in range(3):
        world.bring(*bring[(order + step * (1 if order < 3 else 2)) % 3], case)
    invariants.at_rest(world)
    assert world.records[MEDIA, case].holder == CIVIL
    assert world.records[MEDIA, case].status is Status.RESOLVED


def test_answer_comes_through_though_the_middle_center_is_down(world: World, case: UUID) -> None:
    """The origin closes the case while the center between says and hears nothing."""
    handed(world, case, MEDIA, PARTY)
    handed(world, case, PARTY, CIVIL)
    assert world.does(CIVIL, resolve(case))
    world.bring(CIVIL, MEDIA, case)
    assert world.does(MEDIA, c.Close(case_id=case, replied_at=NOW))
    world.bring(MEDIA, CIVIL, case)
    assert world.records[CIVIL, case].status is Status.CLOSED


def test_assist_keeps_the_holder_and_hides_the_resident(world: World) -> None:
    """Help is asked without handing over, and without naming the resident unless that is wished."""
    person = Person(name="包桂英", phone="13800000000")
    record = register(c.Register(case=matter(MEDIA, person)), MEDIA, None).record
    case = record.case.case_id
    hidden = decide(record, c.AskAssist(case_id=case, to=PARTY, ask="请协助"), NOW)
    shown = decide(record, c.AskAssist(case_id=case, to=PARTY, ask="请协助", show_resident=True), NOW)
    asked, named = hidden.outgoing[0].data, shown.outgoing[0].data
    assert isinstance(asked, k.AssistRequested)
    assert isinstance(named, k.AssistRequested)
    assert hidden.record.mine
    assert asked.case.resident is None
    assert named.case.resident == person
    assert refusal(record, c.AskAssist(case_id=case, to=MEDIA, ask="?")) == "assist-self"


def test_anonymous_resident_stays_with_the_origin(world: World) -> None:
    """No offer, no request for help and no ruling names a resident who asked not to be named."""
    person = Person(name="包桂英", anonymous=True)
    record = register(c.Register(case=matter(MEDIA, person)), MEDIA, COUNTY).record
    case = record.case.case_id
    asks: tuple[c.Command, ...] = (
        c.Offer(case_id=case, to=(PARTY,)),
        c.AskAssist(case_id=case, to=PARTY, ask="请协助", show_resident=True),
        c.AskArbiter(case_id=case, ground=k.Ground.DISPUTED),
    )
    for ask in asks:
        said = decide(record, ask, NOW).outgoing[0].data
        assert isinstance(said, k.Offered | k.AssistRequested | k.ArbitrationRequested)
        assert said.case.resident is None
        assert said.case.text == record.case.text


def test_help_given_after_the_case_moved_reaches_its_new_holder(world: World, case: UUID) -> None:
    """The one who asked for help passes the answer on to whoever has the case now."""
    assert world.does(MEDIA, c.AskAssist(case_id=case, to=SERVICE, ask="请协助"))
    world.bring(MEDIA, SERVICE, case)
    handed(world, case, MEDIA, PARTY)
    world.bring(PARTY, MEDIA, case)
    assert world.does(SERVICE, c.AnswerAssist(case_id=case, done=True, text="已协助"))
    world.bring(SERVICE, MEDIA, case)
    passed_on = world.lanes[MEDIA, PARTY, case].sent[-1]
    assert isinstance(passed_on, k.AssistAnswered)
    world.settle(Choice(0))
    assert refusal(world.records[SERVICE, case], c.AnswerAssist(case_id=case, done=True, text="又")) == "no-assist"


def test_urge_follows_the_case(world: World, case: UUID) -> None:
    """An urge that comes too late to a former holder goes on to the present one."""
    handed(world, case, MEDIA, PARTY)
    world.bring(PARTY, MEDIA, case)
    handed(world, case, PARTY, CIVIL)
    world.bring(CIVIL, PARTY, case)
    assert world.does(MEDIA, c.Urge(case_id=case, text="请尽快"))
    world.bring(MEDIA, PARTY, case)
    world.bring(PARTY, CIVIL, case)
    assert world.records[CIVIL, case].urges == 1


def test_urge_to_one_who_declined_changes_nothing(world: World, case: UUID) -> None:
    """An urge that crosses a decline is superseded and leaves the record as it was."""
    offered(world, case, PARTY)
    assert world.does(PARTY, c.Decline(case_id=case, reason=k.Reason.NOT_DUTY))
    record = world.records[PARTY, case]
    heard = hear_message(record, k.Urged(version=1, text="请尽快"), MEDIA, PARTY, case, NOW)
    assert heard.superseded
    assert heard.record == record


def test_closed_only_through_a_reply(world: World, case: UUID) -> None:
    """Only the origin closes, and only after a result; then everyone who held the case knows."""
    handed(world, case, MEDIA, PARTY)
    world.bring(PARTY, MEDIA, case)
    close = c.Close(case_id=case, replied_at=NOW)
    assert refusal(world.records[MEDIA, case], close) == "not-resolved"
    assert refusal(world.records[PARTY, case], close) == "not-origin"
    assert world.does(PARTY, resolve(case))
    world.bring(PARTY, MEDIA, case)
    assert world.does(MEDIA, close)
    assert refusal(world.records[MEDIA, case], close) == "closed"
    world.settle(Choice(0))
    assert world.records[PARTY, case].status is Status.CLOSED


def test_result_that_comes_after_the_closing_is_kept(world: World, case: UUID) -> None:
    """The origin's closing overtakes the holder's result on its way to a third: both arrive, nothing reopens."""
    handed(world, case, MEDIA, PARTY)
    handed(world, case, PARTY, CIVIL)
    assert world.does(CIVIL, resolve(case))
    world.bring(CIVIL, MEDIA, case)
    assert world.does(MEDIA, c.Close(case_id=case, replied_at=NOW))
    world.bring(MEDIA, PARTY, case)
    assert world.records[PARTY, case].status is Status.CLOSED
    world.bring(CIVIL, PARTY, case)
    assert world.records[PARTY, case].status is Status.CLOSED
    assert world.records[PARTY, case].result is not None


def test_reopened_case_goes_back_to_its_last_holder_in_a_new_round(world: World, case: UUID) -> None:
    """A resident who is not content starts the next round; the former result does not count any more."""
    handed(world, case, MEDIA, PARTY)
    assert world.does(PARTY, resolve(case))
    world.settle(Choice(0))
    assert refusal(world.records[PARTY, case], c.Reopen(case_id=case, text="还是不亮")) == "not-origin"
    assert world.does(MEDIA, c.Reopen(case_id=case, text="还是不亮"))
    assert refusal(world.records[MEDIA, case], c.Reopen(case_id=case, text="还是不亮")) == "open"
    world.settle(Choice(0))
    record = world.records[PARTY, case]
    assert (record.mine, record.status, record.round, record.result) == (True, Status.OPEN, 2, None)
    assert world.does(PARTY, resolve(case))


def test_one_rating_a_round_for_each_kind_of_rater(world: World, case: UUID) -> None:
    """一事一评: the resident rates once a round; a survey is counted apart."""
    record = world.records[MEDIA, case]
    assert refusal(record, c.Rate(case_id=case, grade=5)) == "not-resolved"
    record = decide(record, resolve(case), NOW).record
    record = decide(record, c.Rate(case_id=case, grade=2), NOW).record
    assert refusal(record, c.Rate(case_id=case, grade=5)) == "already-rated"
    record = decide(record, c.Rate(case_id=case, grade=4, rater=k.Rater.SURVEY), NOW).record
    record = decide(record, c.Reopen(case_id=case, text="还是不亮"), NOW).record
    record = decide(decide(record, resolve(case), NOW).record, c.Rate(case_id=case, grade=5), NOW).record
    assert [(given.round, given.grade) for given in record.ratings] == [(1, 2), (1, 4), (2, 5)]


@pytest.mark.parametrize("mark", ["包桂英", "13800000000", "幸福小区3号楼"])
def test_publication_that_names_the_resident_is_refused(mark: str) -> None:
    """Neither title nor text of what goes to the public names the resident."""
    person = Person(name="包桂英", phone="13800000000", address="幸福小区3号楼")
    record = register(c.Register(case=matter(MEDIA, person)), MEDIA, None).record
    case = record.case.case_id
    assert refusal(record, c.Publish(case_id=case, title="路灯", text="已修好")) == "not-resolved"
    record = decide(record, resolve(case), NOW).record
    assert refusal(record, c.Publish(case_id=case, title="路灯", text=f"为{mark}修好")) == "names-resident"
    assert refusal(record, c.Publish(case_id=case, title=f"{mark}的路灯", text="已修好")) == "names-resident"
    assert decide(record, c.Publish(case_id=case, title="路灯", text="已修好"), NOW).record == record


def test_instant_resolution_is_work_for_the_origins_own_desk(world: World, case: UUID) -> None:
    """即时办结: registered and resolved at one center, whose own desk then replies to the resident."""
    instant = resolve(case).model_copy(update={"instant": True})
    decision = decide(world.records[MEDIA, case], instant, NOW)
    assert [outgoing.to for outgoing in decision.outgoing] == [MEDIA]
    assert decision.record.result is not None
    assert decision.record.result.instant


def test_who_has_handed_a_case_on_is_told_the_status_and_the_reply_alone(world: World, case: UUID) -> None:
    """The note of the holder's staff, and progress that is not for the public, stay with the holder."""
    handed(world, case, MEDIA, PARTY)
    record = world.records[PARTY, case]
    noted = resolve(case).model_copy(update={"internal_note": "诊断书已看"})
    (resolved,) = [outgoing.data for outgoing in decide(record, noted, NOW).outgoing]
    assert isinstance(resolved, k.Resolved)
    assert (resolved.public_reply, resolved.internal_note) == ("已修好", None)
    report = c.Report(case_id=case, stage="visit", text="诊断书已看", public=False, due=NOW)
    (progressed,) = [outgoing.data for outgoing in decide(record, report, NOW).outgoing]
    assert isinstance(progressed, k.Progressed)
    assert (progressed.stage, progressed.due, progressed.text) == ("visit", NOW, WITHHELD)


def test_the_origins_own_desk_reads_its_own_note(world: World, case: UUID) -> None:
    """Nobody has handed the case on: its own system gets all of it."""
    noted = resolve(case).model_copy(update={"internal_note": "两人一车"})
    (own,) = decide(world.records[MEDIA, case], noted, NOW).outgoing
    assert isinstance(own.data, k.Resolved)
    assert (own.to, own.data.internal_note) == (MEDIA, "两人一车")


def test_progress_is_news_to_all_who_held_the_case(world: World, case: UUID) -> None:
    """The holder's progress goes to everyone on the path, and nobody else may report."""
    handed(world, case, MEDIA, PARTY)
    handed(world, case, PARTY, CIVIL)
    report = c.Report(case_id=case, stage="visit", text="去现场")
    decision = decide(world.records[CIVIL, case], report, NOW)
    assert {outgoing.to for outgoing in decision.outgoing} == {MEDIA, PARTY}
    assert refusal(world.records[PARTY, case], report) == "not-holder" or world.records[PARTY, case].mine
