"""Queries of the county's ledger: what centers have told it of their cases."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, bindparam, select

from bus.contract.facts import CaseState, Fact, FactsTold
from bus.figures.period import Reckoning
from bus.store import ledger_offers
from bus.store import tables as t
from bus.store.database import Tx
from bus.store.inserts import insert, upsert
from bus.store.ledger_cells import Counting
from bus.store.statements import Prepared
from bus.store.timestamps import ms

_L = t.ledger_centers.c
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
    why: str | None = None
    """Why the state of every case is asked for; None: it is known."""
    ask_ms: int | None = None
    """When it is asked for next."""


_TELLER = Prepared(lambda _: select(*_L).where(_L.center == bindparam("center")))
_TO_ASK = Prepared(lambda _: select(*_L).where(_L.ask_ms <= bindparam("now_ms", type_=BigInteger)).order_by(_L.ask_ms))


def take(tx: Tx, center: str, told: FactsTold, epoch: int, now_ms: int, reckoning: Reckoning) -> None:
    """Keep what ``center`` has told; of each case its latest state. Messages of a lane come once, and in order.

    Where something is missing or may be, the center becomes one of ``to_ask``."""
    insert(tx, t.ledger_facts, [_fact(center, one) for one in told.facts])
    counting = Counting(tx, reckoning)
    counting.offers(*ledger_offers.hear(tx, center, told.facts))
    states = [_state(center, one, now_ms) for one in told.states]
    own = [state for state in told.states if state.origin == center]
    projects = {str(state.project) for state in own if state.project is not None}
    counting.states(
        center, [str(state.case_id) for state in own], projects, lambda: upsert(tx, t.ledger_states, states)
    )
    counting.write()
    known = teller(tx, center)
    after = Teller(center, now_ms, epoch)
    if (why := _why(known, told, epoch)) is not None:
        after = after._replace(why=why.value, ask_ms=now_ms)
    elif known is not None and not told.whole:
        after = after._replace(why=known.why, ask_ms=known.ask_ms)
    upsert(tx, t.ledger_centers, [after])


def teller(tx: Tx, center: str) -> Teller | None:
    """What is known of a center that tells; None: it has never told."""
    rows = _TELLER.rows(tx, center=center)
    return Teller(*rows[0]) if rows else None


def tellers(tx: Tx) -> list[Teller]:
    """Every center that tells, by name."""
    return [Teller(*row) for row in tx.execute(select(*_L).order_by(_L.center))]


def to_ask(tx: Tx, now_ms: int) -> list[Teller]:
    """The centers that must be asked by now for the state of every case."""
    return [Teller(*row) for row in _TO_ASK.rows(tx, now_ms=now_ms)]


def asked(tx: Tx, teller: Teller, again_ms: int) -> None:
    """Note that a center was asked; if it does not tell until ``again_ms``, it is asked again."""
    upsert(tx, t.ledger_centers, [teller._replace(ask_ms=again_ms)])


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
