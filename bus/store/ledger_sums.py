"""Queries of the sums that a ledger tells the ledger above, and of those that the ledgers below have told."""

from collections.abc import Sequence

from sqlalchemy import Integer, and_, bindparam, delete, func, insert, select

from bus.context import Keeping
from bus.contract.facts import FactsTold, Sum
from bus.figures.cells import COUNTY, Cell, scope_of
from bus.store import tables as t
from bus.store.database import Tx
from bus.store.inserts import upsert
from bus.store.ledger_cells import CellRow, untold
from bus.store.statements import Prepared, among, as_list

MOST = 2**31 - 1
"""The largest sum that can be told: two ledgers below may have told as much each."""
_C, _U = t.ledger_cells.c, t.ledger_sums_untold.c
_KEYS = tuple(Cell._fields)
_NEXT = Prepared(
    lambda _: (
        select(*(_U[name] for name in _KEYS))
        .where(_U.part > "")  # so that its key is searched, and not read through
        .order_by(*(_U[name] for name in _KEYS))
        .limit(bindparam("at_most", type_=Integer))
        .with_for_update()
    )
)
_NOW = Prepared(
    lambda _: (
        select(*(_C[name] for name in _KEYS), func.sum(_C.cases))
        .where(among("cells", *(_C[name] for name in _KEYS)))
        .group_by(*(_C[name] for name in _KEYS))
    )
)
_TOLD = Prepared(lambda _: delete(t.ledger_sums_untold).where(among("cells", *(_U[name] for name in _KEYS))))


def take(tx: Tx, teller: str, told: FactsTold, keeping: Keeping) -> None:
    """Keep what a ledger below has counted; each sum replaces what it has told before of the same cell."""
    if told.anew:
        _forget(tx, teller, keeping)
    rows = [
        CellRow(one.part, _scope(one.division), one.cohort_day, one.event_day, one.value, teller, one.cases)
        for one in told.sums
    ]
    upsert(tx, t.ledger_cells, rows)
    if keeping.tells_above:
        untold(tx, rows)


def _forget(tx: Tx, teller: str, keeping: Keeping) -> None:
    """Forget all that a ledger below has told."""
    if keeping.tells_above:
        rows = tx.execute(select(t.ledger_cells).where(_C.teller == teller))
        untold(tx, [CellRow(**row._mapping) for row in rows])
    tx.execute(delete(t.ledger_cells).where(_C.teller == teller))


def next_sums(tx: Tx, at_most: int) -> tuple[Sum, ...]:
    """The next sums for the ledger above, as they are now; they are not untold any more."""
    cells = [Cell(*row) for row in _NEXT.rows(tx, at_most=at_most)]
    if not cells:
        return ()
    asked = as_list(tuple(cell) for cell in cells)
    now = {Cell(*row[:5]): int(row[5]) for row in _NOW.rows(tx, cells=asked)}
    _TOLD.run(tx, cells=asked)
    return tuple(_sum(cell, now.get(cell, 0)) for cell in cells)


def all_untold(tx: Tx) -> None:
    """Let the ledger above be told every sum."""
    known = select(*(_C[name] for name in _KEYS)).distinct()
    tx.execute(delete(t.ledger_sums_untold))
    tx.execute(insert(t.ledger_sums_untold).from_select(_KEYS, known))


def below(tx: Tx, parts: Sequence[str], first_day: int, last_day: int, before: int) -> dict[tuple[str, str], int]:
    """(division, part) → what the ledgers below have counted of these cohorts by then."""
    query = (
        select(_C.scope, _C.part, func.sum(_C.cases))
        .where(
            and_(_C.teller != "", _C.part.in_(parts), _C.scope != COUNTY),
            and_(_C.cohort_day >= first_day, _C.cohort_day <= last_day, _C.event_day < before),
        )
        .group_by(_C.scope, _C.part)
    )
    return {(str(scope).removeprefix(scope_of("")), part): int(cases) for scope, part, cases in tx.execute(query)}


def by_teller(tx: Tx, part: str, first_day: int, last_day: int, before: int) -> list[tuple[str, int, int]]:
    """(ledger below, value, cases) of these cohorts by then."""
    query = (
        select(_C.teller, _C.value, func.sum(_C.cases))
        .where(
            and_(_C.part == part, _C.scope == COUNTY, _C.teller != ""),
            and_(_C.cohort_day >= first_day, _C.cohort_day <= last_day, _C.event_day < before),
        )
        .group_by(_C.teller, _C.value)
    )
    return [(str(teller), int(value), int(cases)) for teller, value, cases in tx.execute(query)]


def _scope(division: str | None) -> str:
    return COUNTY if division is None else scope_of(division)


def _sum(cell: Cell, cases: int) -> Sum:
    division = None if cell.scope == COUNTY else cell.scope.removeprefix(scope_of(""))
    return Sum(
        part=cell.part,
        division=division,
        cohort_day=cell.cohort_day,
        event_day=cell.event_day,
        value=cell.value,
        cases=max(-MOST, min(cases, MOST)),
    )
