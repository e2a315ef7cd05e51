"""Queries of tasks that wait for another center's word of who the resident is. They hold up no other task."""

from sqlalchemy import delete, select

from bus.store import tables as t
from bus.store.database import Tx

AWAITED = "resident-awaited"
"""The reason of such a task, also where it was parked."""


def end(tx: Tx, case_id: str) -> list[str]:
    """Delete the waiting tasks of this case, parked or not. Returns their messages."""
    there = (t.work.c.case_id == case_id, t.work.c.reason == AWAITED)
    ended = list(tx.execute(select(t.work.c.message_id).where(*there)).scalars())
    tx.execute(delete(t.work).where(*there))
    return ended
