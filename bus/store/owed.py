"""Queries of what peers are owed: receipts for their messages, and error messages for their operators."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Table, bindparam, delete, select, update

from bus.store import tables as t
from bus.store.database import Tx
from bus.store.due import DueRows
from bus.store.inserts import insert
from bus.store.statements import Prepared, Row, among, as_list


class OwedReceipt(NamedTuple):
    """A receipt for one message of a peer."""

    peer: str
    message_id: str
    verdict: str
    code: str | None
    next_ms: int
    digest: bytes | None = None
    number: int = 0
    """Its number in the store; 0: not stored yet."""


class OwedError(NamedTuple):
    """An error message for a peer's operator."""

    peer: str
    code: str
    text: str
    about: str | None
    digest: str | None
    next_ms: int
    number: int = 0
    """See ``OwedReceipt``."""


def error(peer: str, code: str, text: str, digest: str, next_ms: int, about: str | None = None) -> OwedError:
    """An error message to a peer. ``about``: the message's id, ``digest``: the digest of the bytes at fault."""
    return OwedError(peer, code, text[:200], about, digest, next_ms)


def owe_receipts(tx: Tx, rows: Sequence[OwedReceipt]) -> None:
    """Add receipts owed to peers."""
    insert(tx, t.receipts, rows)


def owe_errors(tx: Tx, rows: Sequence[OwedError]) -> None:
    """Add error messages owed to peers."""
    insert(tx, t.errors, rows)


def _due(table: Table, row: type[OwedReceipt | OwedError]) -> DueRows:
    return DueRows(table, select(*(table.c["id" if name == "number" else name] for name in row._fields)))


def _leased(table: Table) -> Prepared:
    return Prepared(lambda _: update(table).where(among("ids", table.c.id)).values(next_ms=bindparam("until_ms")))


def _forgotten(table: Table) -> Prepared:
    return Prepared(lambda _: delete(table).where(among("ids", table.c.id)))


_DUE = {"receipts": _due(t.receipts, OwedReceipt), "errors": _due(t.errors, OwedError)}
_LEASE = {table.name: _leased(table) for table in (t.receipts, t.errors)}
_FORGET = {table.name: _forgotten(table) for table in (t.receipts, t.errors)}


def claim_receipts(tx: Tx, now_ms: int, limit: int, lease_ms: int) -> list[OwedReceipt]:
    """Take up to ``limit`` due receipts."""
    return [OwedReceipt(*row) for row in _claim(tx, t.receipts, now_ms, limit, lease_ms)]


def claim_errors(tx: Tx, now_ms: int, limit: int, lease_ms: int) -> list[OwedError]:
    """Take up to ``limit`` due error messages."""
    return [OwedError(*row) for row in _claim(tx, t.errors, now_ms, limit, lease_ms)]


def _claim(tx: Tx, table: Table, now_ms: int, limit: int, lease_ms: int) -> Sequence[Row]:
    rows = _DUE[table.name].rows(tx, now_ms, limit)
    if rows:
        _LEASE[table.name].run(tx, until_ms=now_ms + lease_ms, ids=as_list(row[-1] for row in rows))
    return rows


def forget_receipts(tx: Tx, rows: Sequence[int]) -> None:
    """Delete receipts that were sent."""
    if rows:
        _FORGET[t.receipts.name].run(tx, ids=as_list(rows))


def forget_errors(tx: Tx, rows: Sequence[int]) -> None:
    """Delete error messages that were sent."""
    if rows:
        _FORGET[t.errors.name].run(tx, ids=as_list(rows))
