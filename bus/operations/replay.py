"""What operators do with what is stuck (``bus/operations/backlog.py``): look at it, replay it, discard it. Plain
functions.

They work while the center runs: each act is one transaction that holds the row it is about, and leaves one line in
the journal. What belongs to no case is noted under ``NO_CASE``.
"""

import json
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
from bus.store import access_log, inbox, lanes, outbox, owed, parked, polls
from bus.store.database import Store, Tx
from bus.store.inbox import AppliedRow
from bus.store.parked import ParkedItem
from bus.store.timestamps import ms
from bus.store.unit_of_work import UnitOfWork
from bus.transports.port import Delivery

NO_CASE = UUID(int=0)
"""Stands in the journal for bytes of which nobody knows the case."""


class NotParked(LookupError):
    """Nothing is parked under this number; it may have been settled meanwhile."""


class Outcome(StrEnum):
    """What came of a replay."""

    APPLIED = "applied"
    """It stands in the case now."""
    ON_ITS_WAY = "on-its-way"
    """Back at the desk or on the road; if it fails again it is parked again."""
    SETTLED = "settled"
    """There was nothing left to do: it has been settled since."""
    STILL_PARKED = "still-parked"


@dataclass(frozen=True, slots=True)
class Replayed:
    """One replay: how it ended, and for what is still parked, why."""

    outcome: Outcome
    code: str = ""


def find(tx: Tx, number: int) -> ParkedItem:
    """One parked row with its body, wherever the body lies. Raises ``NotParked``."""
    row = parked.get(tx, number)
    if row is None:
        raise NotParked(number)
    if row.body is not None or row.message_id is None:
        return row
    lies_in = inbox if row.place == parked.DESK else outbox
    return row._replace(body=lies_in.body_of(tx, row.message_id))


def _held(tx: Tx, number: int) -> ParkedItem:
    """The row, kept from other operators until the transaction ends."""
    parked.lock(tx, number)
    return find(tx, number)


def _note(uow: UnitOfWork, row: ParkedItem, way: str, code: str = "") -> None:
    case_id = UUID(row.case_id) if row.case_id else NO_CASE
    message_id = UUID(row.message_id) if row.message_id else None
    uow.journal(case_id, way, row.place, row.peer or "", message_id, code)


# -- replay --------------------------------------------------------------------------------------------------------


def replay(store: Store, context: CenterContext, number: int, now: datetime) -> Replayed:
    """Try once more what is parked under ``number``. Raises ``NotParked`` or ``StoreUnavailable``."""

    def change(tx: Tx) -> Replayed | ParkedItem:
        uow, row = UnitOfWork(tx, context, now), _held(tx, number)
        done = _tried(uow, row)
        if done is None:
            return row
        _note(uow, row, "replayed", done.code)
        uow.flush()
        return done

    done = store.write(change)
    return done if isinstance(done, Replayed) else _arrive_again(store, context, done, now)


def _tried(uow: UnitOfWork, row: ParkedItem) -> Replayed | None:
    """By where it is parked. A page of a log that was refused has left no bytes: its teller is asked again anyway."""
    if row.place == parked.WIRE and row.body is None:
        return Replayed(Outcome.STILL_PARKED, row.code)
    return _REPLAYS[row.place](uow, row)


def _from_the_desk(uow: UnitOfWork, row: ParkedItem) -> Replayed:
    if row.message_id and inbox.replay_work(uow.tx, row.message_id, uow.now_ms):
        return Replayed(Outcome.ON_ITS_WAY)  # the row stays, with its clock, until the work is done
    parked.take(uow.tx, row.number)
    return Replayed(Outcome.SETTLED)


def _to_the_peer(uow: UnitOfWork, row: ParkedItem) -> Replayed:
    """What a peer refused took its place in the lane: it is said anew, with an id and a place of its own. What the
    peer could not even read took none: the same message goes again."""
    found = outbox.waiting(uow.tx, [row.message_id]) if row.message_id else []
    if not row.message_id:
        return Replayed(Outcome.STILL_PARKED, "no-message")
    parked.take(uow.tx, row.number)
    if not found:
        return Replayed(Outcome.SETTLED)
    if found[0].state == outbox.WAITING:
        outbox.resend(uow.tx, row.message_id, uow.now_ms)
    else:
        _send_again(uow, found[0])
    return Replayed(Outcome.ON_ITS_WAY)


def _send_again(uow: UnitOfWork, old: outbox.OutboxRow) -> None:
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


def _from_the_wire(uow: UnitOfWork, row: ParkedItem) -> Replayed | None:
    """A message that was refused has its place in the lane already, so it is given to custody out of its turn. First
    it is verified: at that place a forgery may be parked, which names the same message.

    None for what never had a place: it arrives again as if the road had brought it."""
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
    """Give it to custody; a code when it will not have it, and then the page is as before it."""
    try:
        with uow.savepoint():
            uow.apply(message, body)
    except Refusal as no:
        return no.code
    except Exception:  # the same fault of ours that had it parked
        return "internal"
    return ""


