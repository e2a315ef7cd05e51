"""Queries of the outbox: what is said and not yet receipted, and the receipts and errors owed to peers.

Rows are claimed by their state and due time, never by "id greater than": an id that commits late would be passed over.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from sqlalchemy import Table, bindparam, case, delete, func, select, update
from sqlalchemy.sql.dml import UpdateBase

from bus.contract.epochs import epoch_start
from bus.store import archive
from bus.store import tables as t
from bus.store.database import Tx
from bus.store.due import DueRows, any_due, bounds
from bus.store.encryption import encryption_of
from bus.store.inserts import dialect_insert, insert
from bus.store.statements import Prepared, Row, among, as_list

WAITING = "waiting"
REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A message, receipt or error that is due to leave."""

    row: int
    message_id: str
    recipient: str
    kind: str
    body: bytes
    attempts: int


def enqueue(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Put messages into the outbox."""
    insert(tx, t.outbox, encryption_of(tx).encrypted(tx, rows))


def _leased(table: Table) -> Prepared:
    return Prepared(lambda _: update(table).where(among("ids", table.c.id)).values(next_ms=bindparam("until_ms")))


def _forgotten(table: Table) -> Prepared:
    return Prepared(lambda _: delete(table).where(among("ids", table.c.id)))


_O = t.outbox.c
_CLAIM = DueRows(
    t.outbox,
    select(_O.case_id, _O.id, _O.message_id, _O.recipient, _O.kind, _O.body, _O.attempts).where(_O.state == WAITING),
)
_LEASE = _leased(t.outbox)
_SENT = Prepared(
    lambda _: (
        update(t.outbox)
        .where(_O.id == bindparam("row"), _O.state == WAITING)  # its refusal may have come before this note
        .values(next_ms=bindparam("until_ms"), trouble=bindparam("why"), attempts=_O.attempts + 1)
    )
)


@dataclass(frozen=True, slots=True)
class Due:
    """Of what something is due to leave."""

    messages: bool
    receipts: bool
    errors: bool
    pages: bool


_LOOK = Prepared(
    lambda _: select(
        *bounds(t.outbox, _O.state == WAITING), *bounds(t.receipts), *bounds(t.errors), *bounds(t.pages_owed)
    )
)


def what_is_due(tx: Tx, now_ms: int) -> Due:
    """One glance: most rounds find little, and need not ask for each."""
    found = _LOOK.rows(tx)[0]
    return Due(*(any_due(found[place], found[place + 1], now_ms) for place in range(0, len(found), 2)))


def claim(tx: Tx, now_ms: int, limit: int, lease_ms: int) -> list[OutboxRow]:
    """Take up to ``limit`` messages that are due, in the order in which they were said; for ``lease_ms`` no other relay
    takes them. One that was altered in the store comes without its body."""
    found = _CLAIM.rows(tx, now_ms, limit)
    bodies = encryption_of(tx).readable(tx, [(row[0], row[5]) for row in found])
    owed = (_owed(row, body or b"") for row, body in zip(found, bodies, strict=True))
    rows = sorted(owed, key=attrgetter("row"))
    if rows:
        _LEASE.run(tx, until_ms=now_ms + lease_ms, ids=as_list(row.row for row in rows))
    return rows


def _owed(row: Row, body: bytes) -> OutboxRow:
    _, number, message_id, recipient, kind, _, attempts = row
    return OutboxRow(number, message_id, recipient, kind, body, attempts)


def set_aside(tx: Tx, row: int, code: str) -> None:
    """Send this message no more until an operator has looked at it."""
    tx.execute(update(t.outbox).where(_O.id == row).values(state=REFUSED, trouble=code))


def sent(tx: Tx, rows: Iterable[tuple[int, int, str]]) -> None:
    """After an attempt: (row, due again at, trouble). The row stays until its receipt comes; one that is refused
    already stays as it is."""
    _SENT.each(tx, ({"row": row, "until_ms": until_ms, "why": why} for row, until_ms, why in rows))


_DONE = Prepared(lambda _: delete(t.outbox).where(among("messages", _O.message_id), _O.recipient == bindparam("peer")))
_REFUSE = Prepared(
    lambda _: (
        update(t.outbox)
        .where(_O.message_id == bindparam("message"), _O.recipient == bindparam("peer"), _O.state == WAITING)
        .values(state=REFUSED, trouble=bindparam("why"))
    )
)


def receipted(tx: Tx, peer: str, done: Sequence[str], refused: Sequence[tuple[str, str]]) -> int:
    """The recipient ``peer`` has dealt with these message ids: applied ones leave (after
    ``archive.keep_said``), refused ones (id, code) stay for the operator. Returns how many were still waiting; receipts
    of others' messages count for nothing."""
    count = _DONE.run(tx, messages=as_list(done), peer=peer) if done else 0
    return count + sum(_REFUSE.run(tx, message=message_id, peer=peer, why=code) for message_id, code in refused)


_DIGESTS = Prepared(
    lambda _: select(_O.message_id, _O.digest).where(
        among("messages", _O.message_id), _O.recipient == bindparam("peer")
    )
)


def digests(tx: Tx, peer: str, message_ids: Sequence[str]) -> dict[str, bytes | None]:
    """Of what was said to ``peer`` and waits: the SHA-256 of each document, as far as it is known."""
    found = _DIGESTS.rows(tx, messages=as_list(message_ids), peer=peer) if message_ids else ()
    return {row[0]: row[1] for row in found}


def waiting(tx: Tx, message_ids: Sequence[str]) -> list[Mapping[str, Any]]:
    """The outbox rows of these messages."""
    query = select(t.outbox).where(t.outbox.c.message_id.in_(message_ids))
    return encryption_of(tx).decrypt(tx, [row._mapping for row in tx.execute(query)])


def free_claims(tx: Tx, now_ms: int) -> None:
    """Make due now what was never marked as sent: a process that died had claimed it, or was about to."""
    never_sent = (t.outbox.c.state == WAITING) & (t.outbox.c.attempts == 0)
    tx.execute(update(t.outbox).where(never_sent, t.outbox.c.next_ms > now_ms).values(next_ms=now_ms))
    for table in (t.receipts, t.errors, t.pages_owed):
        tx.execute(update(table).where(table.c.next_ms > now_ms).values(next_ms=now_ms))


def resend(tx: Tx, message_id: str, now_ms: int) -> bool:
    """Send one message again now, from attempt 0, a refused one too. False if it is not in the outbox."""
    query = update(t.outbox).where(t.outbox.c.message_id == message_id)
    return tx.execute(query.values(state=WAITING, attempts=0, next_ms=now_ms)).rowcount == 1


def drop(tx: Tx, message_id: str, now_ms: int) -> bool:
    """Send one message no more: an operator's decision. False if it is not in the outbox.

    The archive keeps it, for a refused message has its place in the lane all the same."""
    row = tx.execute(
        select(t.outbox.c.recipient, t.outbox.c.trouble).where(t.outbox.c.message_id == message_id)
    ).first()
    if row is not None:
        archive.keep_said(tx, row.recipient, [message_id], REFUSED, now_ms, row.trouble)
    return tx.execute(delete(t.outbox).where(t.outbox.c.message_id == message_id)).rowcount == 1


_SENT_MARKS = Prepared(
    lambda _: (
        select(t.lanes.c.peer, t.lanes.c.case_id, t.lanes.c.sent)
        .where(among("lanes", t.lanes.c.peer, t.lanes.c.case_id))
        .with_for_update()
    )
)


def next_sequences(tx: Tx, wanted: Mapping[tuple[str, str], int], epoch: int) -> dict[tuple[str, str], int]:
    """Reserve ``wanted[(peer, case)]`` places in each lane; the last sequence sent before them. ``epoch``: in which
    this center speaks, and a new lane begins."""
    if not wanted:
        return {}
    before = dict.fromkeys(wanted, epoch_start(epoch))
    before |= {(peer, case_id): sent for peer, case_id, sent in _SENT_MARKS.rows(tx, lanes=as_list(wanted))}
    set_lanes(tx, "sent", {key: before[key] + count for key, count in wanted.items()}, epoch)
    return before


def _set_mark(column: str) -> Prepared:
    def write(database: str) -> UpdateBase:
        insert = dialect_insert(t.lanes, database).values({c.name: bindparam(c.name) for c in t.lanes.c})
        return insert.on_conflict_do_update(index_elements=["peer", "case_id"], set_={column: insert.excluded[column]})

    return Prepared(write)


_SET_MARK = {column: _set_mark(column) for column in ("sent", "applied")}


def set_lanes(tx: Tx, column: str, values: Mapping[tuple[str, str], int], epoch: int) -> None:
    """Write the ``sent`` or ``applied`` mark of each lane, leaving the other mark as it is. ``epoch``: in which this
    center speaks; a new lane's mark says that whatever was said in it before has been told."""
    if not values:
        return
    other, start = ("applied", 0) if column == "sent" else ("sent", epoch_start(epoch))
    rows = [{"peer": p, "case_id": c, column: v, other: start} for (p, c), v in sorted(values.items())]
    _SET_MARK[column].each(tx, rows)


def owe_receipts(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Note receipts owed to peers."""
    insert(tx, t.receipts, rows)


def error_row(peer: str, code: str, text: str, digest: str, next_ms: int, about: str | None = None) -> dict[str, Any]:
    """A row of what is told to a peer's operator. ``about``: the message's id, ``digest``: of what it is about."""
    return {"peer": peer, "code": code, "text": text[:200], "about": about, "digest": digest, "next_ms": next_ms}


def owe_errors(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Note error messages owed to peers."""
    insert(tx, t.errors, rows)


_SMALL = {table.name: DueRows(table, select(*table.c)) for table in (t.receipts, t.errors)}
_LEASE_SMALL = {table.name: _leased(table) for table in (t.receipts, t.errors)}
_FORGET = {table.name: _forgotten(table) for table in (t.receipts, t.errors)}


def claim_receipts(tx: Tx, now_ms: int, limit: int, lease_ms: int) -> list[Mapping[str, Any]]:
    """Take up to ``limit`` due receipts."""
    return _claim_small(tx, t.receipts, now_ms, limit, lease_ms)


def claim_errors(tx: Tx, now_ms: int, limit: int, lease_ms: int) -> list[Mapping[str, Any]]:
    """Take up to ``limit`` due error messages."""
    return _claim_small(tx, t.errors, now_ms, limit, lease_ms)


def _claim_small(tx: Tx, table: Table, now_ms: int, limit: int, lease_ms: int) -> list[Mapping[str, Any]]:
    names = table.c.keys()
    rows = [dict(zip(names, row, strict=True)) for row in _SMALL[table.name].rows(tx, now_ms, limit)]
    if rows:
        _LEASE_SMALL[table.name].run(tx, until_ms=now_ms + lease_ms, ids=as_list(row["id"] for row in rows))
    return [*rows]


def forget_receipts(tx: Tx, ids: Sequence[int]) -> None:
    """These receipts have left."""
    if ids:
        _FORGET[t.receipts.name].run(tx, ids=as_list(ids))


def forget_errors(tx: Tx, ids: Sequence[int]) -> None:
    """These error messages have left."""
    if ids:
        _FORGET[t.errors.name].run(tx, ids=as_list(ids))


def figures(tx: Tx) -> dict[str, int]:
    """Depth and age for metrics: waiting, refused, attempted (receipts outstanding), owed receipts, oldest_ms."""
    o = t.outbox.c
    row = tx.execute(
        select(
            func.count(case((o.state == WAITING, 1))),
            func.count(case((o.state == REFUSED, 1))),
            func.count(case(((o.state == WAITING) & (o.attempts > 0), 1))),
            func.coalesce(func.min(case((o.state == WAITING, o.created_ms))), 0),
        )
    ).one()
    owed = tx.execute(select(func.count()).select_from(t.receipts)).scalar_one()
    return {"waiting": row[0], "refused": row[1], "attempted": row[2], "oldest_ms": row[3], "receipts_owed": owed}


def get(tx: Tx, row: int) -> Mapping[str, Any] | None:
    """One row, its body as it stands in the store."""
    found = tx.execute(select(t.outbox).where(t.outbox.c.id == row)).one_or_none()
    return dict(found._mapping) if found else None


def body_of(tx: Tx, message_id: str) -> bytes | None:
    """A message as it was signed; None when it is receipted or dropped."""
    query = select(t.outbox.c.case_id, t.outbox.c.body).where(t.outbox.c.message_id == message_id)
    found = encryption_of(tx).decrypt(tx, [row._mapping for row in tx.execute(query)])
    return found[0]["body"] if found else None


def overdue(tx: Tx, since_ms: int, limit: int) -> list[Mapping[str, Any]]:
    """Messages that have waited for their receipt since before ``since_ms``, in their order."""
    o = t.outbox.c
    late = select(t.outbox).where(o.state == WAITING, o.created_ms <= since_ms).order_by(o.id).limit(limit)
    return [dict(row._mapping) for row in tx.execute(late)]
