"""Queries of a ledger's totals: each cohort of the county with the events of all days, as this ledger has counted it.

A figure as of now needs nearly all events of its cohorts. From the total only the later ones are taken off, so that the
many rows of the days before need not be read.
"""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Integer, String, bindparam, delete, func, select

from bus.figures.cells import COUNTY, Cell
from bus.store import tables as t
from bus.store.database import Tx
from bus.store.inserts import insert_or_add
from bus.store.statements import Prepared

_T = t.ledger_totals.c


class TotalRow(NamedTuple):
    """One row of the totals, or what is added to it."""

    part: str
    cohort_day: int
    value: int
    cases: int


_TOTALS = Prepared(
    lambda _: (
        select(_T.value, func.sum(_T.cases))
        .where(
            _T.part == bindparam("part", type_=String),
            _T.cohort_day >= bindparam("first", type_=Integer),
            _T.cohort_day <= bindparam("last", type_=Integer),
        )
        .group_by(_T.value)
    )
)


def add(tx: Tx, changes: Iterable[tuple[Cell, int]]) -> None:
    """Add what has changed in the cells."""
    changed: Counter[tuple[str, int, int]] = Counter()
    for cell, times in changes:
        if cell.scope == COUNTY:
            changed[cell.part, cell.cohort_day, cell.value] += times
    rows = [TotalRow(*key, times) for key, times in changed.items() if times]
    insert_or_add(tx, t.ledger_totals, rows, "cases")


def of_cohorts(tx: Tx, part: str, first: int, last: int) -> "Counter[int]":
    """By value: the cohorts of these days, both included."""
    rows = _TOTALS.rows(tx, part=part, first=first, last=last)
    return Counter({int(value): int(cases) for value, cases in rows})


def forget(tx: Tx) -> None:
    """They are counted anew."""
    tx.execute(delete(t.ledger_totals))
