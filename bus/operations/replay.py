"""What operators do with what is stuck (``bus/operations/backlog.py``): look at it, replay it, discard it. Plain
functions.

They work while the center runs: each act is one transaction that holds the row it is about, and leaves one line in
the journal. What belongs to no case is noted under ``NO_CASE``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from bus.context import Rules
from bus.contract.envelope import Message, Undecodable, compose, decode, encode, kept
from bus.contract.messages import Verdict
from bus.custody import Refusal
from bus.pipeline.receive import accept
from bus.store import access_log, inbox, outbox, parked
from bus.store import tables as t
from bus.store.database import Store, Tx
from bus.store.encryption import vault_of
from bus.store.timestamps import ms
from bus.store.unit_of_work import Page
from bus.transports.port import Delivery

NO_CASE = UUID(int=0)
"""Stands in the journal for bytes of which nobody knows the case."""
Row = Mapping[str, Any]


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


def find(tx: Tx, number: int) -> Row:
    """One parked row with its body, wherever the body lies. Raises ``NotParked``."""
    row = parked.get(tx, number)
    if row is None:
        raise NotParked(number)
    if row["body"] is not None or row["message_id"] is None:
        return row
    table = t.work if row["place"] == parked.DESK else t.outbox
    query = select(table.c.case_id, table.c.body).where(table.c.message_id == row["message_id"])
    found = vault_of(tx).show(tx, [lying._mapping for lying in tx.execute(query)])
    return {**row, "body": found[0]["body"] if found else None}


def _held(tx: Tx, number: int) -> Row:
    """The row, kept from other operators until the transaction ends."""
    tx.execute(select(t.parked.c.id).where(t.parked.c.id == number).with_for_update())
    return find(tx, number)


def _note(page: Page, row: Row, way: str, code: str = "") -> None:
    case_id = UUID(row["case_id"]) if row["case_id"] else NO_CASE
    message_id = UUID(row["message_id"]) if row["message_id"] else None
    page.note(case_id, way, row["place"], row["peer"] or "", message_id, code)


# -- replay --------------------------------------------------------------------------------------------------------


def replay(store: Store, rules: Rules, number: int, now: datetime) -> Replayed:
    """Try once more what is parked under ``number``. Raises ``NotParked`` or ``StoreTrouble``."""

    def change(tx: Tx) -> Replayed | Row:
        page, row = Page(tx, rules, now), _held(tx, number)
        done = _REPLAYS[row["place"]](page, row)
        if done is None:
            return row
        _note(page, row, "replayed", done.code)
        page.write()
        return done

    done = store.write(change)
    return done if isinstance(done, Replayed) else _arrive_again(store, rules, done, now)


def _at_the_desk(page: Page, row: Row) -> Replayed:
    if inbox.replay_work(page.tx, row["message_id"], page.now_ms):
        return Replayed(Outcome.ON_ITS_WAY)  # the row stays, with its clock, until the work is done
    parked.take(page.tx, row["id"])
    return Replayed(Outcome.SETTLED)


def _to_the_peer(page: Page, row: Row) -> Replayed:
    """What a peer refused took its place in the lane: it is said anew, with an id and a place of its own. What the
    peer could not even read took none: the same message goes again."""
    found = outbox.waiting(page.tx, [row["message_id"]]) if row["message_id"] else []
    if not row["message_id"]:
        return Replayed(Outcome.STILL_PARKED, "no-message")
    parked.take(page.tx, row["id"])
    if not found:
        return Replayed(Outcome.SETTLED)
    if found[0]["state"] == outbox.WAITING:
        outbox.resend(page.tx, row["message_id"], page.now_ms)
    else:
        _say_anew(page, found[0])
    return Replayed(Outcome.ON_ITS_WAY)


def _say_anew(page: Page, old: Row) -> None:
    lane = (old["recipient"], old["case_id"])
    before, now_ms = decode(old["body"]), page.now_ms
    message = compose(
        before.data,
        source=page.rules.me,
        recipient=old["recipient"],
        now=page.now,
        subject=before.subject,
        sequence=outbox.next_sequences(page.tx, {lane: 1}, page.era.number)[lane] + 1,
        cause=before.causeid,
        traceparent=before.traceparent,
    )
    fresh = {**old, "message_id": str(message.id), "sequence": message.sequence, **kept(encode(message))}
    del fresh["id"]
    again = {"state": outbox.WAITING, "attempts": 0, "next_ms": now_ms, "created_ms": now_ms, "trouble": ""}
    outbox.drop(page.tx, old["message_id"], now_ms)
    outbox.lay_out(page.tx, [fresh | again])
    page.note(UUID(old["case_id"]), "said", old["kind"], old["recipient"], message.id)


def _from_the_wire(page: Page, row: Row) -> Replayed | None:
    """A message that was refused has its place in the lane already, so it is given to custody out of its turn.

    None for what never had a place: it arrives again as if the road had brought it."""
    try:
        message = decode(row["body"])
    except Undecodable as error:
        if error.envelope is None or _refused_before(page.tx, error.envelope) is None:
            return None
        return Replayed(Outcome.STILL_PARKED, error.code)
    before = _refused_before(page.tx, message)
    if before is None:
        return None
    try:
        with page.attempt():
            page.hear(message, row["body"])
    except Refusal as no:
        return Replayed(Outcome.STILL_PARKED, no.code)
    except Exception:  # the same fault of ours that had it parked; the page is as before it
        return Replayed(Outcome.STILL_PARKED, "internal")
    _settle(page, message, before)
    parked.take(page.tx, row["id"])
    return Replayed(Outcome.APPLIED)


def _refused_before(tx: Tx, message: Message[Any]) -> Row | None:
    """What the inbox remembers of it, if it was refused."""
    place = (message.source, str(message.subject), message.sequence)
    before = inbox.remembered(tx, [place]).get(place)
    if before is None or before["message_id"] != str(message.id) or before["verdict"] != Verdict.REFUSED.value:
        return None
    return before


def _settle(page: Page, message: Message[Any], before: Row) -> None:
    """The lane remembers it as applied from now on, and its sender hears so."""
    applied = update(t.applied).where(t.applied.c.message_id == str(message.id))
    page.tx.execute(applied.values(verdict=Verdict.APPLIED.value, code=None, at_ms=page.now_ms))
    receipt = {
        "message_id": str(message.id),
        "verdict": Verdict.APPLIED.value,
        "code": None,
        "digest": before["digest"],
    }
    outbox.owe_receipts(page.tx, [receipt | {"peer": message.source, "next_ms": page.now_ms}])


_REPLAYS = {parked.WIRE: _from_the_wire, parked.DESK: _at_the_desk, parked.PEER: _to_the_peer}


def _arrive_again(store: Store, rules: Rules, row: Row, now: datetime) -> Replayed:
    """``accept`` has a transaction of its own: if we die between the two, the next replay finds a repeat."""
    counts = accept(store, rules, [Delivery(row["body"], row["peer"], None)], now)
    left = any(counts[name] for name in ("parked", "refused", "early", "recovering"))

    def change(tx: Tx) -> Replayed:
        page, after = Page(tx, rules, now), _held(tx, row["id"]) if left else row
        done = Replayed(Outcome.STILL_PARKED, after["code"]) if left else Replayed(Outcome.APPLIED)
        if not left:
            parked.take(tx, row["id"])
        _note(page, row, "replayed", done.code)
        page.write()
        return done

    return store.write(change)


# -- discard, reveal -----------------------------------------------------------------------------------------------


class MayNotGo(ValueError):
    """It cannot be discarded; ``code`` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def discard(store: Store, rules: Rules, number: int, reason: str, now: datetime) -> None:
    """Give up what is parked under ``number``, for ``reason`` (a code word). Raises ``NotParked`` or ``MayNotGo``."""

    def change(tx: Tx) -> None:
        page, row = Page(tx, rules, now), _held(tx, number)
        if row["place"] == parked.DESK:
            _leave_undone(tx, row)
        elif row["place"] == parked.PEER and row["message_id"]:
            # one that still waits has a place in its lane: without it everything after it would be held back for ever
            for waiting in outbox.waiting(tx, [row["message_id"]]):
                if waiting["state"] == outbox.REFUSED:
                    outbox.drop(tx, row["message_id"], ms(now))
        parked.take(tx, number)
        _note(page, row, "discarded", reason)
        page.write()

    store.write(change)


