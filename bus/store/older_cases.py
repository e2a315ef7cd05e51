"""Cases that an older program has written: what it did not keep beside the record is read from the record."""

from uuid import UUID

from sqlalchemy import Integer, bindparam, select, update

from bus.store import cases
from bus.store import tables as t
from bus.store.case_columns import DERIVED, derived
from bus.store.database import Tx
from bus.store.statements import Prepared

_C = t.cases.c
_OLDER = Prepared(
    lambda _: (
        select(_C.case_id)
        .where(_C.category.is_(None), _C.case_id > bindparam("after"))
        .order_by(_C.case_id)
        .limit(bindparam("most", type_=Integer))
    )
)


def refresh(tx: Tx, after: str, most: int) -> str | None:
    """Fill the columns of up to ``most`` cases beyond the id ``after``.

    Nothing else of them changes, nor when they were changed. One whose record cannot be read is left as it is. Returns
    the last of them; None: there is no other."""
    ids = [str(row[0]) for row in _OLDER.rows(tx, after=after, most=most)]
    records = cases.load_each(tx, map(UUID, ids)).records
    filled = [
        {"of": str(case_id), **dict(zip(DERIVED, derived(record), strict=True))} for case_id, record in records.items()
    ]
    if filled:
        tx.execute(update(t.cases).where(_C.case_id == bindparam("of")), filled)
    return ids[-1] if ids else None
