"""Custody is believed only of a center that may say it: a member that lies, told in examples.

The liar knows the case, signs with its own key, and says what the schema allows.
"""

from collections.abc import Callable
from uuid import UUID

import pytest

from bus.contract import messages as k
from bus.contract.ids import new_id
from bus.custody import EARLY, Record, Refusal, decide, hear_message
from bus.custody import commands as c
from bus.custody.record import HIGHEST_VERSION
from tests.unit.custody_model.cases import CIVIL, COUNTY, GRID, MEDIA, NOW, PARTY, SERVICE, matter
from tests.unit.custody_model.world import Choice, World, town
from tests.unit.test_custody import handed, offered, resolve
from tests.unit.test_custody_refusals import unheard

LIAR = SERVICE
"""A member that this case has never come to."""
Claim = Callable[[Record, int], k.CaseKind]


@pytest.fixture
def world() -> World:
    """Six centers; the county is the arbiter."""
    return town(6)


@pytest.fixture
def case(world: World) -> UUID:
    """One case, held by the media center."""
    return world.register(MEDIA)


def progressed(_record: Record, version: int) -> k.Progressed:
    """I am at work on it."""
    return k.Progressed(version=version, stage="visit", text="去现场")


def resolved(record: Record, version: int) -> k.Resolved:
    """It is done."""
    return k.Resolved(version=version, round=record.round, outcome=k.Outcome.DONE, public_reply="办好了")


def accepted(_record: Record, version: int) -> k.Accepted:
    """I have taken it."""
    return k.Accepted(version=version, offer_id=new_id())


def granted(_record: Record, version: int) -> k.Granted:
    """I had it, and have given it on."""
    return k.Granted(version=version, offer_id=new_id(), to=LIAR)


def offering(record: Record, version: int) -> k.Offered:
    """The case stands with me, and you are asked to take it."""
    return k.Offered(version=version, offer_id=new_id(), mode=k.Mode.EXCLUSIVE, case=record.case, path=(LIAR,))


def assisting(record: Record, version: int) -> k.AssistRequested:
    """I have it; help me."""
    return k.AssistRequested(version=version, assist_id=new_id(), case=record.case, ask="请协助")


def published(_record: Record, version: int) -> k.Published:
    """I had it, and tell the public."""
    return k.Published(version=version, title="路灯", text="修好了")


CLAIMS: tuple[Claim, ...] = (progressed, resolved, accepted, granted, offering, assisting, published)


@pytest.mark.parametrize("claim", CLAIMS)
@pytest.mark.parametrize("version", [1000, 1001, 2000, 999_000])
def test_a_holder_is_not_passed_by_with_a_crossed_thousand(
    world: World, case: UUID, claim: Claim, version: int
) -> None:
    """A jump over a thousand is no ruling: whoever claims it waits until the arbiter has spoken."""
    record = world.records[MEDIA, case]
    assert unheard(record, claim(record, version), LIAR, MEDIA, case) == "early-news"


@pytest.mark.parametrize("claim", CLAIMS)
def test_nor_is_the_origin_that_has_handed_the_case_on(world: World, case: UUID, claim: Claim) -> None:
    """Else the liar's result would be told to the resident."""
    handed(world, case, MEDIA, PARTY)
    world.bring(PARTY, MEDIA, case)
    record = world.records[MEDIA, case]
    assert record.holder == PARTY
    assert unheard(record, claim(record, 1000), LIAR, MEDIA, case) == "early-news"


def test_the_origin_hands_a_ruling_on(world: World, case: UUID) -> None:
    """From the arbiter or the origin the same jump is a ruling; from another it is none."""
    handed(world, case, MEDIA, PARTY)
    record = world.records[PARTY, case]
    ruled = k.Ruled(version=1000, ruling=k.Ruling.IMPOSED, holder=CIVIL, text="定", case=record.case, path=record.path)
    assert unheard(record, ruled, LIAR, PARTY, case) == "not-arbiter"
    for source in (COUNTY, MEDIA):
        heard = hear_message(record, ruled, source, PARTY, case, NOW).record
        assert (heard.holder, heard.version, heard.arbiter) == (CIVIL, 1000, COUNTY)


