"""Queries of the polls: the cursor of each poll of the center's own system."""

from sqlalchemy import select

from bus.store import tables as t
from bus.store.database import Tx
from bus.store.inserts import dialect_insert

_P = t.polls.c


def cursor(tx: Tx, name: str) -> str:
    """The cursor after the last page of a poll; empty before the first."""
    return tx.execute(select(_P.cursor).where(_P.name == name)).scalar_one_or_none() or ""


def keep(tx: Tx, name: str, cursor: str) -> None:
    """Store the cursor of a poll's next page."""
    new = dialect_insert(t.polls, tx.dialect.name).values(name=name, cursor=cursor)
    tx.execute(new.on_conflict_do_update(index_elements=["name"], set_={"cursor": cursor}))
