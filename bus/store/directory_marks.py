"""Queries of the marks in used directories. They outlive a restart, and show when a new directory lacks marks."""

import json
from collections.abc import Mapping

from sqlalchemy import select

from bus.store import tables as t
from bus.store.database import Tx
from bus.store.inserts import upsert


def remembered(tx: Tx) -> dict[str, tuple[str, ...]]:
    """The latest marks of each center."""
    rows = tx.execute(select(t.directory_marks.c.center, t.directory_marks.c.marks))
    return {row.center: tuple(json.loads(row.marks)) for row in rows}


def remember(tx: Tx, marks: Mapping[str, tuple[str, ...]], serial: int) -> None:
    """Store the marks of the directory with this serial."""
    rows = [{"center": center, "marks": json.dumps(list(words)), "serial": serial} for center, words in marks.items()]
    upsert(tx, t.directory_marks, rows)
