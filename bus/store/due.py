"""Due rows: their time has come, or was set by a wrong clock."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, ColumnElement, Integer, ScalarSelect, Select, Table, bindparam, func, select

from bus.store.database import Tx
from bus.store.statements import Prepared, Row

LONGEST_MS = 1_500_000
"""The longest backoff or lease is 25 minutes (900 s, with a quarter of jitter). A later due time was set by a clock
that ran ahead and was corrected since; the row would wait for as long as the clock was wrong."""


def _come(next_ms: Column[Any]) -> ColumnElement[bool]:
    return next_ms <= bindparam("now_ms", type_=BigInteger())


def _mistimed(next_ms: Column[Any]) -> ColumnElement[bool]:
    return next_ms > bindparam("beyond_ms", type_=BigInteger())


def bounds(table: Table, *wanted: ColumnElement[bool]) -> list[ScalarSelect[Any]]:
    """The earliest and the latest time of the wanted rows, for ``any_due``. Each is one index lookup; counting the due
    rows may make the database read the whole table."""
    return [select(of(table.c.next_ms)).where(*wanted).scalar_subquery() for of in (func.min, func.max)]


def any_due(earliest_ms: int | None, latest_ms: int | None, now_ms: int) -> bool:
    """Whether a row within these ``bounds`` is due; None for both means no row."""
    return any(one is not None and is_due(one, now_ms) for one in (earliest_ms, latest_ms))


class DueRows:
    """The due rows of a table, longest due first.

    Two statements, because each runs along an index and stops early. For both conditions at once a database would read
    and sort everything due; after an outage that is the whole table."""

    def __init__(self, table: Table, query: Select[Any]) -> None:
        ordered = query.order_by(table.c.next_ms, table.c.id).limit(bindparam("at_most", type_=Integer()))
        ordered = ordered.with_for_update(skip_locked=True)
        self.come = Prepared(lambda _: ordered.where(_come(table.c.next_ms)))
        self.mistimed = Prepared(lambda _: ordered.where(_mistimed(table.c.next_ms)))

    def rows(self, tx: Tx, now_ms: int, at_most: int) -> Sequence[Row]:
        """Up to ``at_most`` locked rows; those timed by a wrong clock come only if there is room."""
        found = self.come.rows(tx, now_ms=now_ms, at_most=at_most)
        if len(found) < at_most:
            beyond_ms = now_ms + LONGEST_MS
            found = [*found, *self.mistimed.rows(tx, beyond_ms=beyond_ms, at_most=at_most - len(found))]
        return found


def is_due(next_ms: int, now_ms: int) -> bool:
    """Whether one row is due, by the same rule."""
    return next_ms <= now_ms or next_ms > now_ms + LONGEST_MS
