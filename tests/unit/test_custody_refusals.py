"""Custody, told in examples: the wishes and the words that are refused, each with its code."""

from uuid import UUID

import pytest

from bus.contract import messages as k
from bus.contract.ids import new_id
from bus.custody import Record, Refusal, decide, hear_message
from bus.custody import commands as c
from tests.unit.custody_model.cases import CIVIL, MEDIA, NOW, PARTY, matter
from tests.unit.custody_model.world import World, town
from tests.unit.test_custody import handed, offered, refusal, resolve


@pytest.fixture
def world() -> World:
    """Six centers; the county is the arbiter."""
    return town(6)


@pytest.fixture
def case(world: World) -> UUID:
    """One case, held by the media center."""
    return world.register(MEDIA)


def unheard(record: Record | None, data: k.CaseKind, source: str, me: str, case: UUID) -> str:
    """The code with which custody refuses to hear ``data``."""
    with pytest.raises(Refusal) as refused:
        hear_message(record, data, source, me, case, NOW)
    return refused.value.code


def test_what_a_center_may_not_wish(world: World, case: UUID) -> None:
    """Each remaining refusal of a command has its code."""
    record = world.records[MEDIA, case]
    assert refusal(record, c.Register(case=record.case)) == "known-case"
    assert refusal(record, c.Offer(case_id=case, to=(MEDIA,))) == "offer-to-self"
    assert refusal(record, c.Accept(case_id=case)) == "no-offer"
    assert refusal(record, c.Decline(case_id=case, reason=k.Reason.NOT_DUTY)) == "no-offer"
    assert refusal(record, c.Withdraw(case_id=case)) == "no-offer"
    assert refusal(record, c.Urge(case_id=case, text="快")) == "holder"
    assert refusal(record, c.AskArbiter(case_id=case, ground=k.Ground.SILENT)) == "holder"
    resolved = decide(record, resolve(case), NOW).record
    assert refusal(resolved, resolve(case)) == "not-open"
    assert refusal(resolved, c.Urge(case_id=case, text="快")) == "not-open"
    assert refusal(resolved, c.AskArbiter(case_id=case, ground=k.Ground.SILENT)) == "not-open"
    lent = decide(record, c.Offer(case_id=case, to=(PARTY,)), NOW).record
    asked_back = decide(lent, c.Withdraw(case_id=case), NOW).record
    assert refusal(asked_back, c.Withdraw(case_id=case)) == "withdrawing"
    worn_out = record.with_(version=999)
    assert refusal(worn_out, c.Offer(case_id=case, to=(PARTY,))) == "needs-arbiter"


def test_what_is_not_believed(world: World, case: UUID) -> None:
    """Each refusal of a message has its code: claims without a right, and answers nobody asked for."""
    record = world.records[MEDIA, case]
    offer_id, assist_id = new_id(), new_id()
    assert unheard(None, k.Urged(version=1, text="快"), PARTY, MEDIA, case) == "unknown-case"
    grab = k.Accepted(version=2, offer_id=offer_id)
    assert unheard(record, grab, PARTY, MEDIA, case) == "not-holder"
    progress = k.Progressed(version=1, stage="visit", text="去现场")
    assert unheard(record, progress, PARTY, MEDIA, case) == "not-holder"
    granted = k.Granted(version=2, offer_id=offer_id, to=PARTY)
    assert unheard(record, granted, PARTY, MEDIA, case) == "not-holder"
    assert unheard(record, k.Closed(version=1, round=1, replied_at=NOW), PARTY, MEDIA, case) == "not-origin"
    assert unheard(record, k.Reopened(version=1, round=2, text="?"), PARTY, MEDIA, case) == "not-origin"
    assert unheard(record, k.Rated(version=1, round=1, grade=1), PARTY, MEDIA, case) == "not-origin"
    assert unheard(record, k.Published(version=1, title="路灯", text="好"), PARTY, MEDIA, case) == "not-holder"
    other = k.AssistRequested(version=1, assist_id=assist_id, case=matter(PARTY), ask="请协助")
    assert unheard(record, other, PARTY, MEDIA, case) == "wrong-case"
    lent = decide(record, c.Offer(case_id=case, to=(PARTY,)), NOW).record
    assert lent.offer_out is not None
    mine = lent.offer_out.offer_id
    assert (
        unheard(lent, k.Declined(version=1, offer_id=mine, reason=k.Reason.NOT_DUTY), CIVIL, MEDIA, case) == "no-offer"
    )
    assert unheard(lent, k.Withdrawn(version=1, offer_id=mine), CIVIL, MEDIA, case) == "no-offer"
    assert unheard(lent, k.Accepted(version=2, offer_id=mine), CIVIL, MEDIA, case) == "no-offer"
    assert unheard(lent, k.Accepted(version=1, offer_id=mine, bid=True), PARTY, MEDIA, case) == "no-offer"


def test_only_the_offerer_ends_its_offer(world: World, case: UUID) -> None:
    """Nobody else takes an offer back or says that it was lost."""
    offered(world, case, PARTY)
    record = world.records[PARTY, case]
    assert record.offer_in is not None
    offer_id = record.offer_in.offer_id
    assert unheard(record, k.Lost(version=1, offer_id=offer_id), CIVIL, PARTY, case) == "no-offer"
    assert unheard(record, k.WithdrawalRequested(version=1, offer_id=offer_id), CIVIL, PARTY, case) == "no-offer"


def test_older_offer_is_refused_as_stale(world: World, case: UUID) -> None:
    """An offer that comes after its sender's custody has passed is refused, and its sender's operator hears it."""
    handed(world, case, MEDIA, PARTY)
    offer = world.lanes[MEDIA, PARTY, case].sent[0]
    assert unheard(world.records[PARTY, case], offer, MEDIA, PARTY, case) == "stale"
