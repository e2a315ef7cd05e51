"""What still waits in a center's store: to be sent, handled, applied, or mended by an operator."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Column, ColumnElement, Table, exists, func, literal, or_, select, true

from bus.custody import Status
from bus.store import tables as t
from bus.store.database import Tx

Rows = Sequence[Mapping[str, Any]]
_TABLES = (t.outbox, t.work, t.held, t.parked)


@dataclass(frozen=True, slots=True)
class Waiting:
    """The waiting rows of one case, each kind in its order, with stored bodies."""

    outbox: Rows
    work: Rows
    held: Rows
    parked: Rows


@dataclass(frozen=True, slots=True)
class Counts:
    """The number of waiting rows in all."""

    outbox: int
    work: int
    held: int
    parked: int


def of_case(tx: Tx, case_id: str) -> Waiting:
    """The waiting rows of one case."""
    return Waiting(*(_rows(tx, table, case_id) for table in _TABLES))


def _rows(tx: Tx, table: Table, case_id: str) -> Rows:
    order = table.c.sequence if table is t.held else table.c.id
    query = select(table).where(table.c.case_id == case_id).order_by(order)
    return [dict(row._mapping) for row in tx.execute(query)]


def is_under_way(tx: Tx, case_id: str) -> bool:
    """Whether anything of this case still waits."""
    return bool(tx.execute(select(under_way(literal(case_id)))).scalar_one())


def under_way(case_id: ColumnElement[str]) -> ColumnElement[bool]:
    """The same as ``is_under_way``, as a condition of a query."""
    return or_(*(exists().where(table.c.case_id == case_id) for table in _TABLES))


def counts(tx: Tx) -> Counts:
    """The number of waiting rows of all cases."""
    queries = (select(func.count()).select_from(table) for table in _TABLES)
    return Counts(*(tx.execute(query).scalar_one() for query in queries))


class PeerLoad(NamedTuple):
    """What waits for a peer, or of it."""

    place: str
    """``outbox``: sent without a receipt; ``inbox``: received, not handled yet; ``held``: an earlier one is missing."""
    peer: str
    size: int
    oldest_ms: int


def by_peer(tx: Tx) -> list[PeerLoad]:
    """What waits by peer, with the age of the oldest."""
    o, w, h = t.outbox.c, t.work.c, t.held.c
    queries = (
        ("outbox", select(o.recipient, func.count(), func.min(o.created_ms)).group_by(o.recipient)),
        ("inbox", select(w.source, func.count(), func.min(w.created_ms)).group_by(w.source)),
        ("held", select(h.peer, func.count(), func.min(h.at_ms)).group_by(h.peer)),
    )
    return sorted(PeerLoad(place, *row) for place, query in queries for row in tx.execute(query))


def oldest_cases(tx: Tx) -> dict[tuple[str, str], UUID]:
    """The case that has waited longest, by place and peer: the places of ``by_peer``, and ``open`` by the holder."""
    c, o, w, h = t.cases.c, t.outbox.c, t.work.c, t.held.c
    places: tuple[tuple[str, Column[str], Column[int], Column[str], ColumnElement[bool]], ...] = (
        ("open", c.holder, c.opened_ms, c.case_id, c.status == Status.OPEN.value),
        ("outbox", o.recipient, o.created_ms, o.case_id, true()),
        ("inbox", w.source, w.created_ms, w.case_id, true()),
        ("held", h.peer, h.at_ms, h.case_id, true()),
    )
    found = {}
    for place, peer, since_ms, case_id, meant in places:
        rank = func.row_number().over(partition_by=peer, order_by=(since_ms, case_id)).label("rank")
        ranked = select(peer.label("peer"), case_id.label("case_id"), rank).where(meant).subquery()
        for row in tx.execute(select(ranked.c.peer, ranked.c.case_id).where(ranked.c.rank == 1)):
            found[place, row[0]] = UUID(row[1])
    return found
