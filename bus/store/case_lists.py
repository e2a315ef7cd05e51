"""Queries that go through the cases of a center: which there are, by whom, how they stand, how old they are."""

from typing import NamedTuple
from uuid import UUID

from sqlalchemy import distinct, func, select

from bus.custody import Status
from bus.custody.strangers import UNKNOWN_CENTER
from bus.store import tables as t
from bus.store.database import Tx


class CaseFilter(NamedTuple):
    """Which cases are wanted; what is empty asks for nothing."""

    status: str = ""
    peer: str = ""
    """Its holder, its origin, or whose offer waits here."""
    opened_before_ms: int | None = None


def wanted(tx: Tx, asked: CaseFilter, after: tuple[int, str] | None, limit: int) -> list[tuple[UUID, int]]:
    """Cases and when they were opened, the oldest first; ``after``: the last one of the page before, by both."""
    c = t.cases.c
    query = select(c.case_id, c.opened_ms)
    if asked.status:
        query = query.where(c.status == asked.status)
    if asked.peer:
        query = query.where((c.holder == asked.peer) | (c.origin == asked.peer) | (c.offerer == asked.peer))
    if asked.opened_before_ms is not None:
        query = query.where(c.opened_ms <= asked.opened_before_ms)
    if after is not None:
        query = query.where((c.opened_ms > after[0]) | ((c.opened_ms == after[0]) & (c.case_id > after[1])))
    rows = tx.execute(query.order_by(c.opened_ms, c.case_id).limit(limit))
    return [(UUID(case_id), opened_ms) for case_id, opened_ms in rows]


def open_by_holder(tx: Tx) -> list[tuple[str, int, int]]:
    """Of the open cases that are known here: (who has them, how many, when the oldest was opened)."""
    c = t.cases.c
    query = select(c.holder, func.count(), func.min(c.opened_ms)).where(c.status == Status.OPEN.value)
    return [(row[0], row[1], row[2]) for row in tx.execute(query.group_by(c.holder).order_by(c.holder))]


def kept_for_strangers(tx: Tx, me: str) -> list[tuple[str, int, int]]:
    """Of the open cases of center ``me`` those that stay here because a route leads to a center that the directory does
    not list, and of which nothing was done since: (where the route leads, how many, when the oldest was opened)."""
    c, kept, later = t.cases.c, t.journal.alias("kept"), t.journal.alias("later")
    done_since = select(later.c.id).where(later.c.case_id == c.case_id, later.c.id > kept.c.id, later.c.way == "did")
    query = (
        select(kept.c.peer, func.count(distinct(c.case_id)), func.min(c.opened_ms))
        .join_from(t.cases, kept, kept.c.case_id == c.case_id)
        .where(c.status == Status.OPEN.value, c.holder == me)
        .where(kept.c.way == "refused", kept.c.kind == "offer", kept.c.note == UNKNOWN_CENTER)
        .where(~done_since.exists())
    )
    return [(row[0], row[1], row[2]) for row in tx.execute(query.group_by(kept.c.peer).order_by(kept.c.peer))]
