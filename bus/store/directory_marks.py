"""Queries of the marks that directories in use here have had: they outlive a restart, and tell when marks are lost."""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.sql.dml import UpdateBase

from bus.store import tables as t
from bus.store.database import Tx
from bus.store.inserts import dialect_insert
from bus.store.statements import Prepared


def remembered(tx: Tx) -> dict[str, tuple[str, ...]]:
    """What was said last of each center."""
    rows = tx.execute(select(t.directory_marks.c.center, t.directory_marks.c.marks))
    return {row.center: tuple(json.loads(row.marks)) for row in rows}


def _upserted(database: str) -> UpdateBase:
    values: dict[str, Any] = {column.name: bindparam(column.name) for column in t.directory_marks.c}
    insert = dialect_insert(t.directory_marks, database).values(values)
    return insert.on_conflict_do_update(
        index_elements=["center"], set_={"marks": insert.excluded.marks, "serial": insert.excluded.serial}
    )


_REMEMBER = Prepared(_upserted)


def remember(tx: Tx, marks: Mapping[str, tuple[str, ...]], serial: int) -> None:
    """The directory of this serial has said so of these centers."""
    rows = [{"center": center, "marks": json.dumps(list(words)), "serial": serial} for center, words in marks.items()]
    _REMEMBER.each(tx, rows)
