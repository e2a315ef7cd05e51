"""What is true of custody in every state, and what more is true once everything said has been heard."""

from uuid import UUID

from bus.custody import Record, Status
from tests.unit.custody_model.cases import RESIDENT
from tests.unit.custody_model.ledger import Ledger
from tests.unit.custody_model.world import World


def always(world: World) -> None:
    """The invariants of every state, however much is under way."""
    for case_id, ledger in world.ledgers.items():
        records = world.of(case_id)
        assert max(record.version for record in records) == ledger.top, "the newest custody is in nobody's record"
        for record in records:
            _of_record(ledger, record)
            if world.masking:
                _of_resident(ledger, record)


def _of_record(ledger: Ledger, record: Record) -> None:
    assert ledger.holders.get(record.version) == record.holder, f"{record.me} believes in a holder who never was"
    if record.mine and record.version < ledger.top and not ledger.overruled(record.version):
        assert record.decision_pending, f"two centers may decide: {record.me} and {ledger.custodian}"
    if record.offer_out is not None:
        assert record.mine, f"{record.me} offers what it does not hold"
        assert record.offer_out.version == record.version
        assert record.offer_out.pending
    if record.offer_in is not None:
        assert record.offer_in.version == record.version
        assert record.offer_in.offerer == record.holder
    if record.status is Status.CLOSED:
        assert record.round in ledger.closed, "closed without a reply to the resident"
    if record.status is Status.RESOLVED:
        assert record.round in ledger.resolved, "resolved by nobody"
    if record.status is Status.OPEN:
        assert record.result is None, "an open case has no result"
    assert record.round <= ledger.round
    rated = [(given.round, given.rater) for given in record.ratings]
    assert len(rated) == len(set(rated)), "one matter was rated twice"


def _of_resident(ledger: Ledger, record: Record) -> None:
    """Who the resident is, nobody knows who never held the case; whoever knew it does not forget it."""
    person = record.case.resident
    held = record.me in ledger.holders.values()
    assert held or person is None or person.masked, f"{record.me} never held the case, and knows the resident"
    assert person is None or person in (RESIDENT, RESIDENT.as_masked()), "another resident"
    assert record.me != ledger.origin or person == RESIDENT, "the origin has forgotten its resident"


def at_rest(world: World) -> None:
    """The invariants of a town where everything said has been heard."""
    always(world)
    for case_id, ledger in world.ledgers.items():
        _agreement(world, case_id, ledger)
        _offers(world, case_id)
        _arbitration(world, case_id, ledger)
        _ends(world, case_id, ledger)
        if world.masking:
            custodian = world.records[ledger.custodian, case_id]
            assert custodian.case.resident == RESIDENT, f"{custodian.me} holds the case, and knows nobody to call"
        for assist_id, asker in ledger.helped.items():
            assists = world.records[asker, case_id].assists
            assert all(a.done is not None for a in assists if a.assist_id == assist_id), "help was given unheard"


def _agreement(world: World, case_id: UUID, ledger: Ledger) -> None:
    origin = world.records[ledger.origin, case_id]
    assert set(ledger.holders.values()) <= set(origin.path), "the origin does not know who had the case"
    informed = ledger.told[ledger.top] if ledger.rulings else {*origin.path}
    assert ledger.origin in informed
    for center in origin.path:
        record = world.records[center, case_id]
        told = f"{center} and the origin"
        assert not ledger.overruled(record.version), f"{center} has not heard that it was overruled"
        if center in informed:
            assert (record.holder, record.version) == (ledger.custodian, ledger.top), f"{told} differ about the holder"
        else:  # held it unseen by the arbiter: hears of the ruling and the end, not of the hand-overs between
            assert ledger.rulings
            assert not record.mine
        assert record.round == ledger.round, f"{told} differ about the round"
        overruled_result = ledger.rulings and Status.CLOSED not in (origin.status, record.status)
        assert record.status is origin.status or overruled_result, f"{told} differ about the status"
        assert record.result == origin.result or ledger.rulings, f"{told} differ about the result"
        assert set(record.ratings) <= set(origin.ratings)


def _offers(world: World, case_id: UUID) -> None:
    for record in world.of(case_id):
        out, offer = record.offer_out, record.offer_in
        if out is not None:
            for center in out.pending:
                asked = world.records[center, case_id].offer_in
                assert asked is not None, f"{record.me} waits for {center}, who has no offer"
                assert asked.offer_id == out.offer_id
                assert not asked.bid, "a bid was never decided"
        if offer is not None:
            waits = world.records[offer.offerer, case_id].offer_out
            assert waits is not None, f"{record.me} has an offer that nobody makes"
            assert waits.offer_id == offer.offer_id
            assert record.me in waits.pending


def _arbitration(world: World, case_id: UUID, ledger: Ledger) -> None:
    for record in world.of(case_id):
        if record.arbitration is not None and record.me != ledger.arbiter:
            assert record.arbitration == ledger.arbiter
            arbiter = world.records[record.arbitration, case_id]
            assert arbiter.arbitration is not None, f"{record.me} waits for a ruling that nobody is asked for"


def _ends(world: World, case_id: UUID, ledger: Ledger) -> None:
    """Who ruled, or was asked or told by a center, hears how the case ends."""
    origin = world.records[ledger.origin, case_id]
    tellers = [one for one in world.of(case_id) if one.me in (ledger.origin, *origin.path)]
    told = {center for one in tellers for center in one.told if one.me == ledger.origin or world.reads(center, "")}
    informed = {*told, ledger.arbiter} if ledger.rulings and ledger.arbiter else told
    for center in informed:
        record = world.records[center, case_id]
        assert record.round == ledger.round, f"{center} does not know of the new round"
        closed = origin.status is Status.CLOSED
        assert (record.status is Status.CLOSED) == closed, f"{center} could rule on a closed case"
