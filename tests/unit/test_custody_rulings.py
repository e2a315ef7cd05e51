"""Rulings, told in examples: a dead or disputing center is overruled, and nothing it says afterwards brings it back."""

from uuid import UUID

import pytest

from bus.contract import messages as k
from bus.contract.case import Person
from bus.custody import Refusal, Status, decide, hear_message, register
from bus.custody import commands as c
from tests.unit.custody_model import invariants
from tests.unit.custody_model.cases import CIVIL, COUNTY, GRID, MEDIA, NOW, PARTY, SERVICE, TOWN, matter
from tests.unit.custody_model.world import Choice, World, town, with_clocks


@pytest.fixture
def world() -> World:
    """Six centers; the county is the arbiter."""
    return town(6)


@pytest.fixture
def case(world: World) -> UUID:
    """One case, held by the media center."""
    return world.register(MEDIA)


def offers(world: World, case: UUID, by: str, to: str) -> None:
    """An exclusive offer, brought."""
    assert world.does(by, c.Offer(case_id=case, to=(to,)))
    world.bring(by, to, case)


def complains(world: World, case: UUID, by: str) -> None:
    """A complaint of silence, brought to the arbiter."""
    assert world.does(by, c.AskArbiter(case_id=case, ground=k.Ground.SILENT))
    world.bring(by, COUNTY, case)


def rules(world: World, case: UUID, holder: str) -> None:
    """The arbiter's word; the news of it is still under way."""
    assert world.does(COUNTY, c.Rule(case_id=case, holder=holder, text="由你办理"))


def resolve(case: UUID) -> c.Resolve:
    """The lamp burns again."""
    return c.Resolve(case_id=case, outcome=k.Outcome.DONE, public_reply="已修好")


def rest(world: World) -> None:
    """Everything said is heard, and all agree."""
    world.settle(Choice(5))
    invariants.at_rest(world)


def test_late_accept_of_a_dead_center_is_superseded(world: World, case: UUID) -> None:
    """The one asked is dead; the arbiter gives the case to another; the dead one's accept comes too late."""
    offers(world, case, MEDIA, PARTY)
    complains(world, case, MEDIA)
    rules(world, case, CIVIL)
    world.bring(COUNTY, MEDIA, case)
    assert world.does(PARTY, c.Accept(case_id=case))
    accepted = world.lanes[PARTY, MEDIA, case].sent[-1]
    heard = hear_message(world.records[MEDIA, case], accepted, PARTY, MEDIA, case, NOW)
    assert (heard.record.holder, heard.record.version) == (CIVIL, 1000)
    rest(world)
    assert world.records[PARTY, case].holder == CIVIL
    assert world.records[PARTY, case].version == 1000


def test_ruling_reaches_one_whom_the_arbiter_could_not_see(world: World, case: UUID) -> None:
    """Handed on twice unheard, then ruled away: the last holder, unknown to the arbiter, is told by the origin."""
    offers(world, case, MEDIA, PARTY)
    assert world.does(PARTY, c.Accept(case_id=case))
    offers(world, case, PARTY, CIVIL)
    assert world.does(CIVIL, c.Accept(case_id=case))
    complains(world, case, MEDIA)
    rules(world, case, SERVICE)
    world.bring(COUNTY, MEDIA, case)
    assert world.records[CIVIL, case].mine
    rest(world)
    assert world.records[CIVIL, case].holder == SERVICE


def test_ruling_ends_an_offer_that_the_arbiter_did_not_know(world: World, case: UUID) -> None:
    """The holder is ruled away while another center has its offer: that center does not wait for ever."""
    offers(world, case, MEDIA, PARTY)
    assert world.does(PARTY, c.Accept(case_id=case))
    world.bring(PARTY, MEDIA, case)
    offers(world, case, PARTY, CIVIL)
    complains(world, case, MEDIA)
    rules(world, case, SERVICE)
    rest(world)
    assert world.records[CIVIL, case].offer_in is None


