"""The reader of stores: fills a ``Snapshot`` in one transaction, with one statement for each table."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Select, func, inspect, select

from bus.store import cases
from bus.store import tables as t
from bus.store.database import Store, Tx
from bus.store.encryption import encryption_of
from bus.store.statements import Prepared
from verification.checker.snapshot import Applied, Held, Kept, Known, Lane, Line, Owed, Parked, Snapshot, Taken, Task

RowT = TypeVar("RowT")


def read(store: Store) -> Snapshot:
    """The snapshot of a store at one moment. Raises ``StoreUnavailable``."""
    with store.reading() as tx:
        if not store.on_sqlite:  # on PostgreSQL each statement would otherwise see a moment of its own
            tx.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        rows = {query.field: _of_cases(map(query.make, _shown(tx, query))) for query in _queries()}
        owed = sum(count.rows(tx)[0][0] for count in _OWED)
        counted = _counted(tx)
    return Snapshot(**rows, owed=owed, counted=counted)


def _of_cases(rows: Iterable[Any]) -> list[Any]:
    """Without the lanes of facts, whose subject is no case: their ids are of UUID version 5, those of cases of 7."""
    return [row for row in rows if getattr(row, "case", None) is None or row.case[14:15] != "5"]


HIDDEN = {"cases": (0, 5), "outbox": (2, 6), "held": (1, 3), "work": (1, 5), "archive": (3, 5), "parked": (4, 6)}
"""The positions of a case's id and of encrypted values in the rows of each field."""


def _shown(tx: Tx, query: "_Query") -> Iterable[Sequence[Any]]:
    rows = query.rows.rows(tx)
    if query.field not in HIDDEN:
        return rows
    case, body = HIDDEN[query.field]
    text = query.field == "cases"
    there = [(row[case], cases.unpacked(row[body]) if text else bytes(row[body] or b"")) for row in rows]
    said = encryption_of(tx).decrypted(tx, there)
    told = [one.decode() for one in said] if text else said
    return [(*row[:body], one, *row[body + 1 :]) for row, one in zip(rows, told, strict=True)]


def text_digest(text: str) -> str:
    """SHA-256 (hex) of a matter's text, for ``Submission.text``."""
    return hashlib.sha256(text.encode()).hexdigest()


class _Query(NamedTuple):
    field: str
    """The field of ``Snapshot``."""
    rows: Prepared
    make: Callable[[Sequence[Any]], Any]


def _query(field: str, query: Select[Any], make: Callable[[Sequence[Any]], Any]) -> _Query:
    return _Query(field, _prepared(query), make)


def _prepared(query: Select[Any]) -> Prepared:
    return Prepared(lambda _: query)


_OWED = [_prepared(select(func.count()).select_from(table)) for table in (t.receipts, t.errors)]


_COUNTED = _prepared(select(func.sum(t.case_count.c.known)))


def _counted(tx: Tx) -> int | None:
    """The count of cases that the store keeps; a store of v0.1.0 keeps none."""
    return int(_COUNTED.rows(tx)[0][0] or 0) if inspect(tx).has_table(t.case_count.name) else None


@cache
def _queries() -> tuple[_Query, ...]:
    j, c, o, a, w, p, i = (table.c for table in (t.journal, t.cases, t.outbox, t.applied, t.work, t.parked, t.intakes))
    journal = select(j.case_id, j.at_ms, j.way, j.kind, j.peer, j.message_id, j.holder, j.version, j.note)
    return (
        _query("journal", journal.order_by(j.id), Line._make),
        _query("cases", select(c.case_id, c.origin, c.holder, c.version, c.status, c.record), Known._make),
        _query(
            "outbox",
            select(o.message_id, o.recipient, o.case_id, o.sequence, o.kind, o.state, o.body).order_by(o.id),
            Owed._make,
        ),
        _query(
            "applied",
            select(a.peer, a.case_id, a.sequence, a.message_id, a.verdict, a.code),
            Applied._make,
        ),
        _query("held", select(t.held.c.peer, t.held.c.case_id, t.held.c.sequence, t.held.c.body), Held._make),
        _query("work", select(w.message_id, w.case_id, w.source, w.kind, w.state, w.body).order_by(w.id), Task._make),
        _query("parked", select(p.place, p.code, p.digest, p.peer, p.case_id, p.message_id, p.body), Parked._make),
        _query("taken", select(i.form, i.native_id, i.digest, i.answer), Taken._make),
        *_archive(),
        _query("lanes", select(t.lanes.c.peer, t.lanes.c.case_id, t.lanes.c.sent, t.lanes.c.applied), Lane._make),
    )


def _archive() -> Iterator[_Query]:
    table = t.metadata.tables.get("archive")
    if table is not None:  # stores of earlier versions lack it
        k = table.c
        yield _query("archive", select(k.way, k.message_id, k.peer, k.case_id, k.kind, k.body), Kept._make)
