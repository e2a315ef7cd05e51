"""When a row is due: its time has come, or its time was set by a clock that was wrong."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, ColumnElement, Integer, ScalarSelect, Select, Table, bindparam, func, select

from bus.store.database import Tx
from bus.store.statements import Prepared, Row

LONGEST_MS = 1_500_000
"""No pause and no lease is longer than 25 minutes (the longest is 900 s, spread by a quarter). What waits for longer
was timed by a clock that ran ahead and was set right since; it would wait for as long as the clock was wrong."""


def _come(next_ms: Column[Any]) -> ColumnElement[bool]:
    return next_ms <= bindparam("now_ms", type_=BigInteger())


def _mistimed(next_ms: Column[Any]) -> ColumnElement[bool]:
    return next_ms > bindparam("beyond_ms", type_=BigInteger())


def bounds(table: Table, *wanted: ColumnElement[bool]) -> list[ScalarSelect[Any]]:
    """The earliest and the latest time of the wanted rows, for ``any_due``: each is one glance into an index, which a
    database that asks itself how many rows are due may think dearer than to read the table."""
    return [select(of(table.c.next_ms)).where(*wanted).scalar_subquery() for of in (func.min, func.max)]


def any_due(earliest_ms: int | None, latest_ms: int | None, now_ms: int) -> bool:
    """Whether a row within these ``bounds`` is due; None for both when there is none."""
    return any(one is not None and is_due(one, now_ms) for one in (earliest_ms, latest_ms))


class DueRows:
    """The due rows of a table, those first that have been due for longest.

    Two statements, for each of them runs along an index and stops when it has enough: asked for both kinds at once, a
    database would read and sort all that is due to give the first few, and after an outage that is everything."""

    def __init__(self, table: Table, query: Select[Any]) -> None:
        ordered = query.order_by(table.c.next_ms, table.c.id).limit(bindparam("at_most", type_=Integer()))
        ordered = ordered.with_for_update(skip_locked=True)
        self.come = Prepared(lambda _: ordered.where(_come(table.c.next_ms)))
        self.mistimed = Prepared(lambda _: ordered.where(_mistimed(table.c.next_ms)))

    def rows(self, tx: Tx, now_ms: int, at_most: int) -> Sequence[Row]:
        """Up to ``at_most`` of them, locked; those that a wrong clock has timed only where there is room for them."""
        found = self.come.rows(tx, now_ms=now_ms, at_most=at_most)
        if len(found) < at_most:
            beyond_ms = now_ms + LONGEST_MS
            found = [*found, *self.mistimed.rows(tx, beyond_ms=beyond_ms, at_most=at_most - len(found))]
        return found


def is_due(next_ms: int, now_ms: int) -> bool:
    """The same of one row."""
    return next_ms <= now_ms or next_ms > now_ms + LONGEST_MS
