"""How many cases are known here, by status, without a look at the closed ones: almost all cases are closed.

Each unit of work adds the cases that it is the first to keep. Each thread adds to a row of its own, so that two that
keep new cases at the same moment do not wait for each other's commit.
"""

import itertools
import threading
from collections.abc import Mapping

from sqlalchemy import BigInteger, Integer, bindparam, func, literal_column, select
from sqlalchemy.dialects import postgresql, sqlite

from bus.custody import Status
from bus.store import tables as t
from bus.store.database import Tx
from bus.store.inserts import dialect_insert
from bus.store.statements import Prepared

SLOTS = 16
"""Rows of the sum; threads beyond them share."""
_threads = itertools.count()
_own = threading.local()


def _add(database: str) -> sqlite.Insert | postgresql.Insert:
    given = {"slot": bindparam("slot", type_=Integer), "known": bindparam("known", type_=BigInteger)}
    new = dialect_insert(t.case_count, database).values(given)
    known = t.case_count.c.known + new.excluded.known
    return new.on_conflict_do_update(index_elements=["slot"], set_={"known": known})


_ADD = Prepared(_add)
_KNOWN = Prepared(lambda _: select(func.sum(t.case_count.c.known)))
_NOT_CLOSED = Prepared(
    lambda _: (
        select(t.cases.c.status, func.count())
        .where(t.cases.c.status.in_([literal_column(f"'{status}'") for status in (Status.OPEN, Status.RESOLVED)]))
        .group_by(t.cases.c.status)
    )
)


def add(tx: Tx, new: int) -> None:
    """So many cases are known here from now on that were not before; nothing for none."""
    if new:
        _ADD.run(tx, slot=_slot(), known=new)


def _slot() -> int:
    if not hasattr(_own, "slot"):
        _own.slot = next(_threads) % SLOTS
    slot: int = _own.slot
    return slot


def by_status(tx: Tx) -> Mapping[str, int]:
    """How many cases are known here, by status. Costs as much as there are cases that are not closed."""
    known = int(_KNOWN.rows(tx)[0][0] or 0)
    counted = {status: int(count) for status, count in _NOT_CLOSED.rows(tx)}
    return counted | {Status.CLOSED.value: max(0, known - sum(counted.values()))}
