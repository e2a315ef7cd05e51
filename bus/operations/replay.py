"""Operators' acts on parked items (``bus/operations/backlog.py``): find, replay, reveal. Plain functions.

They work while the center runs. Each act is one transaction that locks its row, and leaves one line in the journal.
Items without a case are noted under ``NO_CASE``.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from bus.context import CenterContext
from bus.contract.codec import Undecodable, decode, digest, encode
from bus.contract.envelope import Message, compose
from bus.contract.messages import Verdict
from bus.custody import Refusal
from bus.pipeline.receive import receive
from bus.pipeline.receiving.verify import fault_by_now
from bus.store import access_log, inbox, lanes, outbox, owed, parked, parked_marks, polls
from bus.store.database import Store, Tx
from bus.store.inbox import AppliedRow
from bus.store.parked import ParkedItem
from bus.store.timestamps import ms
from bus.store.unit_of_work import UnitOfWork
from bus.transports.port import Delivery

NO_CASE = UUID(int=0)
"""The case id in the journal for bytes whose case is unknown."""


HELD = "held"
"""The code of an item that a person holds: it stays where it is until the hold ends."""


class NotParked(LookupError):
    """Nothing is parked under this number; the item may have been settled meanwhile."""


class Outcome(StrEnum):
    """The outcome of a replay."""

    APPLIED = "applied"
    """The message is now applied to the case."""
    ON_ITS_WAY = "on-its-way"
    """The task or message is waiting again; if it fails again, it is parked again."""
    SETTLED = "settled"
    """Nothing was left to do: the item has been settled since."""
    STILL_PARKED = "still-parked"


@dataclass(frozen=True, slots=True)
class Replayed:
    """The result of one replay; ``code`` says why an item is still parked."""

    outcome: Outcome
    code: str = ""
    message_id: str = ""
    """The message or task that is on its way."""


def find(tx: Tx, number: int) -> ParkedItem:
    """One parked row with its body, read from the inbox or outbox if needed. Raises ``NotParked``."""
    row = parked.get(tx, number)
    if row is None:
        raise NotParked(number)
    if row.body is not None or row.message_id is None:
        return row
    lies_in = inbox if row.place == parked.DESK else outbox
    return row._replace(body=lies_in.body_of(tx, row.message_id))


def locked(tx: Tx, number: int) -> ParkedItem:
    """The row, locked against other operators until the transaction ends."""
    parked.lock(tx, number)
    return find(tx, number)


def note_act(uow: UnitOfWork, row: ParkedItem, way: str, code: str = "") -> None:
    """Write a line about the item into its case's journal."""
    case_id = UUID(row.case_id) if row.case_id else NO_CASE
    message_id = UUID(row.message_id) if row.message_id else None
    uow.journal(case_id, way, row.place, row.peer or "", message_id, code)


# -- replay --------------------------------------------------------------------------------------------------------


def replay(store: Store, context: CenterContext, number: int, now: datetime) -> Replayed:
    """Retry the item parked under ``number``. Raises ``NotParked`` or ``StoreUnavailable``."""
    done = store.write(lambda tx: replay_within(tx, context, number, now))
    return done if isinstance(done, Replayed) else arrive_again(store, context, done, now)


def replay_within(tx: Tx, context: CenterContext, number: int, now: datetime) -> Replayed | ParkedItem:
    """The same in the caller's transaction. Returns the item where its bytes must arrive again like a new delivery
    (``arrive_again``), which needs transactions of its own. Raises ``NotParked``."""
    uow, row = UnitOfWork(tx, context, now), locked(tx, number)
    done = Replayed(Outcome.STILL_PARKED, HELD) if parked_marks.held_by(tx, number) else _tried(uow, row)
    if done is None:
        return row
    note_act(uow, row, "replayed", done.code)
    uow.flush()
    return done


def _tried(uow: UnitOfWork, row: ParkedItem) -> Replayed | None:
    """Replay by the item's place. A refused page of a recovery log has left no bytes: the recovery asks for it again
    anyway."""
    if row.place == parked.WIRE and row.body is None:
        return Replayed(Outcome.STILL_PARKED, row.code)
    return _REPLAYS[row.place](uow, row)


