"""Queries of the county's ledger: what centers have told it of their cases."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import bindparam, func
from sqlalchemy.sql.dml import UpdateBase

from bus.contract.facts import CaseState, Fact, FactsTold
from bus.store import tables as t
from bus.store.database import Tx
from bus.store.inserts import dialect_insert, insert, upsert
from bus.store.statements import Prepared
from bus.store.timestamps import ms

MOMENTS = ("opened", "offered", "sign_by", "due", "resolved", "closed", "reopened", "rated", "claimed")
"""Fields of a state that the store has in milliseconds."""


def _met(database: str) -> UpdateBase:
    row = dialect_insert(t.ledger_centers, database).values(
        center=bindparam("center"), told_ms=bindparam("told_ms"), incomplete_ms=bindparam("incomplete_ms")
    )
    since = t.ledger_centers.c.incomplete_ms
    return row.on_conflict_do_update(
        index_elements=["center"],
        set_={"told_ms": row.excluded.told_ms, "incomplete_ms": func.coalesce(since, row.excluded.incomplete_ms)},
    )


_MET = Prepared(_met)


def take(tx: Tx, center: str, told: FactsTold, now_ms: int) -> None:
    """Keep what ``center`` has told; of each case its latest state. Messages of a lane come once, and in order."""
    insert(tx, t.ledger_facts, [_fact(center, one) for one in told.facts])
    upsert(tx, t.ledger_states, [_state(center, one, now_ms) for one in told.states])
    _MET.run(tx, center=center, told_ms=now_ms, incomplete_ms=now_ms if told.cut else None)


def _fact(center: str, fact: Fact) -> dict[str, Any]:
    return {
        "center": center,
        "case_id": str(fact.case_id),
        "at_ms": ms(fact.at),
        "way": fact.way,
        "kind": fact.kind,
        "peer": fact.peer,
        "message_id": str(fact.message_id) if fact.message_id is not None else None,
        "code": fact.code,
        "holder": fact.holder,
        "version": fact.version,
        "round": fact.round,
    }


def _state(center: str, state: CaseState, now_ms: int) -> dict[str, Any]:
    return {
        "center": center,
        "case_id": str(state.case_id),
        "origin": state.origin,
        "holder": state.holder,
        "version": state.version,
        "round": state.round,
        "status": state.status,
        "category": state.category,
        "urgency": state.urgency.value,
        "division": state.division,
        "project": str(state.project) if state.project is not None else None,
        "offered_to": " ".join(state.offered_to),
        "grade": state.grade,
        "outcome": state.outcome,
        "instant": state.instant,
        "hand_overs": state.hand_overs,
        "told_ms": now_ms,
        **dict(_moments(state)),
    }


def _moments(state: CaseState) -> Iterator[tuple[str, int | None]]:
    for name in MOMENTS:
        moment = getattr(state, name)
        yield f"{name}_ms", ms(moment) if moment is not None else None
