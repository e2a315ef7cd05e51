"""Queries of parked items: they stay until an operator replays or discards them."""

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

if TYPE_CHECKING:  # parked items can be listed without loading the contract
    from bus.context import CenterContext
    from bus.contract.envelope import Message

WIRE = "wire"
"""Received bytes that are not an applicable message."""
DESK = "desk"
"""Tasks that the center's own system does not accept."""
PEER = "peer"
"""Messages that their recipient has refused."""
POLL = "poll"
"""Forms of a polled page that cannot be taken in."""
FORM = "form"
"""Forms that waited for their record and were then refused."""
PLACES = (WIRE, DESK, PEER, POLL, FORM)

QUOTA = "quota"
"""The code of messages beyond the recipient's quota."""
SET_BACK = "its sender's store looks put back to a backup: there, stop the center and run `bus recover`"
OURS_SET_BACK = "this store looks put back to a backup: stop the center and run `bus recover`"


class ParkedItem(NamedTuple):
    """One item that waits for an operator."""

    place: str
    code: str
    hint: str
    digest: str
    """Distinguishes it from others at its place."""
    peer: str | None
    case_id: str | None
    message_id: str | None
    body: bytes | None
    """None: the bytes are in the outbox or in a task, or were not kept."""
    owner: str
    times: int
    first_ms: int
    last_ms: int
    number: int = 0
    """Its number in the store; 0: not stored yet."""


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
    """A parked item as a row. ``known_by`` identifies it at its place: a repeat is only counted."""
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
    """Park these items; a repeat of a parked item is counted, not doubled."""
    _PARK.each_row(tx, encryption_of(tx).encrypted(tx, rows))


def listed(tx: Tx, limit: int | None = 1000) -> list[Mapping[str, Any]]:
    """Parked items, oldest first, without their bodies; all of them if ``limit`` is None."""
    columns = [column for column in t.parked.c if column.name != "body"]
    query = select(*columns).order_by(t.parked.c.id).limit(limit)
    return [dict(row._mapping) for row in tx.execute(query)]


def newest(tx: Tx) -> int:
    """The newest number among parked items; 0: none is parked."""
    return int(tx.execute(select(func.coalesce(func.max(t.parked.c.id), 0))).scalar_one())


def newer(tx: Tx, number: int, limit: int = 100) -> list[ParkedItem]:
    """Items parked after that number was given, oldest first, with their stored bodies."""
    query = _ROW.where(t.parked.c.id > number).order_by(t.parked.c.id).limit(limit)
    return [ParkedItem(*row) for row in tx.execute(query)]


_ROW = select(*(t.parked.c["id" if name == "number" else name] for name in ParkedItem._fields))


def get(tx: Tx, row: int) -> ParkedItem | None:
    """One parked item with its body."""
    found = tx.execute(_ROW.where(t.parked.c.id == row)).one_or_none()
    if found is None:
        return None
    item = ParkedItem(*found)
    if item.body is None:
        return item
    (body,) = encryption_of(tx).decrypted(tx, [(item.case_id, bytes(item.body))])
    return item._replace(body=body)


def is_there(tx: Tx, row: int) -> bool:
    """Whether something is parked under this number."""
    return tx.execute(select(t.parked.c.id).where(t.parked.c.id == row)).first() is not None


def case_of(tx: Tx, row: int) -> str | None:
    """The case of one parked item, where it is known."""
    found: str | None = tx.execute(select(t.parked.c.case_id).where(t.parked.c.id == row)).scalar()
    return found


def take(tx: Tx, row: int) -> None:
    """Remove one item."""
    tx.execute(delete(t.parked).where(t.parked.c.id == row))


def take_messages(tx: Tx, place: str, message_ids: Sequence[str]) -> None:
    """Remove what was parked at ``place`` for these messages."""
    if message_ids:
        _TAKE_MESSAGES.run(tx, at=place, messages=as_list(message_ids))


def take_known(tx: Tx, place: str, known_by: bytes) -> None:
    """Remove the item at ``place`` that is known by this."""
    p = t.parked.c
    tx.execute(delete(t.parked).where(p.place == place, p.digest == hashlib.sha256(known_by).hexdigest()))


def take_coded(tx: Tx, place: str, codes: Sequence[str], message_ids: Sequence[str]) -> None:
    """Remove what was parked at ``place`` for these messages with one of these codes."""
    if message_ids:
        _TAKE_KNOWN.run(tx, at=place, codes=as_list(codes), messages=as_list(message_ids))


def count(tx: Tx, place: str, code: str) -> int:
    """The number of items at ``place`` with this code."""
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
    """A row for ``parked``, identified by its bytes."""
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
    """The parked row of a message that its recipient has refused."""
    hint = OURS_SET_BACK if code == "sequence-reused" else "the recipient has refused this message"
    item = parked_row(PEER, context, refused.body, None, code, hint, now)
    return item._replace(peer=refused.recipient, case_id=refused.case_id, message_id=refused.message_id)


def lock(tx: Tx, row: int) -> None:
    """Lock one item against other operators until the transaction ends."""
    tx.execute(select(t.parked.c.id).where(t.parked.c.id == row).with_for_update())
