"""Queries over all cases of a center, by peer, status and age."""

from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, distinct, func, literal_column, select

from bus.contract.messages import Ruled
from bus.custody import Status
from bus.custody.strangers import UNKNOWN_CENTER
from bus.store import tables as t
from bus.store.database import Tx


class CaseFilter(NamedTuple):
    """A filter of cases; an empty field does not filter."""

    status: str = ""
    peer: str = ""
    """Its holder, its origin, or the peer whose offer waits here."""
    opened_before_ms: int | None = None


def wanted(tx: Tx, asked: CaseFilter, after: tuple[int, str] | None, limit: int) -> list[tuple[UUID, int]]:
    """Cases and their opening times, oldest first. ``after``: the last case of the page before, by time and id."""
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


END = 30
"""Where the end of an id begins that is in its short number: its last seven signs."""


def ends(case_id: ColumnElement[str], end: str) -> ColumnElement[bool]:
    """Whether an id ends so, as an index of endings has it."""
    return func.substr(case_id, literal_column(str(END))) == end


def of_ending(end: str) -> Select[Any]:
    """The statement that finds the cases whose ids end so, by the index of endings."""
    c = t.cases.c
    return select(c.case_id, c.number).where(ends(c.case_id, end))


def ending(tx: Tx, end: str) -> list[tuple[UUID, str]]:
    """The cases whose ids end so, with their numbers, the oldest id first."""
    rows = tx.execute(of_ending(end).order_by(t.cases.c.case_id))
    return [(UUID(case_id), number) for case_id, number in rows]


def open_by_holder(tx: Tx) -> list[tuple[str, int, int]]:
    """The open cases by holder: (holder, number of cases, opening time of the oldest)."""
    c = t.cases.c
    query = select(c.holder, func.count(), func.min(c.opened_ms)).where(c.status == Status.OPEN.value)
    return [(row[0], row[1], row[2]) for row in tx.execute(query.group_by(c.holder).order_by(c.holder))]


def overdue(tx: Tx, now_ms: int) -> tuple[int, int]:
    """The open cases whose date has passed: (number, the earliest date; 0: there is none)."""
    c = t.cases.c
    late = (c.status == Status.OPEN.value) & (c.due_ms < now_ms)
    count, earliest = tx.execute(select(func.count(), func.min(c.due_ms)).where(late)).one()
    return int(count), int(earliest or 0)


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


def late_rulings(tx: Tx) -> list[tuple[str, int, int]]:
    """The open cases for which this center has asked an arbiter, whose term has ended by the county's clocks: (the
    arbiter, how many, since when). Where the clocks are off there is no such term, and none is told."""
    c, kept, later = t.cases.c, t.journal.alias("kept"), t.journal.alias("later")
    ruled = select(later.c.id).where(
        later.c.case_id == c.case_id, later.c.id > kept.c.id, later.c.kind == Ruled.kind, later.c.way == "heard"
    )
    query = (
        select(kept.c.peer, func.count(distinct(c.case_id)), func.min(kept.c.at_ms))
        .join_from(t.cases, kept, kept.c.case_id == c.case_id)
        .where(c.status == Status.OPEN.value, kept.c.way == "reminded", kept.c.kind == "ruling", kept.c.peer != "")
        .where(~kept.c.note.startswith("soon."), ~ruled.exists())
    )
    return [(row[0], row[1], row[2]) for row in tx.execute(query.group_by(kept.c.peer).order_by(kept.c.peer))]
