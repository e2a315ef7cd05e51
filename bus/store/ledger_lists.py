"""Queries of a ledger's cases for persons: lists, and all that centers have told of one.

Ids, holders, states and dates: the ledger has nothing else of a case.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, select, tuple_, union

from bus.custody import Status
from bus.store import tables as t
from bus.store.case_lists import ends
from bus.store.database import Tx

_S, _F = t.ledger_states.c, t.ledger_facts.c
MOST_FACTS = 1000
"""The last facts of a case that are read."""


class ToldFilter(NamedTuple):
    """A filter of cases; an empty field does not filter."""

    status: str = ""
    peer: str = ""
    """Its holder or its origin."""
    due_before_ms: int | None = None


class ToldState(NamedTuple):
    """A case as one center's record has it."""

    center: str
    case_id: str
    origin: str
    holder: str
    version: int
    round: int
    status: str
    category: str
    opened_ms: int
    due_ms: int | None
    offered_to: str
    told_ms: int


class ToldFact(NamedTuple):
    """One thing that happened, as a center has told it."""

    center: str
    at_ms: int
    way: str
    kind: str | None
    peer: str | None
    message_id: str | None
    code: str | None
    holder: str
    version: int
    round: int


_STATE = select(*(_S[name] for name in ToldState._fields))


def wanted(tx: Tx, asked: ToldFilter, after: tuple[int, str] | None, limit: int) -> list[ToldState]:
    """Cases as their origins have told them, the oldest first. ``after``: the last one of the page before."""
    return [ToldState(*row) for row in tx.execute(query_of(asked, after, limit))]


def query_of(asked: ToldFilter, after: tuple[int, str] | None, limit: int) -> Select[Any]:
    """The query of one page."""
    walks = [_walk(asked, condition, after, limit) for condition in _indexed(asked)]
    found = walks[0] if len(walks) == 1 else union(*walks)
    rows = found.subquery("found")
    query = select(*(rows.c[name] for name in ToldState._fields)).order_by(rows.c.opened_ms, rows.c.case_id)
    return query.limit(limit)


def _indexed(asked: ToldFilter) -> list[ColumnElement[bool]]:
    """Conditions that together take what is asked for, each of which is the beginning of one index that goes on by the
    opening time: so a page costs the same in a large ledger. What is past its date is open."""
    usual = (Status.OPEN,) if asked.due_before_ms is not None else tuple(Status)
    statuses = [asked.status] if asked.status else [one.value for one in usual]
    centers = (_S.holder, _S.origin) if asked.peer else ()
    if not centers:
        return [_S.status == status for status in statuses]
    return [and_(column == asked.peer, _S.status == status) for column in centers for status in statuses]


def _walk(asked: ToldFilter, condition: ColumnElement[bool], after: tuple[int, str] | None, limit: int) -> Select[Any]:
    query = _STATE.where(condition, _S.center == _S.origin)
    if asked.due_before_ms is not None:
        query = query.where(_S.due_ms < asked.due_before_ms)
    if after is not None:
        query = query.where(tuple_(_S.opened_ms, _S.case_id) > after)
    walked = query.order_by(_S.opened_ms, _S.case_id).limit(limit).subquery()
    return select(*(walked.c[name] for name in ToldState._fields))


def states(tx: Tx, case_id: str) -> list[ToldState]:
    """One case as each center has told it, its origin first."""
    found = [ToldState(*row) for row in tx.execute(_STATE.where(_S.case_id == case_id).order_by(_S.center))]
    return sorted(found, key=lambda one: one.center != one.origin)


def facts(tx: Tx, case_id: str) -> Sequence[ToldFact]:
    """The last facts of one case, by their tellers' clocks."""
    columns: list[Any] = [_F[name] for name in ToldFact._fields]
    query = select(*columns).where(_F.case_id == case_id).order_by(_F.id.desc()).limit(MOST_FACTS)
    return sorted((ToldFact(*row) for row in reversed(tx.execute(query).all())), key=lambda one: one.at_ms)


def of_ending(end: str) -> Select[Any]:
    """The query of the cases whose ids end so, by the index of endings; two are enough to say that it is not one."""
    same = (_S.center == _S.origin) & ends(_S.case_id, end)
    return select(_S.case_id).where(same).order_by(_S.case_id).limit(2)


def ending(tx: Tx, end: str) -> list[str]:
    """The cases whose ids end so."""
    return list(tx.execute(of_ending(end)).scalars())
