"""When a row is due: its time has come, or its time was set by a clock that was wrong."""

from sqlalchemy import BigInteger, ColumnElement, Table, bindparam, or_

LONGEST_MS = 1_500_000
"""No pause and no lease is longer than 25 minutes (the longest is 900 s, spread by a quarter). What waits for longer
was timed by a clock that ran ahead and was set right since; it would wait for as long as the clock was wrong."""


def due(table: Table) -> ColumnElement[bool]:
    """The rows that are due at ``now_ms``, with ``beyond_ms``: give both by ``at``."""
    next_ms = table.c.next_ms
    now, beyond = bindparam("now_ms", type_=BigInteger()), bindparam("beyond_ms", type_=BigInteger())
    return or_(next_ms <= now, next_ms > beyond)


def at(now_ms: int) -> dict[str, int]:
    """The values for a statement with ``due`` in it."""
    return {"now_ms": now_ms, "beyond_ms": now_ms + LONGEST_MS}


def is_due(next_ms: int, now_ms: int) -> bool:
    """The same of one row."""
    return next_ms <= now_ms or next_ms > now_ms + LONGEST_MS
