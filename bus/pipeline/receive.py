"""Receive: deliveries of the transport are applied to the cases. Each step stands in a file of its own.

A whole batch of deliveries becomes one transaction, and only then is it settled. Each delivery goes through **open →
verify → decode**, which need no store, then **order → apply → receipt** in the transaction. Each one is applied, held
back until an earlier one comes, answered with a refusal, or parked. Nothing is dropped, and ten bad messages harm none
of their neighbours.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from bus.context import CenterContext
from bus.contract.messages import LogAsked
from bus.pipeline.control import take_control
from bus.pipeline.inbound import Inbound, Outcome, Reading
from bus.pipeline.receive_batch import ReceiveBatch
from bus.pipeline.receiving.apply import apply
from bus.pipeline.receiving.decode import decode_message
from bus.pipeline.receiving.open import unseal
from bus.pipeline.receiving.order import Turn, hold_back, next_held, order, park_far, repeat
from bus.pipeline.receiving.receipt import receipt
from bus.pipeline.receiving.verify import verify
from bus.recovery.hooks import RECOVERY
from bus.security.errors import KeyUnusable, Untrusted
from bus.store import inbox, parked
from bus.store.database import Store, StoreUnavailable, Tx
from bus.store.parked import parked_row
from bus.store.unit_of_work import UnitOfWork
from bus.transports.port import Delivery


def receive(store: Store, context: CenterContext, deliveries: Sequence[Delivery], now: datetime) -> Counter[str]:
    """Apply these deliveries in one transaction; the caller settles them afterwards. Returns the number of deliveries
    by outcome (``Outcome`` and ``ControlOutcome``).

    Raises ``StoreUnavailable`` when the store cannot be written, and ``KeyUnusable`` when there is no directory to
    check signatures by; then nothing was applied and nothing may be settled."""
    try:
        return _receive_batch(store, context, deliveries, now)
    except KeyUnusable:
        raise
    except StoreUnavailable as trouble:
        if trouble.passing:
            raise
        if len(deliveries) == 1:
            return _park_poison(store, context, deliveries[0], now)
    except Exception:
        if len(deliveries) == 1:
            return _park_poison(store, context, deliveries[0], now)
    alone = [receive(store, context, [delivery], now) for delivery in deliveries]
    return sum(alone, Counter())


# -- the steps: one delivery ---------------------------------------------------------------------------------------


def read(delivery: Delivery, context: CenterContext, now: datetime) -> Inbound:
    """Steps 1 to 3 for one delivery. ``Inbound.reading`` tells its kind."""
    one = Inbound(delivery.body, delivery.sender)
    if unseal(one, context, now) and verify(one, context, now):
        decode_message(one, context, now)
    return one


def place(batch: ReceiveBatch, one: Inbound) -> None:
    """Step 4: apply, hold back or repeat a message by its sequence."""
    turn = order(batch, one)
    if turn is Turn.NOW:
        if take(batch, one):
            release(batch, one.lane)
    elif turn is Turn.TAKEN:
        repeat(batch, one)
    elif turn is Turn.TOO_EARLY:
        hold_back(batch, one)
    else:
        park_far(batch, one)


def take(batch: ReceiveBatch, one: Inbound) -> bool:
    """Steps 5 and 6 of a message whose turn has come. False: it gets no receipt, and its place is still free."""
    applied = apply(batch, one)
    if applied is None:
        return False
    receipt(batch, one, applied)
    return True


def release(batch: ReceiveBatch, lane: inbox.Lane) -> None:
    """Steps 5 and 6 of messages held back behind the one that was just applied."""
    while (one := next_held(batch, lane)) is not None and take(batch, one):
        pass


# -- the transaction: one batch -----------------------------------------------------------------------------------


def _receive_batch(store: Store, context: CenterContext, deliveries: Sequence[Delivery], now: datetime) -> Counter[str]:
    # an unreadable body does not tell its sender; it stays in that sender's outbox, and comes again
    arrived = [read(delivery, context, now) for delivery in deliveries if not delivery.damaged]

    def change(tx: Tx) -> ReceiveBatch:
        batch = ReceiveBatch(UnitOfWork(tx, context, now))
        batch.count(Outcome.DAMAGED, len(deliveries) - len(arrived))
        for one in _only(arrived, Reading.STRANGE):
            batch.park.append(batch.strange(one.body, one.sender, one.code, one.where))
        control, in_lane = _only(arrived, Reading.CONTROL), _only(arrived, Reading.IN_LANE)
        _take_control(batch, control, in_lane)
        if RECOVERY.blocks_inbound(batch.uow):  # no receipt: it comes again when this center has recovered its cases
            batch.count(Outcome.RECOVERING, len(in_lane))
        else:
            _place_all(batch, in_lane)
        batch.write_rest()
        return batch

    batch = store.write(change)
    return batch.counts + _release_rest(store, context, batch.held.unfinished, now)


def _only(arrived: Iterable[Inbound], reading: Reading) -> list[Inbound]:
    return [one for one in arrived if one.reading is reading]


def _take_control(batch: ReceiveBatch, control: list[Inbound], in_lane: list[Inbound]) -> None:
    """Carry out control messages, as far as their sender's epoch still counts."""
    everything = [one.message for one in (*control, *in_lane)]
    batch.epochs = RECOVERY.filter_inbound(batch.uow.tx, everything)
    take_control(batch, control)
    if any(isinstance(one.message.data, LogAsked) for one in control):  # its sender may have begun an epoch
        batch.epochs = RECOVERY.filter_inbound(batch.uow.tx, everything)


def _place_all(batch: ReceiveBatch, arrived: list[Inbound]) -> None:
    batch.load(arrived)
    for one in sorted(arrived, key=lambda a: a.message.sequence):
        place(batch, one)
    batch.write_lanes()


def _release_rest(store: Store, context: CenterContext, lanes: set[inbox.Lane], now: datetime) -> Counter[str]:
    """Apply what one transaction had no room for, part by part. If that fails, the lane's next message goes on with it:
    it has no receipt, so it comes again."""
    counts: Counter[str] = Counter()

    def change(tx: Tx) -> ReceiveBatch:
        batch = ReceiveBatch(UnitOfWork(tx, context, now))
        batch.epochs = RECOVERY.epochs(tx, {peer for peer, _ in lanes})
        batch.uow.load({UUID(case_id) for _, case_id in lanes})
        batch.load_lanes(lanes)
        for lane in sorted(lanes):
            release(batch, lane)
        batch.write_lanes()
        batch.write_rest()
        return batch

    with suppress(Exception):
        while lanes:
            batch = store.write(change)
            counts += batch.counts
            lanes = batch.held.unfinished
    return counts


def _park_poison(store: Store, context: CenterContext, delivery: Delivery, now: datetime) -> Counter[str]:
    """Park the bytes of a delivery that cannot be written down otherwise. No receipt: its sender still has it."""
    body = delivery.body
    with suppress(Untrusted):
        body = context.security.unseal(body)  # encrypted, it would have other bytes each time it comes

    def change(tx: Tx) -> None:
        item = parked_row(parked.WIRE, context, body, None, "poison", "it cannot be applied here", now)
        parked.park(tx, [item._replace(peer=delivery.sender)])

    store.write(change)
    return Counter({Outcome.PARKED: 1})
