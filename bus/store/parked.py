"""Queries of what is parked: nothing here moves until an operator replays or discards it."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import bindparam, delete, func, select
from sqlalchemy.sql.dml import UpdateBase

from bus.store import tables as t
from bus.store.database import Tx
from bus.store.encryption import encryption_of
from bus.store.inserts import dialect_insert
from bus.store.outbox import OutboxRow
from bus.store.statements import Prepared, among, as_list
from bus.store.timestamps import ms

if TYPE_CHECKING:  # what is parked is listed without loading the contract
    from bus.context import CenterContext
    from bus.contract.envelope import Message

WIRE = "wire"
"""Bytes that came over the road and are no message we can apply."""
DESK = "desk"
"""Work that the center's own system will not take."""
PEER = "peer"
"""A message that its recipient has refused."""
POLL = "poll"
"""A form of a page of the center's own system that cannot be taken in."""
PLACES = (WIRE, DESK, PEER, POLL)

QUOTA = "quota"
"""The code of what its recipient takes no more of at once."""
SET_BACK = "its sender's store looks put back to a backup: there, stop the center and run `bus recover`"
OURS_SET_BACK = "this store looks put back to a backup: stop the center and run `bus recover`"


class ParkedItem(NamedTuple):
    """One thing that waits for an operator."""

    place: str
    code: str
    hint: str
    digest: str
    """Tells it from others at its place."""
    peer: str | None
    case_id: str | None
    message_id: str | None
    body: bytes | None
    """None: it lies in the outbox or on the desk, or was not kept."""
    owner: str
    times: int
    first_ms: int
    last_ms: int
    number: int = 0
    """Its number in the store; 0: it is not there yet."""


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
) -> ParkedItem:
    """A parked thing as a row. ``known_by`` tells it from others at its place: the same again is only counted."""
    digest = hashlib.sha256(known_by).hexdigest()
    return ParkedItem(place, code, hint[:300], digest, peer, case_id, message_id, body, owner, 1, now_ms, now_ms)


def _parked_again(database: str) -> UpdateBase:
    insert = dialect_insert(t.parked, database).values(
        {c.name: bindparam(c.name) for c in t.parked.c if c.name != "id"}
    )
    again = {"times": t.parked.c.times + 1, "last_ms": insert.excluded.last_ms, "code": insert.excluded.code}
    return insert.on_conflict_do_update(index_elements=["place", "digest"], set_=again)


_PARK = Prepared(_parked_again)
_TAKE_MESSAGES = Prepared(
    lambda _: delete(t.parked).where(t.parked.c.place == bindparam("at"), among("messages", t.parked.c.message_id))
)
_TAKE_KNOWN = Prepared(
    lambda _: delete(t.parked).where(
        t.parked.c.place == bindparam("at"),
        among("codes", t.parked.c.code),
        among("messages", t.parked.c.message_id),
    )
)


def park(tx: Tx, rows: Sequence[ParkedItem]) -> None:
    """Park these; the same thing parked again is counted, not doubled."""
    _PARK.each_row(tx, encryption_of(tx).encrypted(tx, rows))


def listed(tx: Tx, limit: int | None = 1000) -> list[Mapping[str, Any]]:
    """What is parked, oldest first, without the bodies; all of it where there is no limit."""
    columns = [column for column in t.parked.c if column.name != "body"]
    query = select(*columns).order_by(t.parked.c.id).limit(limit)
    return [dict(row._mapping) for row in tx.execute(query)]


def newest(tx: Tx) -> int:
    """The number that was given last to something parked and still there; 0: nothing is."""
    return int(tx.execute(select(func.coalesce(func.max(t.parked.c.id), 0))).scalar_one())


def newer(tx: Tx, number: int, limit: int = 100) -> list[ParkedItem]:
    """What was parked after that number was given, oldest first; bodies as they stand in the store."""
    query = _ROW.where(t.parked.c.id > number).order_by(t.parked.c.id).limit(limit)
    return [ParkedItem(*row) for row in tx.execute(query)]


_ROW = select(*(t.parked.c["id" if name == "number" else name] for name in ParkedItem._fields))


def get(tx: Tx, row: int) -> ParkedItem | None:
    """One parked thing, with its body."""
    found = tx.execute(_ROW.where(t.parked.c.id == row)).one_or_none()
    if found is None:
        return None
    item = ParkedItem(*found)
    if item.body is None:
        return item
    (body,) = encryption_of(tx).decrypted(tx, [(item.case_id, bytes(item.body))])
    return item._replace(body=body)


def take(tx: Tx, row: int) -> None:
    """It is no longer parked."""
    tx.execute(delete(t.parked).where(t.parked.c.id == row))


def take_messages(tx: Tx, place: str, message_ids: Sequence[str]) -> None:
    """What was parked at ``place`` for these messages is settled."""
    if message_ids:
        _TAKE_MESSAGES.run(tx, at=place, messages=as_list(message_ids))


def take_coded(tx: Tx, place: str, codes: Sequence[str], message_ids: Sequence[str]) -> None:
    """The same, of what was parked for such a reason alone."""
    if message_ids:
        _TAKE_KNOWN.run(tx, at=place, codes=as_list(codes), messages=as_list(message_ids))


def count(tx: Tx, place: str, code: str) -> int:
    """How much is parked at ``place`` for this reason."""
    p = t.parked.c
    query = select(func.count()).select_from(t.parked).where(p.place == place, p.code == code)
    return int(tx.execute(query).scalar_one())


def figures(tx: Tx) -> dict[str, int]:
    """Depth by place, and oldest_ms (0: none)."""
    p = t.parked.c
    depth = {row[0]: row[1] for row in tx.execute(select(p.place, func.count()).group_by(p.place))}
    oldest = tx.execute(select(func.coalesce(func.min(p.first_ms), 0))).scalar_one()
    return {place: depth.get(place, 0) for place in PLACES} | {"oldest_ms": oldest}


def parked_row(
    place: str,
    context: "CenterContext",
    body: bytes,
    message: "Message[Any] | None",
    code: str,
    hint: str,
    now: datetime,
) -> ParkedItem:
    """A row for ``parked``, known by the bytes."""
    return row(
        place,
        code,
        hint,
        known_by=body,
        owner=context.me,
        now_ms=ms(now),
        peer=message.source if message else None,
        case_id=str(message.subject) if message and message.subject else None,
        message_id=str(message.id) if message else None,
        body=body,
    )


def refused_row(refused: OutboxRow, context: "CenterContext", code: str, now: datetime) -> ParkedItem:
    """What its recipient has refused, for the operator."""
    hint = OURS_SET_BACK if code == "sequence-reused" else "the recipient has refused this message"
    item = parked_row(PEER, context, refused.body, None, code, hint, now)
    return item._replace(peer=refused.recipient, case_id=refused.case_id, message_id=refused.message_id)


def lock(tx: Tx, row: int) -> None:
    """Keep one parked thing from other operators until the transaction ends."""
    tx.execute(select(t.parked.c.id).where(t.parked.c.id == row).with_for_update())