def test_closing_that_crosses_a_ruling_reaches_the_imposed_holder(world: World, case: UUID) -> None:
    """The resident was answered while the arbiter ruled: whoever was imposed on hears that all is done."""
    offers(world, case, MEDIA, PARTY)
    assert world.does(PARTY, c.Accept(case_id=case))
    world.bring(PARTY, MEDIA, case)
    complains(world, case, MEDIA)
    assert world.does(PARTY, resolve(case))
    rules(world, case, CIVIL)
    world.bring(PARTY, MEDIA, case)
    assert world.does(MEDIA, c.Close(case_id=case, replied_at=NOW))
    world.bring(COUNTY, CIVIL, case)
    assert world.records[CIVIL, case].status is Status.OPEN
    offers(world, case, CIVIL, SERVICE)
    assert world.does(SERVICE, c.Accept(case_id=case))
    rest(world)
    for center in (MEDIA, PARTY, CIVIL, SERVICE):
        assert world.records[center, case].status is Status.CLOSED


def test_reopening_that_crosses_a_ruling_reaches_the_imposed_holder(world: World, case: UUID) -> None:
    """Reopened while the arbiter, who knew only the first round, ruled: the imposed holder works in the second."""
    offers(world, case, MEDIA, PARTY)
    assert world.does(PARTY, c.Accept(case_id=case))
    world.bring(PARTY, MEDIA, case)
    complains(world, case, MEDIA)
    assert world.does(PARTY, resolve(case))
    world.bring(PARTY, MEDIA, case)
    assert world.does(MEDIA, c.Reopen(case_id=case, text="还是不亮"))
    rules(world, case, CIVIL)
    rest(world)
    assert world.records[CIVIL, case].round == 2


def test_result_that_a_ruling_overtook_does_not_stand(world: World, case: UUID) -> None:
    """The ruling was heard first: the overruled center's result changes nothing, and it learns so."""
    offers(world, case, MEDIA, PARTY)
    assert world.does(PARTY, c.Accept(case_id=case))
    world.bring(PARTY, MEDIA, case)
    complains(world, case, MEDIA)
    rules(world, case, CIVIL)
    world.bring(COUNTY, MEDIA, case)
    assert world.does(PARTY, resolve(case))
    rest(world)
    assert world.records[MEDIA, case].status is Status.OPEN
    assert world.records[PARTY, case].status is Status.OPEN


def test_progress_of_the_imposed_holder_before_the_ruling_is_heard(world: World, case: UUID) -> None:
    """The imposed holder speaks before the ruling comes: its word waits, and with the ruling a result is undone."""
    offers(world, case, MEDIA, PARTY)
    assert world.does(PARTY, c.Accept(case_id=case))
    world.bring(PARTY, MEDIA, case)
    complains(world, case, MEDIA)
    rules(world, case, CIVIL)
    assert world.does(PARTY, resolve(case))
    world.bring(COUNTY, CIVIL, case)
    assert world.does(CIVIL, c.Report(case_id=case, stage="visit", text="去现场"))
    world.deliver((CIVIL, PARTY, case), 1)
    assert world.records[PARTY, case].holder == PARTY
    world.bring(COUNTY, PARTY, case)
    world.bring(CIVIL, PARTY, case)
    assert world.records[PARTY, case].holder == CIVIL
    assert world.records[PARTY, case].status is Status.OPEN
    rest(world)


def test_case_comes_back_by_ruling_to_a_center_that_declined_it(world: World, case: UUID) -> None:
    """Imposed on the center that declined: it has the case, with its return on record."""
    for center in (PARTY, CIVIL):
        offers(world, case, MEDIA, center)
        assert world.does(center, c.Decline(case_id=case, reason=k.Reason.NOT_DUTY))
        world.bring(center, MEDIA, case)
    assert world.does(MEDIA, c.AskArbiter(case_id=case, ground=k.Ground.RETURNED))
    with pytest.raises(Refusal, match="decision-lent"):
        decide(world.records[MEDIA, case], resolve(case), NOW)
    world.bring(MEDIA, COUNTY, case)
    rules(world, case, PARTY)
    rest(world)
    assert world.records[PARTY, case].mine
    assert world.records[PARTY, case].times_returned == 2
    assert world.does(PARTY, resolve(case))