def test_the_origins_own_word_does_not_wait_for_a_ruling_that_comes_behind_it(world: World, case: UUID) -> None:
    """The arbiter rules for the origin, who offers the case to a center that holds it unseen: only then does the origin
    hear so, and hand the ruling on."""
    offered(world, case, PARTY)
    assert world.does(PARTY, c.Accept(case_id=case))
    assert world.does(MEDIA, c.AskArbiter(case_id=case, ground=k.Ground.SILENT))
    world.bring(MEDIA, COUNTY, case)
    assert world.does(COUNTY, c.Rule(case_id=case, holder=MEDIA, text="由你办理"))
    world.bring(COUNTY, MEDIA, case)
    assert world.does(MEDIA, c.Offer(case_id=case, to=(PARTY,)))
    world.bring(PARTY, MEDIA, case)
    world.lanes[COUNTY, PARTY, case].sent.clear()  # a ruling of before it was asked would not have been told either
    world.bring(MEDIA, PARTY, case)
    assert (world.records[PARTY, case].holder, world.records[PARTY, case].version) == (MEDIA, 1000)


@pytest.mark.parametrize("speaker", [COUNTY, MEDIA])
def test_after_a_ruling_the_arbiter_and_the_origin_may_ask_who_waits_for_another(
    world: World, case: UUID, speaker: str
) -> None:
    """Its offerer is gone for good, and will never say that the offer is over."""
    offered(world, case, PARTY)
    assert world.does(PARTY, c.Accept(case_id=case))
    assert world.does(PARTY, c.Offer(case_id=case, to=(CIVIL, GRID), mode=k.Mode.OPEN))
    world.bring(PARTY, CIVIL, case)
    assert world.does(CIVIL, c.Accept(case_id=case))
    assert world.does(MEDIA, c.AskArbiter(case_id=case, ground=k.Ground.SILENT))
    world.bring(MEDIA, COUNTY, case)
    assert world.does(COUNTY, c.Rule(case_id=case, holder=speaker, text="由你办理"))
    world.bring(COUNTY, MEDIA, case)
    assert world.does(speaker, c.Offer(case_id=case, to=(CIVIL,)))
    world.bring(speaker, CIVIL, case)
    assert world.does(CIVIL, c.Accept(case_id=case))
    assert world.records[CIVIL, case].version == 1001


def test_a_center_whose_offerer_is_gone_takes_its_bid_back_and_can_be_asked_again(world: World, case: UUID) -> None:
    """The case was granted to another, who offers it on; the word that the bid has lost died with the offerer."""
    offered(world, case, PARTY, CIVIL)
    for center in (PARTY, CIVIL):
        assert world.does(center, c.Accept(case_id=case))
    world.bring(PARTY, MEDIA, case)
    world.bring(MEDIA, PARTY, case)
    world.lanes[MEDIA, CIVIL, case].sent.clear()
    assert world.does(PARTY, c.Offer(case_id=case, to=(CIVIL,)))
    record = world.records[CIVIL, case]
    asked = offering(record, 2).model_copy(update={"path": (MEDIA, PARTY)})
    assert unheard(record, asked, PARTY, CIVIL, case) == "early-news"
    assert world.does(CIVIL, c.Decline(case_id=case, reason=k.Reason.NO_CAPACITY))
    world.bring(PARTY, CIVIL, case)
    assert world.does(CIVIL, c.Accept(case_id=case))
    world.bring(CIVIL, PARTY, case)
    assert world.records[PARTY, case].holder == CIVIL


def test_a_center_that_never_held_the_case_is_told_of_no_ruling(world: World, case: UUID) -> None:
    """It helped once; the imposed holder asks it to take the case, and nobody else will speak to it first."""
    assert world.does(MEDIA, c.AskAssist(case_id=case, to=GRID, ask="请协助"))
    world.bring(MEDIA, GRID, case)
    assert world.does(MEDIA, c.AskArbiter(case_id=case, ground=k.Ground.DISPUTED))
    world.bring(MEDIA, COUNTY, case)
    assert world.does(COUNTY, c.Rule(case_id=case, holder=CIVIL, text="由你办理"))
    world.bring(COUNTY, CIVIL, case)
    assert world.does(CIVIL, c.Offer(case_id=case, to=(GRID,)))
    world.bring(CIVIL, GRID, case)
    assert world.does(GRID, c.Accept(case_id=case))
    assert world.does(GRID, c.AnswerAssist(case_id=case, done=True, text="好"))
    world.settle(Choice(3))
    assert world.records[MEDIA, case].holder == GRID


