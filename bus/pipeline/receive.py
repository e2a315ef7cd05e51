"""Accept: from the road to the in-tray. A whole window of deliveries becomes one transaction; only then is it settled.

Whatever comes ends as applied, held back until an earlier one comes, answered with a refusal, or parked; nothing is
dropped, and ten bad messages harm none of their neighbours.
"""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

from bus.context import CenterContext
from bus.contract.codec import digest
from bus.contract.envelope import Message, kind_of
from bus.contract.epochs import MAX_AHEAD, epoch_of, epoch_start
from bus.contract.messages import LogAsked, Verdict
from bus.custody import EARLY, Refusal
from bus.pipeline.control import strange_rows, take
from bus.pipeline.held_messages import HeldMessages
from bus.pipeline.quotas import HELD_BYTES
from bus.pipeline.read_deliveries import read_deliveries
from bus.pipeline.receive_batch import Inbound, ReceiveBatch, reread
from bus.pipeline.verify import fault_by_now
from bus.recovery.responder import enter_epochs
from bus.security.errors import KeyUnusable, Untrusted
from bus.store import archive, inbox, outbox, parked
from bus.store.database import Store, StoreUnavailable, Tx
from bus.store.parked import SET_BACK, parked_row
from bus.store.timestamps import ms
from bus.store.unit_of_work import UNREADABLE, UnitOfWork
from bus.transports.port import Delivery

NOT_FINAL = (*EARLY, UNREADABLE)
"""Refusals that may end by themselves, or by an operator: the message is not receipted."""


def receive(store: Store, context: CenterContext, deliveries: Sequence[Delivery], now: datetime) -> Counter[str]:
    """Apply these deliveries in one transaction; the caller settles them afterwards. Returns how many ended how.

    Raises ``StoreUnavailable`` when the store cannot be written, and ``KeyUnusable`` when there is no directory to
    judge signatures by; then nothing was applied and nothing may be settled."""
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


def _park_poison(store: Store, context: CenterContext, delivery: Delivery, now: datetime) -> Counter[str]:
    """What cannot even be written down is kept as bytes, without a receipt: its sender still has it."""
    body = delivery.body
    with suppress(Untrusted):
        body = context.security.unseal(body)  # sealed, it would have other bytes each time it comes

    def change(tx: Tx) -> None:
        row = parked_row(parked.WIRE, context, body, None, "poison", "it cannot be applied here", now)
        parked.park(tx, [row | {"peer": delivery.sender}])

    store.write(change)
    return Counter(parked=1)


def _receive_batch(store: Store, context: CenterContext, deliveries: Sequence[Delivery], now: datetime) -> Counter[str]:
    # a damaged body tells nothing, not even whose it is; it stays in its sender's outbox, and comes again
    whole = [delivery for delivery in deliveries if not delivery.damaged]
    arrived, control, strange = read_deliveries(whole, context, now)

    def change(tx: Tx) -> ReceiveBatch:
        batch = ReceiveBatch(counts=Counter(["damaged"] * (len(deliveries) - len(whole))))
        for row, error in (strange_rows(context, *one, now) for one in strange):
            batch.counts["parked"] += 1
            batch.park.append(row)
            batch.errors += error
        everything = [*(message for message, _ in control), *(one.message for one in arrived)]
        batch.epochs = enter_epochs(tx, everything)
        counts, rows, errors = take(tx, context, [one for one in control if not _is_old(batch, one[0])], now)
        batch.counts += counts
        batch.park += rows
        batch.errors += errors
        if any(isinstance(message.data, LogAsked) for message, _ in control):
            batch.epochs = enter_epochs(tx, everything)  # a question in this very window may have begun one
        uow = UnitOfWork(tx, context, now)
        if uow.epoch.recovery is None:
            _apply_all(uow, batch, arrived)
        else:  # no receipt: it comes again when we know our cases again
            batch.counts["recovering"] += len(arrived)
        _settle(uow, batch)
        return batch

    batch = store.write(change)
    return batch.counts + _release_rest(store, context, batch.held.unfinished, now)


def _release_rest(store: Store, context: CenterContext, lanes: set[inbox.Lane], now: datetime) -> Counter[str]:
    """Apply what one transaction had no room for, a part at a time. Should that fail, the next message of the lane,
    which is not receipted and comes again, goes on with it."""
    counts: Counter[str] = Counter()

    def change(tx: Tx) -> ReceiveBatch:
        uow, batch = UnitOfWork(tx, context, now), ReceiveBatch()
        batch.epochs = {peer: known for peer, (known, _) in archive.epochs(tx, {peer for peer, _ in lanes}).items()}
        uow.load({UUID(case_id) for _, case_id in lanes})
        start = _begin(uow, batch, lanes)
        for lane in sorted(lanes):
            _release(uow, batch, lane)
        _write(uow, batch, start)
        _settle(uow, batch)
        return batch

    with suppress(Exception):
        while lanes:
            batch = store.write(change)
            counts += batch.counts
            lanes = batch.held.unfinished
    return counts


