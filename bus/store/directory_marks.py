"""Queries of the marks that directories in use here have had: they outlive a restart, and tell when marks are lost."""

import json
from collections.abc import Mapping

from sqlalchemy import select

from bus.store import tables as t
from bus.store.database import Tx
from bus.store.inserts import upsert


def remembered(tx: Tx) -> dict[str, tuple[str, ...]]:
    """What was said last of each center."""
    rows = tx.execute(select(t.directory_marks.c.center, t.directory_marks.c.marks))
    return {row.center: tuple(json.loads(row.marks)) for row in rows}


def remember(tx: Tx, marks: Mapping[str, tuple[str, ...]], serial: int) -> None:
    """The directory of this serial has said so of these centers."""
    rows = [{"center": center, "marks": json.dumps(list(words)), "serial": serial} for center, words in marks.items()]
    upsert(tx, t.directory_marks, rows)