def test_upheld_and_imposed(world: World, case: UUID) -> None:
    """A ruling for the one who asked upholds; any other imposes."""
    assert world.does(MEDIA, c.AskArbiter(case_id=case, ground=k.Ground.DISPUTED))
    world.bring(MEDIA, COUNTY, case)
    for holder, ruling in ((MEDIA, k.Ruling.UPHELD), (COUNTY, k.Ruling.IMPOSED)):
        decision = decide(world.records[COUNTY, case], c.Rule(case_id=case, holder=holder, text="定"), NOW)
        said = decision.outgoing[0].data
        assert isinstance(said, k.Ruled)
        assert said.ruling is ruling
        assert decision.record.version == 1000


def test_arbiter_does_not_take_a_complainant_for_the_holder(world: World, case: UUID) -> None:
    """The origin complains of a silent holder: the arbiter knows who is silent, and an offer of his is still heard."""
    offers(world, case, MEDIA, PARTY)
    assert world.does(PARTY, c.Accept(case_id=case))
    world.bring(PARTY, MEDIA, case)
    complains(world, case, MEDIA)
    assert world.records[COUNTY, case].holder == PARTY
    offers(world, case, PARTY, COUNTY)
    assert world.does(COUNTY, c.Accept(case_id=case))
    rest(world)


def test_imposed_holder_learns_who_the_resident_is(world: World) -> None:
    """Who once helped without knowing the resident is told when the case is imposed on him."""
    person = Person(name="包桂英")
    record = register(c.Register(case=matter(MEDIA, person)), MEDIA, COUNTY).record
    case = record.case.case_id
    helped = decide(record, c.AskAssist(case_id=case, to=GRID, ask="请协助"), NOW)
    grid = hear_message(None, helped.outgoing[0].data, MEDIA, GRID, case, NOW).record
    asked = decide(record, c.AskArbiter(case_id=case, ground=k.Ground.DISPUTED), NOW)
    county = hear_message(None, asked.outgoing[0].data, MEDIA, COUNTY, case, NOW).record
    ruled = decide(county, c.Rule(case_id=case, holder=GRID, text="定"), NOW)
    told = next(outgoing.data for outgoing in ruled.outgoing if outgoing.to == GRID)
    grid = hear_message(grid, told, COUNTY, GRID, case, NOW).record
    assert grid.mine
    assert grid.case.resident == person
    assert grid.arbiter == COUNTY


def test_who_may_ask_and_who_rules(world: World, case: UUID) -> None:
    """Each refusal around the arbiter has its code."""
    offers(world, case, MEDIA, PARTY)
    ask = c.AskArbiter(case_id=case, ground=k.Ground.SILENT)
    rule = c.Rule(case_id=case, holder=PARTY, text="定")
    media, party = world.records[MEDIA, case], world.records[PARTY, case]
    asked = decide(media, ask, NOW).record
    resolved = decide(media.with_(offer_out=None), resolve(case), NOW).record
    for code, record, command in (
        ("not-holder", party, ask),
        ("arbitration-asked", asked, ask),
        ("no-arbiter", media.with_(arbiter=None), ask),
        ("arbiter", media.with_(arbiter=MEDIA), ask),
        ("not-arbiter", media, rule),
        ("not-open", resolved.with_(arbiter=MEDIA), rule),
    ):
        with pytest.raises(Refusal) as refused:
            decide(record, command, NOW)
        assert refused.value.code == code


def test_who_is_not_believed(world: World, case: UUID) -> None:
    """A ruling from anyone else is refused, and so is a complaint to anyone else; an old question is stale."""
    offers(world, case, MEDIA, PARTY)
    complains(world, case, MEDIA)
    old = world.lanes[MEDIA, COUNTY, case].sent[-1].model_copy(update={"ground": k.Ground.DISPUTED})
    rules(world, case, PARTY)
    ruled = world.lanes[COUNTY, MEDIA, case].sent[-1]
    for data, source, me, code in (
        (ruled, CIVIL, MEDIA, "not-arbiter"),
        (old, MEDIA, PARTY, "not-arbiter"),
        (old, MEDIA, COUNTY, "stale"),
    ):
        with pytest.raises(Refusal) as refused:
            hear_message(world.records[me, case], data, source, me, case, NOW)
        assert refused.value.code == code