def _settle(uow: UnitOfWork, batch: ReceiveBatch) -> None:
    parked.park(uow.tx, batch.park)
    outbox.owe_errors(uow.tx, batch.errors + batch.quotas.write(uow.tx, uow.context.me, uow.now_ms))


def _is_old(batch: ReceiveBatch, message: Message[Any]) -> bool:
    """Word from before its sender's store was put back: nothing that others have built on since."""
    old = epoch_of(message.sequence) < batch.epochs.get(message.source, 0) and not isinstance(message.data, LogAsked)
    batch.counts["fenced"] += old
    return old


def _apply_all(uow: UnitOfWork, batch: ReceiveBatch, arrived: list[Inbound]) -> None:
    uow.load({_case(a) for a in arrived})
    start = _begin(uow, batch, {a.lane for a in arrived})
    known = inbox.remembered(uow.tx, {a.position for a in arrived if a.message.sequence <= batch.marks[a.lane]})
    for one in sorted(arrived, key=lambda a: a.message.sequence):
        _place(uow, batch, one, known)
    _write(uow, batch, start)


def _begin(uow: UnitOfWork, batch: ReceiveBatch, lanes: set[inbox.Lane]) -> dict[inbox.Lane, int]:
    """Read how far these lanes are, and what is held back in them. Returns how far they are."""
    batch.marks = {
        lane: max(mark, epoch_start(batch.epochs.get(lane[0], 0)))
        for lane, mark in inbox.applied_marks(uow.tx, lanes).items()
    }
    batch.held = HeldMessages.of(uow.tx, batch.marks)
    return dict(batch.marks)


def _write(uow: UnitOfWork, batch: ReceiveBatch, start: dict[inbox.Lane, int]) -> None:
    """Write down what was applied and held back since the lanes were as in ``start``."""
    tx = uow.tx
    uow.flush()
    moved = {lane: mark for lane, mark in batch.marks.items() if mark != start[lane]}
    outbox.set_lanes(tx, "applied", moved, uow.epoch.number)
    inbox.remember(tx, batch.applied)
    inbox.hold(tx, batch.hold)
    inbox.release(tx, batch.held.released)
    archive.keep(tx, batch.archived)
    outbox.owe_receipts(tx, batch.receipts)
    parked.take_coded(tx, parked.WIRE, NOT_FINAL, [row["message_id"] for row in batch.applied])


def _case(one: Inbound) -> UUID:
    case_id: UUID = one.message.subject  # type: ignore[assignment]  # none is read that has no case
    return case_id


def _place(uow: UnitOfWork, batch: ReceiveBatch, one: Inbound, known: dict[tuple[str, str, int], Any]) -> None:
    """Put a message where its sequence says: applied now, repeated, or held back."""
    mark, sequence = batch.marks[one.lane], one.message.sequence
    if sequence <= mark:
        _repeat(uow, batch, one, known)
    elif sequence > mark + MAX_AHEAD:
        batch.counts["parked"] += 1
        batch.park.append(parked_row(parked.WIRE, uow.context, one.body, one.message, "too-far-ahead", "", uow.now))
    elif sequence > mark + 1:
        _hold_back(uow, batch, one)
    elif _apply(uow, batch, one):
        _release(uow, batch, one.lane)


def _hold_back(uow: UnitOfWork, batch: ReceiveBatch, one: Inbound) -> None:
    (peer, case_id), sequence = one.lane, one.message.sequence
    if not batch.held.has(one.lane, sequence):
        if not batch.quotas.may_hold(uow, peer, len(one.body)):
            batch.put_off(one, HELD_BYTES)
            return
        batch.held.add(one.lane, sequence, one.body)
        row = {"peer": peer, "case_id": case_id, "sequence": sequence, "body": one.body, "at_ms": uow.now_ms}
        batch.hold.append(row)
    batch.counts["held"] += 1


def _repeat(uow: UnitOfWork, batch: ReceiveBatch, one: Inbound, known: dict[tuple[str, str, int], Any]) -> None:
    """It was dealt with before: the same answer again, and nothing changes."""
    before = known.get(one.position) or next((r for r in batch.applied if _is_place(r, one.position)), None)
    if before is not None and before["message_id"] == one.message_id:
        batch.counts["repeated"] += 1
        _owe(batch, one, Verdict(before["verdict"]), before["code"], before["digest"], uow.now)
        return
    if epoch_of(one.message.sequence) < batch.epochs.get(one.message.source, 0):  # said before its sender was put back
        batch.counts["fenced"] += 1
        uow.journal(_case(one), "fenced", one.message.type, one.message.source, one.message.id)
        return
    # another message at a place that was taken: the sender's store was set back, and it does not know
    batch.counts["refused"] += 1
    _owe(batch, one, Verdict.REFUSED, "sequence-reused", digest(one.body), uow.now)
    batch.park.append(parked_row(parked.WIRE, uow.context, one.body, one.message, "sequence-reused", SET_BACK, uow.now))