def _refused_before(tx: Tx, message: Message[Any]) -> AppliedRow | None:
    """What the inbox remembers of it, if it was refused."""
    place = (message.source, str(message.subject), message.sequence)
    before = inbox.remembered(tx, [place]).get(place)
    if before is None or before.message_id != str(message.id) or before.verdict != Verdict.REFUSED.value:
        return None
    return before


def _other_bytes(body: bytes, before: AppliedRow) -> str:
    """A code when this is not the document that was refused; a version that kept no digest cannot tell."""
    return "" if before.digest in (None, digest(body)) else "other-bytes"


def _settle(uow: UnitOfWork, message: Message[Any], before: AppliedRow) -> None:
    """The lane remembers it as applied from now on, and its sender hears so."""
    inbox.verdict_changed(uow.tx, str(message.id), Verdict.APPLIED.value, uow.now_ms)
    verdict = Verdict.APPLIED.value
    receipt = owed.OwedReceipt(message.source, str(message.id), verdict, None, uow.now_ms, before.digest)
    owed.owe_receipts(uow.tx, [receipt])


def _from_the_other_system(uow: UnitOfWork, row: ParkedItem) -> Replayed:
    """The page in which it stood is asked for again, and what was taken of it since is a repeat."""
    asked = json.loads(row.body or b"{}")
    polls.keep(uow.tx, asked["poll"], asked["cursor"])
    parked.take(uow.tx, row.number)
    return Replayed(Outcome.ON_ITS_WAY)


_REPLAYS = {
    parked.WIRE: _from_the_wire,
    parked.DESK: _from_the_desk,
    parked.PEER: _to_the_peer,
    parked.POLL: _from_the_other_system,
}


def _arrive_again(store: Store, context: CenterContext, row: ParkedItem, now: datetime) -> Replayed:
    """``receive`` has a transaction of its own: if we die between the two, the next replay finds a repeat."""
    counts = receive(store, context, [Delivery(row.body or b"", row.peer, None)], now)
    left = any(counts[name] for name in ("parked", "refused", "early", "recovering", "put-off"))

    def change(tx: Tx) -> Replayed:
        uow, after = UnitOfWork(tx, context, now), _held(tx, row.number) if left else row
        done = Replayed(Outcome.STILL_PARKED, after.code) if left else Replayed(Outcome.APPLIED)
        if not left:
            parked.take(tx, row.number)
        _note(uow, row, "replayed", done.code)
        uow.flush()
        return done

    return store.write(change)


# -- discard, reveal -----------------------------------------------------------------------------------------------


class MayNotGo(ValueError):
    """It cannot be discarded; ``code`` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def discard(store: Store, context: CenterContext, number: int, reason: str, now: datetime) -> None:
    """Give up what is parked under ``number``, for ``reason`` (a code word). Raises ``NotParked`` or ``MayNotGo``."""

    def change(tx: Tx) -> None:
        uow, row = UnitOfWork(tx, context, now), _held(tx, number)
        if row.place == parked.DESK:
            _leave_undone(tx, row)
        elif row.place == parked.PEER and row.message_id:
            # one that still waits has a place in its lane: without it everything after it would be held back for ever
            for waiting in outbox.waiting(tx, [row.message_id]):
                if waiting.state == outbox.REFUSED:
                    outbox.drop(tx, row.message_id, ms(now))
        parked.take(tx, number)
        _note(uow, row, "discarded", reason)
        uow.flush()

    store.write(change)


def _leave_undone(tx: Tx, row: ParkedItem) -> None:
    if row.message_id is None:
        return
    if inbox.state_of(tx, row.message_id) == inbox.WAITING:
        raise MayNotGo("replayed")
    inbox.drop_work(tx, row.message_id)


def resend(store: Store, context: CenterContext, outbox_row: int, now: datetime) -> Replayed:
    """Send an overdue message again at once, from attempt 0. Raises ``NotParked``."""

    def change(tx: Tx) -> Replayed:
        uow = UnitOfWork(tx, context, now)
        row = outbox.get(tx, outbox_row)
        if row is None:
            raise NotParked(outbox_row)
        outbox.resend(tx, row.message_id, ms(now))
        uow.journal(UUID(row.case_id), "replayed", row.kind, row.recipient, UUID(row.message_id))
        uow.flush()
        return Replayed(Outcome.ON_ITS_WAY)

    return store.write(change)


def reveal(store: Store, context: CenterContext, number: int, now: datetime, who: str, why: str) -> bytes | None:
    """The body, with everything of the resident; who reads it and why is written down first. Raises ``NotParked``."""

    def change(tx: Tx) -> bytes | None:
        uow, row = UnitOfWork(tx, context, now), _held(tx, number)
        _note(uow, row, "revealed")
        what = f"parked {row.place} {row.message_id or row.digest[:16]}"
        access_log.note(tx, at_ms=ms(now), who=who, what=what, case_id=row.case_id or str(NO_CASE), why=why)
        uow.flush()
        body: bytes | None = row.body
        return body

    return store.write(change)