@pytest.mark.parametrize("claim", CLAIMS)
@pytest.mark.parametrize("ahead", [1, 2, 7])
def test_an_offered_case_goes_to_a_center_that_was_asked(world: World, case: UUID, claim: Claim, ahead: int) -> None:
    """While an offer is out, nobody else is believed; what comes by way of one asked may be early, and waits."""
    offered(world, case, PARTY)
    record = world.records[MEDIA, case]
    code = "no-offer" if claim is accepted and ahead == 1 else "early-news"
    assert unheard(record, claim(record, record.version + ahead), LIAR, MEDIA, case) == code


def test_a_chain_that_names_one_asked_is_believed(world: World, case: UUID) -> None:
    """Handed on before the first acceptance is heard: the second names it on its path."""
    offered(world, case, PARTY)
    assert world.does(PARTY, c.Accept(case_id=case))
    assert world.does(PARTY, c.Offer(case_id=case, to=(CIVIL,)))
    world.bring(PARTY, CIVIL, case)
    assert world.does(CIVIL, c.Accept(case_id=case))
    world.bring(CIVIL, MEDIA, case)
    assert (world.records[MEDIA, case].holder, world.records[MEDIA, case].version) == (CIVIL, 3)
    world.settle(Choice(2))


def test_progress_of_the_next_holder_waits_for_the_hand_over(world: World, case: UUID) -> None:
    """Granted by one asked, the next holder speaks first: early, and believed once the hand-over is heard."""
    offered(world, case, PARTY)
    assert world.does(PARTY, c.Accept(case_id=case))
    assert world.does(PARTY, c.Offer(case_id=case, to=(CIVIL, GRID), mode=k.Mode.OPEN))
    world.bring(PARTY, CIVIL, case)
    assert world.does(CIVIL, c.Accept(case_id=case))
    world.bring(CIVIL, PARTY, case)
    world.bring(PARTY, CIVIL, case)
    assert world.does(CIVIL, c.Report(case_id=case, stage="visit", text="去现场"))
    world.deliver((CIVIL, MEDIA, case), 1)
    assert world.records[MEDIA, case].holder == MEDIA
    world.bring(PARTY, MEDIA, case)
    world.bring(CIVIL, MEDIA, case)
    assert world.records[MEDIA, case].holder == CIVIL


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_case_before_the_arbiter_is_taken_by_a_ruling_alone(world: World, case: UUID, claim: Claim) -> None:
    """Who waits for the ruling has offered the case to nobody."""
    assert world.does(MEDIA, c.AskArbiter(case_id=case, ground=k.Ground.DISPUTED))
    record = world.records[MEDIA, case]
    assert unheard(record, claim(record, 2), LIAR, MEDIA, case) == "early-news"


def ruling() -> k.Ruled:
    """A ruling of a case that nobody here knows."""
    case = matter(MEDIA)
    return k.Ruled(version=9000, ruling=k.Ruling.IMPOSED, holder=PARTY, text="定", case=case, path=(MEDIA,))


@pytest.mark.parametrize(
    ("source", "arbiters", "code"),
    [
        (LIAR, frozenset({COUNTY}), "unknown-arbiter"),
        (COUNTY, frozenset({COUNTY}), ""),
        (MEDIA, frozenset({COUNTY}), ""),
        (LIAR, None, ""),
    ],
    ids=["nobody's arbiter", "the county's", "the origin", "a county that marks none"],
)
def test_who_rules_on_a_case_that_is_unknown_here(source: str, arbiters: frozenset[str] | None, code: str) -> None:
    """A marked arbiter, or the origin that hands the ruling on; anybody where the county has marked nobody."""
    ruled = ruling()
    case = ruled.case.case_id
    helped = hear_message(
        None,
        k.AssistRequested(version=1, assist_id=new_id(), case=ruled.case, ask="请协助"),
        MEDIA,
        PARTY,
        case,
        NOW,
    ).record
    for record in (None, helped):  # a helper has not been told who the arbiter is
        if code:
            with pytest.raises(Refusal) as refused:
                hear_message(record, ruled, source, PARTY, case, NOW, arbiters)
            assert refused.value.code == code
        else:
            heard = hear_message(record, ruled, source, PARTY, case, NOW, arbiters).record
            assert (heard.holder, heard.version) == (PARTY, 9000)


