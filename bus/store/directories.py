"""Queries of the directories: for each county operator's key the newest edition that was in use here."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from bus.security.directory import Edition
from bus.store import tables as t
from bus.store.database import Tx
from bus.store.inserts import upsert


def newest(tx: Tx, operator: str) -> Edition | None:
    """The newest that this operator has signed and that was in use here; None: none yet."""
    d = t.directories.c
    found = tx.execute(select(d.serial, d.digest).where(d.operator == operator)).one_or_none()
    return Edition(found.serial, bytes(found.digest)) if found else None


def keep(tx: Tx, operator: str, edition: Edition, now_ms: int) -> None:
    """It is in use; one that is newer already stays."""
    known = newest(tx, operator)
    if known is None or known.serial < edition.serial:
        put(tx, operator, edition, now_ms)


def put(tx: Tx, operator: str, edition: Edition, now_ms: int) -> None:
    """It counts as the newest, also after a newer one: an operator's decision."""
    row: Mapping[str, Any] = {"operator": operator, "serial": edition.serial, "digest": edition.digest, "at_ms": now_ms}
    upsert(tx, t.directories, [row])