def _from_the_desk(uow: UnitOfWork, row: ParkedItem) -> Replayed:
    if row.message_id and inbox.replay_work(uow.tx, row.message_id, uow.now_ms):
        # the row stays, with its clock, until the task is done
        return Replayed(Outcome.ON_ITS_WAY, message_id=row.message_id)
    parked.take(uow.tx, row.number)
    return Replayed(Outcome.SETTLED)


def _to_the_peer(uow: UnitOfWork, row: ParkedItem) -> Replayed:
    """Send a message to its peer again. A refused message has used its place in the lane: it is sent as a new message,
    with a new id and sequence. An unreadable one has used none: the same message is sent again."""
    found = outbox.waiting(uow.tx, [row.message_id]) if row.message_id else []
    if not row.message_id:
        return Replayed(Outcome.STILL_PARKED, "no-message")
    parked.take(uow.tx, row.number)
    if not found:
        return Replayed(Outcome.SETTLED)
    if found[0].state == outbox.WAITING:
        outbox.resend(uow.tx, row.message_id, uow.now_ms)
        return Replayed(Outcome.ON_ITS_WAY, message_id=row.message_id)
    return Replayed(Outcome.ON_ITS_WAY, message_id=_send_again(uow, found[0]))


def _send_again(uow: UnitOfWork, old: outbox.OutboxRow) -> str:
    """Returns the new message's id."""
    lane = (old.recipient, old.case_id)
    before, now_ms = decode(old.body), uow.now_ms
    message = compose(
        before.data,
        source=uow.context.me,
        recipient=old.recipient,
        now=uow.now,
        subject=before.subject,
        sequence=lanes.next_sequences(uow.tx, {lane: 1}, uow.epoch.number)[lane] + 1,
        cause=before.causeid,
        traceparent=before.traceparent,
    )
    outbox.drop(uow.tx, old.message_id, now_ms)
    outbox.enqueue(uow.tx, [outbox.OutboxRow.of(message, encode(message), now_ms)])
    uow.journal(UUID(old.case_id), "said", old.kind, old.recipient, message.id)
    return str(message.id)


def _from_the_wire(uow: UnitOfWork, row: ParkedItem) -> Replayed | None:
    """Apply a parked message out of its turn, if it was refused and so has its place in the lane already. It is
    verified first: a forgery that names the same message may be parked in its place.

    Returns None for a message that never had a place: it is received again like a new delivery."""
    body = row.body or b""
    try:
        message = decode(body)
    except Undecodable as error:
        if error.envelope is None or _refused_before(uow.tx, error.envelope) is None:
            return None
        return Replayed(Outcome.STILL_PARKED, error.code)
    before = _refused_before(uow.tx, message)
    if before is None:
        return None
    fault = fault_by_now(body, message, row.peer, uow.context) or _other_bytes(body, before)
    fault = fault or _refused_by_custody(uow, message, body)
    if fault:
        return Replayed(Outcome.STILL_PARKED, fault)
    _settle(uow, message, before)
    parked.take(uow.tx, row.number)
    return Replayed(Outcome.APPLIED)


def _refused_by_custody(uow: UnitOfWork, message: Message[Any], body: bytes) -> str:
    """Apply the message. Returns a code if custody refuses it; then the unit of work is as before."""
    try:
        with uow.savepoint():
            uow.apply(message, body)
    except Refusal as no:
        return no.code
    except Exception:  # the same fault of this program that parked it
        return "internal"
    return ""


def _refused_before(tx: Tx, message: Message[Any]) -> AppliedRow | None:
    """The inbox row of this message, if it was refused."""
    place = (message.source, str(message.subject), message.sequence)
    before = inbox.remembered(tx, [place]).get(place)
    if before is None or before.message_id != str(message.id) or before.verdict != Verdict.REFUSED.value:
        return None
    return before


def _other_bytes(body: bytes, before: AppliedRow) -> str:
    """A code if the refused document was a different one, else "". An inbox row from before digests were kept cannot
    tell."""
    return "" if before.digest in (None, digest(body)) else "other-bytes"


