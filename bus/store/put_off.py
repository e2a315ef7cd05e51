"""Queries of put-off messages: the peers that have exceeded a quota."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select, update

from bus.store import tables as t
from bus.store.database import Tx
from bus.store.inserts import insert_new

_P = t.put_off.c


def note(tx: Tx, peer: str, quota: str, count: int, now_ms: int, told_every_ms: int) -> bool:
    """Add ``count`` put-off messages of ``peer``. True when its operator must be told, which is noted as done."""
    row = {"peer": peer, "quota": quota, "times": 0, "first_ms": now_ms, "last_ms": now_ms, "told_ms": 0}
    insert_new(tx, t.put_off, [row], ["peer"])
    told_ms = tx.execute(select(_P.told_ms).where(_P.peer == peer).with_for_update()).scalar_one()
    tells = not told_ms <= now_ms < told_ms + told_every_ms
    values = {"quota": quota, "last_ms": now_ms, "told_ms": now_ms if tells else told_ms}
    tx.execute(update(t.put_off).where(_P.peer == peer).values(times=_P.times + count, **values))
    return tells


def listed(tx: Tx, since_ms: int, limit: int = 50) -> Sequence[Mapping[str, Any]]:
    """The peers with put-off messages since ``since_ms``, latest first."""
    query = select(t.put_off).where(_P.last_ms >= since_ms).order_by(_P.last_ms.desc(), _P.peer).limit(limit)
    return [dict(row._mapping) for row in tx.execute(query)]
