"""Queries of what is parked: nothing here moves until an operator replays or discards it."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, func, select

from bus.store import tables as t
from bus.store.database import Tx, upsert

WIRE = "wire"
"""Bytes that came over the road and are no message we can apply."""
DESK = "desk"
"""Work that the center's own system will not take."""
PEER = "peer"
"""A message that its recipient has refused."""


def row(
    place: str,
    code: str,
    hint: str,
    *,
    known_by: bytes,
    owner: str,
    now_ms: int,
    peer: str | None = None,
    case_id: str | None = None,
    message_id: str | None = None,
    body: bytes | None = None,
) -> dict[str, Any]:
    """A parked thing as a row. ``known_by`` tells it from others at its place: the same again is only counted."""
    return {
        "place": place,
        "code": code,
        "hint": hint[:300],
        "digest": hashlib.sha256(known_by).hexdigest(),
        "peer": peer,
        "case_id": case_id,
        "message_id": message_id,
        "body": body,
        "owner": owner,
        "times": 1,
        "first_ms": now_ms,
        "last_ms": now_ms,
    }


def park(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Park these; the same thing parked again is counted, not doubled."""
    if not rows:
        return
    insert = upsert(tx, t.parked)
    again = {"times": t.parked.c.times + 1, "last_ms": insert.excluded.last_ms, "code": insert.excluded.code}
    tx.execute(insert.on_conflict_do_update(index_elements=["place", "digest"], set_=again), list(rows))


def listed(tx: Tx, limit: int = 1000) -> list[Mapping[str, Any]]:
    """What is parked, oldest first, without the bodies."""
    columns = [column for column in t.parked.c if column.name != "body"]
    query = select(*columns).order_by(t.parked.c.id).limit(limit)
    return [dict(row._mapping) for row in tx.execute(query)]


def get(tx: Tx, row: int) -> Mapping[str, Any] | None:
    """One parked thing, with its body."""
    found = tx.execute(select(t.parked).where(t.parked.c.id == row)).one_or_none()
    return dict(found._mapping) if found else None


def take(tx: Tx, row: int) -> None:
    """It is no longer parked."""
    tx.execute(delete(t.parked).where(t.parked.c.id == row))


def take_message(tx: Tx, place: str, message_id: str) -> None:
    """What was parked at ``place`` for this message is settled."""
    tx.execute(delete(t.parked).where(t.parked.c.place == place, t.parked.c.message_id == message_id))


def take_known(tx: Tx, code: str, message_ids: Sequence[str]) -> None:
    """These messages were parked with ``code`` and have been applied since."""
    if message_ids:
        p = t.parked.c
        tx.execute(delete(t.parked).where(p.place == WIRE, p.code == code, p.message_id.in_(message_ids)))


def figures(tx: Tx) -> dict[str, int]:
    """Depth by place, and oldest_ms (0: none)."""
    p = t.parked.c
    depth = {row[0]: row[1] for row in tx.execute(select(p.place, func.count()).group_by(p.place))}
    oldest = tx.execute(select(func.coalesce(func.min(p.first_ms), 0))).scalar_one()
    return {place: depth.get(place, 0) for place in (WIRE, DESK, PEER)} | {"oldest_ms": oldest}
