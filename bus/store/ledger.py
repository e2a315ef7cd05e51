"""Queries of the county's ledger: what centers have told it of their cases."""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, bindparam, func, select

from bus.audit import StateRow, Waiting, next_date
from bus.context import Keeping
from bus.contract.facts import CaseState, Fact, FactsTold
from bus.figures.spans import DAY_MS
from bus.store import audit, ledger_offers, ledger_sums
from bus.store import tables as t
from bus.store.database import Tx
from bus.store.inserts import insert, upsert
from bus.store.ledger_cells import Counting
from bus.store.statements import Prepared, among, as_list
from bus.store.timestamps import ms

_L, _S = t.ledger_centers.c, t.ledger_states.c
MOMENTS = (
    *("opened", "offered", "sign_by", "due", "resolved", "closed", "reopened", "rated", "claimed"),
    *("taken", "contacted", "called_back", "answered_again"),
)
"""Fields of a state that the store has in milliseconds."""


class Why(StrEnum):
    """Why the state of every case of a center is asked for."""

    NEW = "new"
    """It tells for the first time: it may have had cases before."""
    CUT = "cut"
    """It has given facts up."""
    SET_BACK = "set-back"
    """Its store was put back to a backup: it may have forgotten what it has told."""
    REBUILD = "rebuild"
    """The ledger's operator wants it."""


class Teller(NamedTuple):
    """A center that tells this ledger."""

    center: str
    told_ms: int
    epoch: int
    since_ms: int = 0
    """When it told first."""
    differing: int = 0
    """Cases of which its last answer said something else than the ledger had."""
    why: str | None = None
    """Why the state of every case is asked for; None: it is known."""
    ask_ms: int | None = None
    """When it is asked for next."""
    day_ms: int = 0
    day_rows: int = 0
    """Since when, and how much, its quota has counted."""

    def counted(self, told: FactsTold, now_ms: int) -> "Teller":
        """With what it tells now."""
        rows = len(told.facts) + len(told.states) + len(told.sums)
        if not self.day_ms <= now_ms < self.day_ms + DAY_MS:
            return self._replace(day_ms=now_ms, day_rows=rows)
        return self._replace(day_rows=self.day_rows + rows)


_TELLER = Prepared(lambda _: select(*_L).where(_L.center == bindparam("center")))
_TO_ASK = Prepared(lambda _: select(*_L).where(_L.ask_ms <= bindparam("now_ms", type_=BigInteger)).order_by(_L.ask_ms))


def take(tx: Tx, center: str, told: FactsTold, epoch: int, now_ms: int, keeping: Keeping) -> None:
    """Keep what ``center`` has told; of each case its latest state. Messages of a lane come once, and in order.

    Where something is missing or may be, the center becomes one of ``to_ask``."""
    insert(tx, t.ledger_facts, [_fact(center, one) for one in told.facts])
    known = teller(tx, center)
    differing = 0 if told.facts or known is None else _differing(tx, center, told.states)
    counting = Counting(tx, keeping)
    counting.offers(*ledger_offers.hear(tx, center, told.facts))
    states = [_state(center, one, now_ms) for one in told.states]
    own = [state for state in told.states if state.origin == center]
    projects = {str(state.project) for state in own if state.project is not None}
    counting.states(
        center, [str(state.case_id) for state in own], projects, lambda: upsert(tx, t.ledger_states, states)
    )
    counting.write()
    ledger_sums.take(tx, center, told, keeping)
    before = known or Teller(center, now_ms, epoch, now_ms)
    after = before._replace(told_ms=now_ms, epoch=epoch, differing=before.differing + differing, why=None, ask_ms=None)
    after = after.counted(told, now_ms)
    if (why := _why(known, told, epoch)) is not None:
        after = after._replace(why=why.value, ask_ms=now_ms)
    elif known is not None and not told.whole:
        after = after._replace(why=known.why, ask_ms=known.ask_ms)
    upsert(tx, t.ledger_centers, [after])
    audit.heard(tx, center, told, anew=why is not None, now_ms=now_ms)


def may_tell(tx: Tx, center: str, told: FactsTold, now_ms: int, a_day: int) -> bool:
    """Whether there is room for what ``center`` tells, of ``a_day`` facts, states and sums."""
    known = teller(tx, center)
    return known is None or known.counted(told, now_ms).day_rows <= a_day


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


def ask_anew(tx: Tx, centers: Iterable[str], now_ms: int) -> None:
    """Let these centers be asked for the state of every case, as soon as the ledger sends."""
    chosen = {*centers}
    known = [one for one in tellers(tx) if one.center in chosen]
    upsert(tx, t.ledger_centers, [one._replace(differing=0, why=Why.REBUILD.value, ask_ms=now_ms) for one in known])


def cases_of(tx: Tx) -> dict[str, int]:
    """How many cases each center has told."""
    each = select(_S.center, func.count()).group_by(_S.center)
    return {center: int(cases) for center, cases in tx.execute(each)}


def _compared(state: CaseState) -> tuple[object, ...]:
    moments = (ms(moment) if moment is not None else None for moment in (state.resolved, state.closed))
    return (state.holder, state.version, state.round, state.status, *moments, state.grade)


def told_since(tx: Tx, since_ms: int) -> int:
    """How many cases were told since then."""
    return int(tx.execute(select(func.count()).where(_S.told_ms >= since_ms)).scalar_one())


_HAS = Prepared(
    lambda _: select(
        _S.case_id, _S.holder, _S.version, _S.round, _S.status, _S.resolved_ms, _S.closed_ms, _S.grade
    ).where(_S.center == bindparam("center"), among("cases", _S.case_id))
)


def _differing(tx: Tx, center: str, states: Sequence[CaseState]) -> int:
    """How many of these states the ledger does not have as they are told."""
    cases = as_list(str(state.case_id) for state in states)
    known = {row[0]: tuple(row[1:]) for row in _HAS.rows(tx, center=center, cases=cases)}
    told = {str(state.case_id): _compared(state) for state in states}
    return sum(known.get(case_id) != state for case_id, state in told.items())


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
        "first_right": state.first_right,
        "solved": state.solved,
        "told_ms": now_ms,
        **_waits(state, now_ms),
        **dict(_moments(state)),
    }


def _waits(state: CaseState, now_ms: int) -> dict[str, Any]:
    """What the center waits for, and when the next date of it is over."""
    waits = tuple(Waiting(one.what, one.of, _ms(one.since), _ms(one.due)) for one in state.waits)
    row = StateRow(
        "", state.origin, state.holder, state.version, state.round, state.status,
        state.offered_to, _ms(state.offered), _ms(state.sign_by), now_ms, waits,
    )  # fmt: skip
    return {"waits": json.dumps(waits) if waits else "", "look_ms": next_date(row, now_ms)}


def _ms(moment: datetime | None) -> int | None:
    return ms(moment) if moment is not None else None


def _moments(state: CaseState) -> Iterator[tuple[str, int | None]]:
    for name in MOMENTS:
        yield f"{name}_ms", _ms(getattr(state, name))