def test_a_complaint_that_crossed_a_close_and_a_reopening_is_awaited_no_more() -> None:
    """Who complained in a round that was closed since hears of no ruling, and must be free to complain again."""
    one, two, arbiter = TOWN[:3]
    world = World((one, two, arbiter), arbiter)
    case = world.register(one)
    for who, command, heard_by in (
        (one, c.Offer(case_id=case, to=(two,)), (two,)),
        (two, c.Accept(case_id=case), ()),
        (two, c.Offer(case_id=case, to=(arbiter,)), (arbiter,)),
        (arbiter, c.Accept(case_id=case), (two,)),
        (two, c.AskArbiter(case_id=case, ground=k.Ground.SILENT), (arbiter,)),
        (arbiter, c.Resolve(case_id=case, outcome=k.Outcome.DONE, public_reply="已修好"), (two, one)),
    ):
        assert world.does(who, command)
        for other in heard_by:
            world.bring(who, other, case)
    world.bring(two, one, case)
    assert world.does(one, c.Close(case_id=case, replied_at=NOW))
    assert world.does(one, c.Reopen(case_id=case, text="还是不亮"))
    world.bring(one, arbiter, case)
    assert world.does(arbiter, c.Resolve(case_id=case, outcome=k.Outcome.DONE, public_reply="又修好"))
    world.bring(arbiter, two, case)  # of the second round, before the close of the first
    assert world.records[two, case].arbitration is None
    world.settle(Choice(1))
    invariants.at_rest(world)


def silent(world: World, case: UUID) -> None:
    """The party center has the case and says nothing; the origin complains."""
    offers(world, case, MEDIA, PARTY)
    assert world.does(PARTY, c.Accept(case_id=case))
    world.bring(PARTY, MEDIA, case)
    complains(world, case, MEDIA)


def test_the_arbiter_that_was_asked_hears_the_close_and_rules_no_more(world: World, case: UUID) -> None:
    """It never held the case: the origin, which asked it, tells it that the resident was answered."""
    silent(world, case)
    assert world.does(PARTY, resolve(case))
    world.bring(PARTY, MEDIA, case)
    assert world.does(MEDIA, c.Close(case_id=case, replied_at=NOW))
    world.bring(MEDIA, COUNTY, case)
    with pytest.raises(Refusal, match="not-open"):
        decide(world.records[COUNTY, case], c.Rule(case_id=case, holder=CIVIL, text="由你办理"), NOW)
    assert world.does(MEDIA, c.Reopen(case_id=case, text="还是不亮"))
    rest(world)
    assert (world.records[COUNTY, case].status, world.records[COUNTY, case].round) == (Status.OPEN, 2)


def test_the_arbiter_that_has_ruled_hears_the_result(world: World, case: UUID) -> None:
    """The holder knows by the version that it has ruled, also after another hand-over."""
    silent(world, case)
    rules(world, case, CIVIL)
    rest(world)
    offers(world, case, CIVIL, SERVICE)
    assert world.does(SERVICE, c.Accept(case_id=case))
    assert world.does(SERVICE, resolve(case))
    world.bring(SERVICE, COUNTY, case)
    assert (world.records[COUNTY, case].holder, world.records[COUNTY, case].status) == (SERVICE, Status.RESOLVED)


def test_an_arbiter_that_nobody_asked_is_told_nothing(world: World, case: UUID) -> None:
    """It does not know the case: what it cannot understand would wait there for ever."""
    assert world.does(MEDIA, resolve(case))
    assert world.does(MEDIA, c.Close(case_id=case, replied_at=NOW))
    assert world.waiting == []


