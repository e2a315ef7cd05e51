"""Queries of the archive: sent and received messages as they travelled, and the peers that ask for them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Insert, String, Table, bindparam, delete, func, literal, select

from bus.store import tables as t
from bus.store.database import Tx
from bus.store.due import is_due
from bus.store.encryption import ERASED, encryption_of
from bus.store.inserts import insert, upsert
from bus.store.statements import Prepared, among, as_list

SAID = "said"
HEARD = "heard"


class ArchiveRow(NamedTuple):
    """One archived message with a known outcome."""

    way: str
    peer: str
    message_id: str
    case_id: str
    sequence: int
    kind: str
    body: bytes
    digest: bytes | None
    verdict: str
    code: str | None
    at_ms: int


class OwedPage(NamedTuple):
    """A page of the log that a peer has asked for."""

    peer: str
    recovery: str
    cursor: str
    next_ms: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One message from the archive or the outbox."""

    row: int
    way: str
    message_id: str
    case_id: str
    sequence: int
    body: bytes
    verdict: str | None
    """None: still in the outbox, without a receipt."""
    code: str | None


_COLUMNS = ("way", "peer", "message_id", "case_id", "sequence", "kind", "body", "digest",
            "verdict", "code", "at_ms", "receipt")  # fmt: skip


def _copied() -> Insert:
    o = t.outbox.c
    copied = select(
        literal(SAID), o.recipient, o.message_id, o.case_id, o.sequence, o.kind, o.body, o.digest,
        bindparam("verdict", type_=String()), bindparam("code", type_=String()),
        bindparam("now_ms", type_=BigInteger()), bindparam("receipt", type_=BigInteger()),
    ).where(among("messages", o.message_id), o.recipient == bindparam("peer"))  # fmt: skip
    return t.archive.insert().from_select(_COLUMNS, copied, include_defaults=False)


_KEEP_SAID = Prepared(lambda _: _copied())


def keep_said(
    tx: Tx,
    peer: str,
    message_ids: Sequence[str],
    verdict: str,
    now_ms: int,
    code: str | None = None,
    receipt: int | None = None,
) -> None:
    """Copy what ``peer`` has receipted out of the outbox, before it is deleted there. ``receipt``: the row of the
    receipt, where it was kept."""
    if message_ids:
        _KEEP_SAID.run(
            tx, peer=peer, messages=as_list(message_ids), verdict=verdict, code=code, now_ms=now_ms, receipt=receipt
        )


def keep_receipt(tx: Tx, peer: str, message_id: str, signed: bytes, now_ms: int) -> int:
    """Keep a signed receipt. Returns its row."""
    row = {"peer": peer, "message_id": message_id, "body": signed, "at_ms": now_ms}
    (key,) = tx.execute(t.receipts_heard.insert().values(row)).inserted_primary_key or (0,)
    return int(key)


def keep(tx: Tx, rows: Sequence[ArchiveRow]) -> None:
    """Add these messages to the archive."""
    insert(tx, t.archive, encryption_of(tx).encrypted(tx, rows))


READ_AT_ONCE = 20
"""Entries: a page has room for a few long ones, or for many short ones."""


def since(tx: Tx, peer: str, row: int, limit: int) -> Iterator[Entry]:
    """Messages to and from ``peer``, oldest first, from this row on; at most ``limit`` entries."""
    a = t.archive.c
    query = (
        select(a.id, a.way, a.message_id, a.case_id, a.sequence, a.body, a.verdict, a.code)
        .where(a.peer == peer, a.id >= bindparam("first"))
        .order_by(a.id)
        .limit(READ_AT_ONCE)
    )

    def read(first: int) -> list[Entry]:
        return [Entry(*found) for found in tx.execute(query, {"first": first})]

    return islice(_shown(tx, read, row), limit)


def unreceipted(tx: Tx, peer: str, row: int, limit: int) -> Iterator[Entry]:
    """The outbox rows for ``peer``, oldest first, from this row on; refused ones too."""
    o = t.outbox.c
    query = (
        select(o.id, o.message_id, o.case_id, o.sequence, o.body, o.state, o.trouble)
        .where(o.recipient == peer, o.id >= bindparam("first"))
        .order_by(o.id)
        .limit(READ_AT_ONCE)
    )

    def read(first: int) -> list[Entry]:
        return [_unreceipted(found) for found in tx.execute(query, {"first": first})]

    return islice(_shown(tx, read, row), limit)


def _unreceipted(found: Any) -> Entry:  # noqa: ANN401 - a row of the store
    verdict, code = ("refused", found.trouble) if found.state == "refused" else (None, None)
    place = (found.id, SAID, found.message_id, found.case_id, found.sequence)
    return Entry(*place, found.body, verdict, code)