def test_nobody_becomes_an_arbiter_by_being_asked(world: World, case: UUID) -> None:
    """Where the county has marked its arbiter, a question to another waits until that one is marked, too."""
    asked = k.ArbitrationRequested(
        version=1, ground=k.Ground.DISPUTED, case=world.records[MEDIA, case].case, path=(MEDIA,)
    )
    with pytest.raises(Refusal, match="unknown-arbiter"):
        hear_message(None, asked, LIAR, CIVIL, case, NOW, frozenset({COUNTY}))
    for me, arbiters in ((COUNTY, frozenset({COUNTY})), (CIVIL, None)):
        assert hear_message(None, asked, LIAR, me, case, NOW, arbiters).record.arbiter == me


def test_no_row_of_claims_takes_the_power_to_rule(world: World, case: UUID) -> None:
    """Step by step up to the end of all numbers: the arbiter hears it, and rules above it twice."""
    record = world.records[MEDIA, case]
    asked = k.ArbitrationRequested(version=1, ground=k.Ground.DISPUTED, case=record.case, path=(LIAR,))
    county = hear_message(None, asked, LIAR, COUNTY, case, NOW).record
    while True:
        step = asked.model_copy(update={"version": min(county.version + 1_000_000, HIGHEST_VERSION)})
        county = hear_message(county, step, LIAR, COUNTY, case, NOW).record
        if county.version == HIGHEST_VERSION:
            break
    for beyond in (HIGHEST_VERSION + 1, 2**31 - 1):
        assert unheard(county, asked.model_copy(update={"version": beyond}), LIAR, COUNTY, case) == "out-of-reach"
    for _ in range(2):
        ruled = decide(county, c.Rule(case_id=case, holder=MEDIA, text="定"), NOW)
        record = hear_message(
            record.with_(version=county.version), ruled.outgoing[0].data, COUNTY, MEDIA, case, NOW
        ).record
        county = ruled.record
        assert (record.mine, record.version) == (True, county.version)
        assert not decide(record, resolve(case), NOW).superseded
    with pytest.raises(Refusal, match="out-of-reach"):
        decide(county, c.Rule(case_id=case, holder=MEDIA, text="定"), NOW)


@pytest.mark.parametrize("claim", [progressed, resolved, accepted, granted])
def test_a_version_that_leaves_no_room_for_a_ruling_is_refused(world: World, case: UUID, claim: Claim) -> None:
    """Also of a case that stands close below it."""
    record = world.records[MEDIA, case].with_(holder=PARTY, version=HIGHEST_VERSION)
    for beyond in (HIGHEST_VERSION + 1, 2**31 - 1):
        assert unheard(record, claim(record, beyond), LIAR, MEDIA, case) == "out-of-reach"


def test_an_offer_leads_one_version_further(world: World, case: UUID) -> None:
    """Nobody offers, or is offered, what could not be accepted below the bound."""
    record = world.records[MEDIA, case]
    high = offering(record, HIGHEST_VERSION).model_copy(update={"version": HIGHEST_VERSION})
    near = record.with_(version=HIGHEST_VERSION - 1)
    assert unheard(near.with_(me=CIVIL), high, MEDIA, CIVIL, case) == "out-of-reach"
    with pytest.raises(Refusal, match="needs-arbiter"):
        decide(record.with_(version=HIGHEST_VERSION), c.Offer(case_id=case, to=(PARTY,)), NOW)


def test_a_round_that_leaves_no_room_for_the_next_is_refused(world: World, case: UUID) -> None:
    """The same for rounds, which a result names."""
    record = world.records[MEDIA, case].with_(holder=PARTY, round=2**31 - 2001)
    said = resolved(record, record.version)
    assert hear_message(record, said, PARTY, MEDIA, case, NOW).record.result is not None
    assert unheard(record, said.model_copy(update={"round": 2**31 - 1999}), PARTY, MEDIA, case) == "out-of-reach"


def test_codes_of_what_waits_are_told_apart() -> None:
    """Each is explained to the person on duty by itself."""
    assert len(set(EARLY)) == len(EARLY) == 3