def _settle(uow: UnitOfWork, message: Message[Any], before: AppliedRow) -> None:
    """Mark the message as applied in its lane, and owe its sender a new receipt."""
    inbox.verdict_changed(uow.tx, str(message.id), Verdict.APPLIED.value, uow.now_ms)
    verdict = Verdict.APPLIED.value
    receipt = owed.OwedReceipt(message.source, str(message.id), verdict, None, uow.now_ms, before.digest)
    owed.owe_receipts(uow.tx, [receipt])


def _from_the_other_system(uow: UnitOfWork, row: ParkedItem) -> Replayed:
    """Ask for the same page of the poll again; what was taken from it since counts as a repeat."""
    asked = json.loads(row.body or b"{}")
    polls.keep(uow.tx, asked["poll"], asked["cursor"])
    parked.take(uow.tx, row.number)
    return Replayed(Outcome.ON_ITS_WAY)


def _from_the_door(_uow: UnitOfWork, row: ParkedItem) -> Replayed:
    """A form that was refused when its record came would be refused again: its sender hands in another."""
    return Replayed(Outcome.STILL_PARKED, row.code)


_REPLAYS = {
    parked.WIRE: _from_the_wire,
    parked.DESK: _from_the_desk,
    parked.PEER: _to_the_peer,
    parked.POLL: _from_the_other_system,
    parked.FORM: _from_the_door,
}


def arrive_again(
    store: Store,
    context: CenterContext,
    row: ParkedItem,
    now: datetime,
    also: Callable[[Tx, Replayed], None] = lambda _tx, _done: None,
) -> Replayed:
    """Receive the bytes like a new delivery. ``receive`` has a transaction of its own: after a crash between the two,
    the next replay finds a repeat. ``also`` is done in the second one."""
    counts = receive(store, context, [Delivery(row.body or b"", row.peer, None)], now)
    left = any(counts[name] for name in ("parked", "refused", "early", "recovering", "put-off"))

    def change(tx: Tx) -> Replayed:
        uow, after = UnitOfWork(tx, context, now), locked(tx, row.number) if left else row
        done = Replayed(Outcome.STILL_PARKED, after.code) if left else Replayed(Outcome.APPLIED)
        if not left:
            parked.take(tx, row.number)
        note_act(uow, row, "replayed", done.code)
        uow.flush()
        also(tx, done)
        return done

    return store.write(change)


# -- resend, reveal ----------------------------------------------------------------------------------------------------


def resend(store: Store, context: CenterContext, outbox_row: int, now: datetime) -> Replayed:
    """Send an overdue message again at once, and restart its attempts at 0. Raises ``NotParked``."""
    return store.write(lambda tx: resend_within(tx, context, outbox_row, now))


def resend_within(tx: Tx, context: CenterContext, outbox_row: int, now: datetime) -> Replayed:
    """The same in the caller's transaction."""
    uow, row = UnitOfWork(tx, context, now), outbox.get(tx, outbox_row)
    if row is None:
        raise NotParked(outbox_row)
    outbox.resend(tx, row.message_id, ms(now))
    uow.journal(UUID(row.case_id), "replayed", row.kind, row.recipient, UUID(row.message_id))
    uow.flush()
    return Replayed(Outcome.ON_ITS_WAY, message_id=row.message_id)


def reveal(store: Store, context: CenterContext, number: int, now: datetime, who: str, why: str) -> bytes | None:
    """The item's body, with all data of the resident; the access log first records who reads it and why. Raises
    ``NotParked``."""
    return store.write(lambda tx: reveal_within(tx, context, number, now, who, why))


def reveal_within(tx: Tx, context: CenterContext, number: int, now: datetime, who: str, why: str) -> bytes | None:
    """The same in the caller's transaction."""
    uow, row = UnitOfWork(tx, context, now), locked(tx, number)
    note_act(uow, row, "revealed")
    what = f"parked {row.place} {row.message_id or row.digest[:16]}"
    access_log.note(tx, at_ms=ms(now), who=who, what=what, case_id=row.case_id or str(NO_CASE), why=why)
    uow.flush()
    return row.body
