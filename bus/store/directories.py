"""Queries of the directories: the newest edition used here, for each county operator's key."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from bus.security.directory import Edition
from bus.store import tables as t
from bus.store.database import Tx
from bus.store.inserts import upsert


def newest(tx: Tx, operator: str) -> Edition | None:
    """The newest edition of this operator that was used here; None: none yet."""
    d = t.directories.c
    found = tx.execute(select(d.serial, d.digest).where(d.operator == operator)).one_or_none()
    return Edition(found.serial, bytes(found.digest)) if found else None


def keep(tx: Tx, operator: str, edition: Edition, now_ms: int) -> None:
    """Record the edition as in use; a newer one stays."""
    known = newest(tx, operator)
    if known is None or known.serial < edition.serial:
        put(tx, operator, edition, now_ms)


def put(tx: Tx, operator: str, edition: Edition, now_ms: int) -> None:
    """Record the edition as the newest, even after a newer one: an operator's decision."""
    row: Mapping[str, Any] = {"operator": operator, "serial": edition.serial, "digest": edition.digest, "at_ms": now_ms}
    upsert(tx, t.directories, [row])