def _is_place(row: dict[str, Any], place: tuple[str, str, int]) -> bool:
    return (row["peer"], row["case_id"], row["sequence"]) == place


def _release(uow: UnitOfWork, batch: ReceiveBatch, lane: inbox.Lane) -> None:
    """Apply what was held back behind the message that has just been applied."""
    while batch.held.has(lane, sequence := batch.marks[lane] + 1):
        if not batch.held.may_release(lane, sequence):
            return
        body = batch.held.body(uow.tx, lane, sequence)
        one = None if body is None else reread(body)
        if one is None:  # it was altered since: its sender has it still
            batch.held.drop(lane, sequence)
            return
        fault = fault_by_now(one.body, one.message, lane[0], uow.context)
        if fault:
            _park_held(uow, batch, one, fault)
            return
        if not _apply(uow, batch, one):
            return


def _park_held(uow: UnitOfWork, batch: ReceiveBatch, one: Inbound, fault: str) -> None:
    """Its signature counts no more now that its turn has come. It gets no receipt and its place stays free: its sender
    still has it, and sends it again with a signature that counts."""
    row, error = strange_rows(uow.context, one.body, one.lane[0], fault, "", uow.now)
    batch.counts["parked"] += 1
    batch.park.append(row | {"case_id": one.lane[1], "message_id": one.message_id})
    batch.errors += error
    batch.held.drop(one.lane, one.message.sequence)
    batch.hold = [row for row in batch.hold if not _is_place(row, one.position)]


def _apply(uow: UnitOfWork, batch: ReceiveBatch, one: Inbound) -> bool:
    """Give one message to custody; its place in the lane is then taken and it is receipted, whatever became of it.

    False for the exceptions. What passes its sender's quota is put off. What comes too early is parked: its sender
    knows from a third center what is still on its way to us (a ruling, a hand-over). So is what is of a case whose
    record cannot be read, which may be mended. None of them is receipted, so they come again."""
    verdict, code, hint = Verdict.APPLIED, "", ""
    if quota := batch.quotas.exceeded(uow, one.message):
        batch.put_off(one, quota)
        return False
    try:
        if one.fault:
            raise Refusal(one.fault, "the sender and this center do not agree on the contract")  # noqa: TRY301 - one way out for every refusal
        with uow.savepoint():
            if uow.apply(one.message, one.body).superseded:
                verdict = Verdict.SUPERSEDED
    except Refusal as refusal:
        if refusal.code in NOT_FINAL:
            batch.counts["early"] += 1
            batch.park.append(
                parked_row(parked.WIRE, uow.context, one.body, one.message, refusal.code, refusal.cure, uow.now)
            )
            return False
        verdict, code, hint = Verdict.REFUSED, refusal.code, refusal.cure
    except Exception as bug:
        verdict, code, hint = Verdict.REFUSED, "internal", type(bug).__name__
    batch.marks[one.lane] = one.message.sequence
    batch.hold = [row for row in batch.hold if not _is_place(row, one.position)] if batch.hold else batch.hold
    batch.held.drop(one.lane, one.message.sequence)
    batch.counts[verdict.value] += 1
    exactly = digest(one.body)
    _owe(batch, one, verdict, code or None, exactly, uow.now)
    remembered = {
        "peer": one.lane[0],
        "case_id": one.lane[1],
        "sequence": one.message.sequence,
        "message_id": one.message_id,
        "verdict": verdict.value,
        "code": code or None,
        "at_ms": uow.now_ms,
        "digest": exactly,
    }
    batch.applied.append(remembered)
    batch.archived.append(remembered | {"way": archive.HEARD, "kind": kind_of(one.message), "body": one.body})
    if verdict is Verdict.REFUSED:
        uow.journal(_case(one), "refused", one.message.type, one.message.source, one.message.id, code)
        batch.park.append(parked_row(parked.WIRE, uow.context, one.body, one.message, code, hint, uow.now))
    return True


def _owe(
    batch: ReceiveBatch, one: Inbound, verdict: Verdict, code: str | None, exactly: bytes | None, now: datetime
) -> None:
    batch.receipts.append(
        {
            "peer": one.message.source,
            "message_id": one.message_id,
            "verdict": verdict.value,
            "code": code,
            "digest": exactly,
            "next_ms": ms(now),
        }
    )