def _leave_undone(tx: Tx, row: Row) -> None:
    state = tx.execute(select(t.work.c.state).where(t.work.c.message_id == row["message_id"])).scalar()
    if state == inbox.WAITING:
        raise MayNotGo("replayed")
    inbox.drop_work(tx, row["message_id"])


def resend(store: Store, rules: Rules, outbox_row: int, now: datetime) -> Replayed:
    """Send an overdue message again at once, from attempt 0. Raises ``NotParked``."""

    def change(tx: Tx) -> Replayed:
        page = Page(tx, rules, now)
        row = tx.execute(select(t.outbox).where(t.outbox.c.id == outbox_row)).one_or_none()
        if row is None:
            raise NotParked(outbox_row)
        outbox.resend(tx, row.message_id, ms(now))
        page.note(UUID(row.case_id), "replayed", row.kind, row.recipient, UUID(row.message_id))
        page.write()
        return Replayed(Outcome.ON_ITS_WAY)

    return store.write(change)


def reveal(store: Store, rules: Rules, number: int, now: datetime, who: str, why: str) -> bytes | None:
    """The body, with everything of the resident; who reads it and why is written down first. Raises ``NotParked``."""

    def change(tx: Tx) -> bytes | None:
        page, row = Page(tx, rules, now), _held(tx, number)
        _note(page, row, "revealed")
        what = f"parked {row['place']} {row['message_id'] or row['digest'][:16]}"
        access_log.note(tx, at_ms=ms(now), who=who, what=what, case_id=row["case_id"] or str(NO_CASE), why=why)
        page.write()
        body: bytes | None = row["body"]
        return body

    return store.write(change)
