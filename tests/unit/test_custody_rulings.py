"""Rulings, told in examples: a dead or disputing center is overruled, and nothing it says afterwards brings it back."""

from uuid import UUID

import pytest

from bus.contract import messages as k
from bus.contract.case import Person
from bus.custody import Refusal, Status, decide, hear_message, register
from bus.custody import commands as c
from tests.unit.custody_model import invariants
from tests.unit.custody_model.cases import CIVIL, COUNTY, GRID, MEDIA, NOW, PARTY, SERVICE, TOWN, matter
from tests.unit.custody_model.world import Choice, World, town


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
