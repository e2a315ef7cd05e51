"""Queries of the outbox: what is said and not yet receipted, and the receipts and errors owed to peers.

Rows are claimed by their state and due time, never by "id greater than": an id that commits late would be passed over.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, case, delete, func, select, tuple_, update

from bus.eras import before_first
from bus.store import archive, recovery
from bus.store import tables as t
from bus.store.database import Tx
from bus.store.writing import lay, upsert

WAITING = "waiting"
REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Owed:
    """A message, receipt or error that is due to leave."""

    row: int
    message_id: str
    recipient: str
    kind: str
    body: bytes
    attempts: int


def lay_out(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Put messages into the outbox."""
    lay(tx, t.outbox, rows)


def claim(tx: Tx, now_ms: int, limit: int, lease_ms: int) -> list[Owed]:
    """Take up to ``limit`` due messages, oldest first; for ``lease_ms`` no other relay takes them."""
    o = t.outbox.c
    query = (
        select(o.id, o.message_id, o.recipient, o.kind, o.body, o.attempts)
        .where(o.state == WAITING, o.next_ms <= now_ms)
        .order_by(o.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = [Owed(*row) for row in tx.execute(query)]
    _postpone(tx, t.outbox, [(row.row, now_ms + lease_ms) for row in rows])
    return rows


def sent(tx: Tx, rows: Iterable[tuple[int, int, str]]) -> None:
    """After an attempt: (row, due again at, trouble). The row stays until its receipt comes."""
    for trouble, group in _grouped(rows).items():
        _postpone(tx, t.outbox, group, trouble)


def _grouped(rows: Iterable[tuple[int, int, str]]) -> dict[str, list[tuple[int, int]]]:
    groups: dict[str, list[tuple[int, int]]] = {}
    for row, next_ms, trouble in rows:
        groups.setdefault(trouble, []).append((row, next_ms))
    return groups


def _postpone(tx: Tx, table: Table, rows: Sequence[tuple[int, int]], trouble: str | None = None) -> None:
    """Set the due times of these rows, one statement for each distinct time; with ``trouble``, count an attempt."""
    by_time: dict[int, list[int]] = {}
    for row, next_ms in rows:
        by_time.setdefault(next_ms, []).append(row)
    for next_ms, ids in by_time.items():
        values: dict[str, Any] = {"next_ms": next_ms}
        if trouble is not None:
            values |= {"attempts": table.c.attempts + 1, "trouble": trouble}
        tx.execute(update(table).where(table.c.id.in_(ids)).values(**values))


def receipted(tx: Tx, peer: str, done: Sequence[str], refused: Sequence[tuple[str, str]]) -> int:
    """The recipient ``peer`` has dealt with these message ids: applied ones leave (after
    ``archive.keep_said``), refused ones (id, code) stay for the operator. Returns how many were still waiting; receipts
    of others' messages count for nothing."""
    o = t.outbox
    count = 0
    if done:
        count += tx.execute(delete(o).where(o.c.message_id.in_(done), o.c.recipient == peer)).rowcount
    for message_id, code in refused:
        count += tx.execute(
            update(o)
            .where(o.c.message_id == message_id, o.c.recipient == peer, o.c.state == WAITING)
            .values(state=REFUSED, trouble=code)
        ).rowcount
    return count


def waiting(tx: Tx, message_ids: Sequence[str]) -> list[Mapping[str, Any]]:
    """The outbox rows of these messages."""
    query = select(t.outbox).where(t.outbox.c.message_id.in_(message_ids))
    return [dict(row._mapping) for row in tx.execute(query)]


def free_claims(tx: Tx, now_ms: int) -> None:
    """Make due now what was never marked as sent: a process that died had claimed it, or was about to."""
    never_sent = (t.outbox.c.state == WAITING) & (t.outbox.c.attempts == 0)
    tx.execute(update(t.outbox).where(never_sent).values(next_ms=now_ms))
    for table in (t.receipts, t.errors, t.pages_owed):
        tx.execute(update(table).values(next_ms=now_ms))


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


def next_sequences(tx: Tx, wanted: Mapping[tuple[str, str], int]) -> dict[tuple[str, str], int]:
    """Reserve ``wanted[(peer, case)]`` places in each lane; the last sequence sent before them."""
    if not wanted:
        return {}
    lane = t.lanes.c
    query = (
        select(lane.peer, lane.case_id, lane.sent)
        .where(tuple_(lane.peer, lane.case_id).in_(list(wanted)))
        .with_for_update()
    )
    before = {(row.peer, row.case_id): row.sent for row in tx.execute(query)}
    if len(before) < len(wanted):
        before = dict.fromkeys(wanted, before_first(recovery.era(tx).number)) | before
    set_lanes(tx, "sent", {key: before[key] + count for key, count in wanted.items()})
    return before


def set_lanes(tx: Tx, column: str, values: Mapping[tuple[str, str], int]) -> None:
    """Write the ``sent`` or ``applied`` mark of each lane, leaving the other mark as it is."""
    if not values:
        return
    insert = upsert(t.lanes, tx.dialect.name)
    query = insert.on_conflict_do_update(index_elements=["peer", "case_id"], set_={column: insert.excluded[column]})
    other, start = ("applied", 0) if column == "sent" else ("sent", before_first(recovery.era(tx).number))
    tx.execute(query, [{"peer": p, "case_id": c, column: v, other: start} for (p, c), v in sorted(values.items())])


def owe_receipts(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Note receipts owed to peers."""
    lay(tx, t.receipts, rows)


def owe_errors(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Note error messages owed to peers."""
    lay(tx, t.errors, rows)


def claim_receipts(tx: Tx, now_ms: int, limit: int, lease_ms: int) -> list[Mapping[str, Any]]:
    """Take up to ``limit`` due receipts."""
    return _claim_small(tx, t.receipts, now_ms, limit, lease_ms)


def claim_errors(tx: Tx, now_ms: int, limit: int, lease_ms: int) -> list[Mapping[str, Any]]:
    """Take up to ``limit`` due error messages."""
    return _claim_small(tx, t.errors, now_ms, limit, lease_ms)


def _claim_small(tx: Tx, table: Table, now_ms: int, limit: int, lease_ms: int) -> list[Mapping[str, Any]]:
    query = select(table).where(table.c.next_ms <= now_ms).order_by(table.c.id).limit(limit)
    rows: list[Mapping[str, Any]] = [dict(row._mapping) for row in tx.execute(query.with_for_update(skip_locked=True))]
    _postpone(tx, table, [(row["id"], now_ms + lease_ms) for row in rows])
    return rows


def forget_receipts(tx: Tx, ids: Sequence[int]) -> None:
    """These receipts have left."""
    if ids:
        tx.execute(delete(t.receipts).where(t.receipts.c.id.in_(ids)))


def forget_errors(tx: Tx, ids: Sequence[int]) -> None:
    """These error messages have left."""
    if ids:
        tx.execute(delete(t.errors).where(t.errors.c.id.in_(ids)))


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