def _shown(tx: Tx, read: Callable[[int], list[Entry]], first: int) -> Iterator[Entry]:
    """Decrypted entries; erased or altered ones are left out, since they cannot be read any more."""
    while entries := read(first):
        bodies = encryption_of(tx).readable(tx, [(entry.case_id, entry.body) for entry in entries])
        for entry, body in zip(entries, bodies, strict=True):
            if body is not None and body != ERASED:
                yield replace(entry, body=body)
        first = entries[-1].row + 1


def oldest(tx: Tx) -> int:
    """When the oldest entry was written; 0: there is none."""
    return int(tx.execute(select(func.min(t.archive.c.at_ms))).scalar() or 0)


def prune(tx: Tx, before_ms: int, limit: int) -> int:
    """Delete up to ``limit`` entries older than ``before_ms``, and receipts as old. Returns the number of entries."""
    _prune(tx, t.receipts_heard, before_ms, limit)
    return _prune(tx, t.archive, before_ms, limit)


def _prune(tx: Tx, table: Table, before_ms: int, limit: int) -> int:
    old = select(table.c.id).where(table.c.at_ms < before_ms).order_by(table.c.at_ms).limit(limit)
    return tx.execute(delete(table).where(table.c.id.in_(old))).rowcount


# -- epochs ------------------------------------------------------------------------------------------------------


_EPOCHS = Prepared(
    lambda _: select(t.eras.c.peer, t.eras.c.era, t.eras.c.recovery).where(among("peers", t.eras.c.peer))
)


def epochs(tx: Tx, peers: Iterable[str]) -> dict[str, tuple[int, str]]:
    """The epoch and the recovery's id of each of these peers that was restored from a backup."""
    wanted = sorted(set(peers))
    rows = _EPOCHS.rows(tx, peers=as_list(wanted)) if wanted else ()
    return {peer: (era, recovery) for peer, era, recovery in rows}


def begin_epoch(tx: Tx, peer: str, epoch: int, recovery: str) -> None:
    """Record that ``peer`` speaks in this epoch from now on; what is not yet applied of older ones is forgotten."""
    upsert(tx, t.eras, [{"peer": peer, "era": epoch, "recovery": recovery}])
    tx.execute(delete(t.held).where(t.held.c.peer == peer))


# -- pages owed --------------------------------------------------------------------------------------------------


def owe_pages(tx: Tx, rows: Sequence[OwedPage]) -> None:
    """Record which page each peer wants; a peer's last request counts."""
    upsert(tx, t.pages_owed, rows)


_P = t.pages_owed.c
_PAGES = Prepared(lambda _: select(*(_P[name] for name in OwedPage._fields)).order_by(_P.peer))


def pages_due(tx: Tx, now_ms: int, lease_ms: int) -> list[OwedPage]:
    """The pages to be sent now, leased: for ``lease_ms`` no other relay takes them."""
    owed = (OwedPage(*row) for row in _PAGES.rows(tx))  # at most one per peer
    rows = [row for row in owed if is_due(row.next_ms, now_ms)]
    upsert(tx, t.pages_owed, [row._replace(next_ms=now_ms + lease_ms) for row in rows])
    return rows


def page_sent(tx: Tx, row: OwedPage) -> None:
    """Record that the page was sent; if it was lost, its asker asks again."""
    mine = (_P.peer == row.peer) & (_P.recovery == row.recovery) & (_P.cursor == row.cursor)
    tx.execute(delete(t.pages_owed).where(mine))


def vouched(tx: Tx, case_id: str) -> list[Mapping[str, Any]]:
    """What was sent about a case and receipted with a signature: the message's label and digest, the verdict, and the
    signed receipt (``body``, received at ``at_ms``)."""
    a, r = t.archive.c, t.receipts_heard.c
    query = (
        select(a.message_id, a.kind, a.peer, a.digest, a.verdict, r.at_ms, r.body)
        .join(t.receipts_heard, a.receipt == r.id)
        .where(a.case_id == case_id, a.way == SAID, a.digest.is_not(None))
        .order_by(a.id)
    )
    return [dict(row._mapping) for row in tx.execute(query)]


def receipted_ms(tx: Tx, case_id: str) -> dict[str, int]:
    """When each message about a case was receipted by its recipient, as far as the archive goes back."""
    a = t.archive.c
    found = tx.execute(select(a.message_id, a.at_ms).where(a.case_id == case_id, a.way == SAID))
    return {row.message_id: row.at_ms for row in found}
