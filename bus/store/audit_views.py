"""Queries of single cases for the auditor: what all centers have told of them, and how much of it is kept."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, String, bindparam, delete, select

from bus.audit import SAID, CaseView, FactRow, StateRow, Teller, Waiting
from bus.store import tables as t
from bus.store.database import Tx
from bus.store.statements import Prepared, among, as_list

_F, _S = t.ledger_facts.c, t.ledger_states.c
MOST_FACTS = 400
"""Facts of one case that are read at once. An honest case has some fifty."""
MOST_OF_A_CENTER = 200
"""Facts of one case that one center may have told, where there are more than these: its older ones are forgotten, and
not those of others."""
_FACTS = Prepared(
    lambda _: (
        select(*(getattr(_F, "id" if name == "number" else name) for name in FactRow._fields))
        .where(_F.case_id == bindparam("case_id", type_=String))
        .order_by(_F.id.desc())
        .limit(MOST_FACTS)
    )
)
_FACTS_OF = Prepared(
    lambda _: (
        select(*(getattr(_F, "id" if name == "number" else name) for name in FactRow._fields))
        .where(_F.case_id == bindparam("case_id", type_=String), _F.center == bindparam("center", type_=String))
        .order_by(_F.id.desc())
        .limit(MOST_OF_A_CENTER)
    )
)
_FORGET_FACTS = Prepared(
    lambda _: delete(t.ledger_facts).where(
        _F.case_id == bindparam("case_id", type_=String),
        _F.center == bindparam("center", type_=String),
        _F.id < bindparam("first", type_=BigInteger),
    )
)
_STATES = Prepared(
    lambda _: select(_S.case_id, *(getattr(_S, name) for name in StateRow._fields)).where(among("ids", _S.case_id))
)


def views(tx: Tx, cases: Iterable[str], known: Mapping[str, Teller]) -> list[CaseView]:
    """These cases, as all centers have told them."""
    ids = list(cases)
    states: dict[str, list[StateRow]] = {}
    for case_id, *row in _STATES.rows(tx, ids=as_list(ids)) if ids else ():
        states.setdefault(case_id, []).append(_state(row))
    return [CaseView(case_id, _facts(tx, case_id, known), states.get(case_id, ()), known) for case_id in ids]


def _state(row: Sequence[Any]) -> StateRow:
    state = StateRow(*row)
    waits = tuple(Waiting(*one) for one in json.loads(str(state.waits) or "[]"))
    return state._replace(offered_to=tuple(str(state.offered_to).split()), waits=waits)


def _facts(tx: Tx, case_id: str, known: Iterable[str]) -> list[FactRow]:
    rows = [FactRow(*row) for row in reversed(_FACTS.rows(tx, case_id=case_id))]
    if len(rows) == MOST_FACTS:
        rows = sorted(row for center in known for row in _latest(tx, case_id, center))
    return without_forgotten(rows)


def _latest(tx: Tx, case_id: str, center: str) -> list[FactRow]:
    """The latest facts of a center; those before are forgotten."""
    rows = [FactRow(*row) for row in _FACTS_OF.rows(tx, case_id=case_id, center=center)]
    if len(rows) == MOST_OF_A_CENTER:
        _FORGET_FACTS.run(tx, case_id=case_id, center=center, first=rows[-1].number)
    return rows


def without_forgotten(rows: list[FactRow]) -> list[FactRow]:
    """Without what was said to a center so long ago that what it has told of it may be forgotten."""
    counts = Counter(row.center for row in rows) if len(rows) >= MOST_OF_A_CENTER else Counter[str]()
    full = {center for center, count in counts.items() if count >= MOST_OF_A_CENTER}
    first = {center: min(row.number for row in rows if row.center == center) for center in full}
    told = {(row.center, row.message_id) for row in rows}
    return [
        row
        for row in rows
        if row.way != SAID or row.number >= first.get(row.peer or "", 0) or (row.peer, row.message_id) in told
    ]
