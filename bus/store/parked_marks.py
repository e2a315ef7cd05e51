"""Queries of what persons have written beside parked items: who holds one, a note, who sees to it."""

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import delete, select, update

from bus.store import tables as t
from bus.store.database import Tx
from bus.store.inserts import dialect_insert

_M = t.parked_marks.c


class ParkedMark(NamedTuple):
    """What stands beside one item."""

    parked_id: int
    held_by: str | None = None
    note: str | None = None
    noted_by: str | None = None


def of_all(tx: Tx) -> Mapping[int, ParkedMark]:
    """Every mark, by item."""
    query = select(*(_M[name] for name in ParkedMark._fields))
    return {row[0]: ParkedMark(*row) for row in tx.execute(query)}


def held_by(tx: Tx, number: int) -> str | None:
    """Who holds the item."""
    found: str | None = tx.execute(select(_M.held_by).where(_M.parked_id == number)).scalar()
    return found


def hold(tx: Tx, number: int, who: str | None) -> None:
    """Let ``who`` hold the item; nobody: the hold ends."""
    _set(tx, number, held_by=who)


def note(tx: Tx, number: int, word: str, who: str) -> None:
    """Write a code word beside the item."""
    _set(tx, number, note=word, noted_by=who)


def _set(tx: Tx, number: int, **values: str | None) -> None:
    new = dialect_insert(t.parked_marks, tx.dialect.name).values(parked_id=number, **values)
    tx.execute(new.on_conflict_do_update(index_elements=["parked_id"], set_=values))


def own(tx: Tx, number: int, owner: str) -> None:
    """Say who sees to the item."""
    tx.execute(update(t.parked).where(t.parked.c.id == number).values(owner=owner))


def prune(tx: Tx) -> None:
    """Forget what stands beside items that are gone."""
    tx.execute(delete(t.parked_marks).where(~_M.parked_id.in_(select(t.parked.c.id))))
