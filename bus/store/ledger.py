"""Queries of the county's ledger: what centers have told it of their cases."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select

from bus.contract.facts import CaseState, Fact, FactsTold
from bus.store import tables as t
from bus.store.database import Tx
from bus.store.inserts import insert, upsert
from bus.store.statements import Prepared
from bus.store.timestamps import ms

MOMENTS = ("opened", "offered", "sign_by", "due", "resolved", "closed", "reopened", "rated", "claimed")
"""Fields of a state that the store has in milliseconds."""


class Why(StrEnum):
    """Why the state of every case of a center is asked for."""

    NEW = "new"
    """It tells for the first time: it may have had cases before."""
    CUT = "cut"
    """It has given facts up."""
    SET_BACK = "set-back"
    """Its store was put back to a backup: it may have forgotten what it has told."""


class Teller(NamedTuple):
    """A center that tells this ledger."""

    center: str
    told_ms: int
    epoch: int
    asked_ms: int | None
    """Since when the state of every case is asked for; None: it is known."""


_TELLER = Prepared(lambda _: select(*t.ledger_centers.c).where(t.ledger_centers.c.center == bindparam("center")))


def take(tx: Tx, center: str, told: FactsTold, epoch: int, now_ms: int) -> Why | None:
    """Keep what ``center`` has told; of each case its latest state. Messages of a lane come once, and in order.

    Returns why the state of every case must be asked for; None: it is known, or was asked for."""
    insert(tx, t.ledger_facts, [_fact(center, one) for one in told.facts])
    upsert(tx, t.ledger_states, [_state(center, one, now_ms) for one in told.states])
    known = teller(tx, center)
    why = _why(known, told, epoch)
    asked_ms = known.asked_ms if known is not None else None
    if why is not None:
        asked_ms = now_ms
    elif told.whole:
        asked_ms = None
    upsert(tx, t.ledger_centers, [Teller(center, now_ms, epoch, asked_ms)])
    return why


def teller(tx: Tx, center: str) -> Teller | None:
    """What is known of a center that tells; None: it has never told."""
    rows = _TELLER.rows(tx, center=center)
    return Teller(*rows[0]) if rows else None


def _why(known: Teller | None, told: FactsTold, epoch: int) -> Why | None:
    if known is None:
        return Why.NEW
    if epoch > known.epoch:
        return Why.SET_BACK
    return Why.CUT if told.cut else None


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