def closes_unaware_of_a_complaint(world: World, case: UUID) -> None:
    """A former holder has asked the arbiter; the origin has not heard of that, and closes the case."""
    offers(world, case, MEDIA, PARTY)
    assert world.does(PARTY, c.Accept(case_id=case))
    offers(world, case, PARTY, CIVIL)
    assert world.does(CIVIL, c.Accept(case_id=case))
    world.bring(CIVIL, PARTY, case)
    complains(world, case, PARTY)
    world.bring(PARTY, MEDIA, case)
    world.bring(CIVIL, MEDIA, case)
    assert world.does(CIVIL, resolve(case))
    world.bring(CIVIL, MEDIA, case)
    assert world.does(MEDIA, c.Close(case_id=case, replied_at=NOW))


def test_a_ruling_that_crosses_the_close_is_answered_by_it(world: World, case: UUID) -> None:
    """Who asked was not the origin, which learns of the arbiter by its ruling, after the close."""
    closes_unaware_of_a_complaint(world, case)
    rules(world, case, SERVICE)
    world.bring(COUNTY, MEDIA, case)
    assert isinstance(world.lanes[MEDIA, COUNTY, case].sent[-1], k.Closed)
    world.bring(MEDIA, COUNTY, case)
    assert world.records[COUNTY, case].status is Status.CLOSED


@pytest.mark.parametrize("new", [False, True])
def test_who_asked_passes_the_close_on_to_an_arbiter_that_takes_it(new: bool) -> None:
    """The origin does not know that a former holder asked. A program of v0.1.0 takes a close from it alone."""
    world = town(6)
    case = world.register(MEDIA)
    if new:
        world = with_clocks(world)
    closes_unaware_of_a_complaint(world, case)
    rest(world)
    assert (world.records[COUNTY, case].status is Status.CLOSED) == new
    assert world.refused == []


@pytest.mark.parametrize("answer", ["decline", "withdrawal", "accept", "bid"])
def test_a_complaint_of_silence_ends_with_the_answer(world: World, case: UUID, answer: str) -> None:
    """The offerer complained, then the silent center answers: the offerer decides again, and may complain again."""
    mode = k.Mode.OPEN if answer == "bid" else k.Mode.EXCLUSIVE
    assert world.does(MEDIA, c.Offer(case_id=case, to=(PARTY,), mode=mode))
    world.bring(MEDIA, PARTY, case)
    complains(world, case, MEDIA)
    if answer == "withdrawal":
        assert world.does(MEDIA, c.Withdraw(case_id=case))
        world.bring(MEDIA, PARTY, case)
    elif answer == "decline":
        assert world.does(PARTY, c.Decline(case_id=case, reason=k.Reason.NOT_DUTY))
    else:
        assert world.does(PARTY, c.Accept(case_id=case))
    world.bring(PARTY, MEDIA, case)
    record = world.records[MEDIA, case]
    assert record.arbitration is None
    assert record.arbitration_at is None
    if record.mine:
        offers(world, case, MEDIA, CIVIL)
    rules(world, case, SERVICE)
    rest(world)
    assert world.records[MEDIA, case].holder == SERVICE


@pytest.mark.parametrize("word", ["progress", "result"])
def test_a_complaint_about_a_silent_holder_ends_with_its_word(world: World, case: UUID, word: str) -> None:
    """The origin need not wait for a ruling that it no longer wants; one that comes still counts."""
    silent(world, case)
    done = c.Report(case_id=case, stage="visit", text="去现场") if word == "progress" else resolve(case)
    assert world.does(PARTY, done)
    world.bring(PARTY, MEDIA, case)
    assert world.records[MEDIA, case].arbitration is None
    rules(world, case, CIVIL)
    rest(world)
    assert world.records[MEDIA, case].holder == CIVIL


def test_an_open_offer_is_answered_when_all_have_answered(world: World, case: UUID) -> None:
    """One decline of two does not end the complaint about the other."""
    assert world.does(MEDIA, c.Offer(case_id=case, to=(PARTY, CIVIL), mode=k.Mode.OPEN))
    for center, awaited in ((PARTY, COUNTY), (CIVIL, None)):
        world.bring(MEDIA, center, case)
        if center == PARTY:
            complains(world, case, MEDIA)
        assert world.does(center, c.Decline(case_id=case, reason=k.Reason.NO_CAPACITY))
        world.bring(center, MEDIA, case)
        assert world.records[MEDIA, case].arbitration == awaited
