"""Queries of the journal's labels beside what centers have told: each message about a case has both."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, exists, func, select

from bus.contract.messages import CASE_KINDS
from bus.store import tables as t
from bus.store.database import Tx
from bus.store.inserts import insert_new
from bus.store.statements import Prepared, among, as_list

_B, _F, _A = t.ledger_carried.c, t.ledger_facts.c, t.audit_centers.c
KINDS = frozenset(kind.kind for kind in CASE_KINDS)
"""Kinds that are said about a case; of each its sender tells a fact."""
SAID = "said"


class CarriedRow(NamedTuple):
    """One label."""

    message_id: str
    recipient: str
    sender: str
    kind: str
    place: int
    """The offset in the stream."""
    at_ms: int
    """When the message was made, as near as it is known."""


class SaidRow(NamedTuple):
    """What a center has told of one message that it said."""

    message_id: str
    center: str
    peer: str
    kind: str
    at_ms: int
    case_id: str


class Alone(NamedTuple):
    """A label without its fact, or a fact without its label."""

    message_id: str
    sender: str
    recipient: str
    kind: str
    at_ms: int


_CARRIED = Prepared(
    lambda _: select(*(_B[name] for name in CarriedRow._fields)).where(among("messages", _B.message_id))
)
_SAID = Prepared(
    lambda _: select(*(_F[name] for name in SaidRow._fields)).where(
        among("messages", _F.message_id), _F.way == SAID, _F.peer != _F.center
    )
)


def keep(tx: Tx, labels: Iterable[CarriedRow]) -> None:
    """Keep labels; a message that the broker has carried twice is kept once."""
    insert_new(tx, t.ledger_carried, [one for one in labels if one.kind in KINDS], ("message_id", "recipient"))


def last_place(tx: Tx) -> int | None:
    """The offset up to which labels of cases are kept; None: none is."""
    found = tx.execute(select(func.max(_B.place))).scalar_one()
    return int(found) if found is not None else None


def last_moment(tx: Tx) -> int:
    """When the last message with a label was made."""
    return int(tx.execute(select(func.coalesce(func.max(_B.at_ms), 0))).scalar_one())


def without_fact(tx: Tx, since_ms: int, until_ms: int, limit: int) -> list[Alone]:
    """Entries of messages whose sender tells facts, and has told none of these. Nothing is held against a center from
    before the fact from which on nothing of it is missing."""
    told = exists().where(_F.message_id == _B.message_id, _F.center == _B.sender, _F.way == SAID)
    query = (
        select(_B.message_id, _B.sender, _B.recipient, _B.kind, _B.at_ms)
        .join(t.audit_centers, and_(_A.center == _B.sender, _A.first_ms <= _B.at_ms))
        .where(_B.at_ms >= since_ms, _B.at_ms < until_ms, ~told)
    )
    return _first(tx, query.order_by(_B.at_ms), limit)


def without_label(tx: Tx, since_ms: int, until_ms: int, limit: int) -> list[Alone]:
    """Facts of messages that the broker has not carried; from the first entry on."""
    first = select(func.min(_B.at_ms)).scalar_subquery()
    carried = exists().where(_B.message_id == _F.message_id, _B.recipient == _F.peer)
    query = select(_F.message_id, _F.center, _F.peer, _F.kind, _F.at_ms).where(
        *(_F.at_ms >= first, _F.at_ms >= since_ms, _F.at_ms < until_ms),
        *(_F.way == SAID, _F.message_id.is_not(None), _F.peer != _F.center, ~carried),  # not what one tells oneself
    )
    return _first(tx, query.order_by(_F.at_ms), limit)


def halves(tx: Tx, message_ids: Iterable[str]) -> tuple[list[CarriedRow], list[SaidRow]]:
    """What the broker has carried, and what was told, of these messages."""
    ids = as_list(message_ids)
    carried = [CarriedRow(*row) for row in _CARRIED.rows(tx, messages=ids)]
    return carried, [SaidRow(*row) for row in _SAID.rows(tx, messages=ids)]


def _first(tx: Tx, query: Select[Any], limit: int) -> list[Alone]:
    return [Alone(*row) for row in tx.execute(query.limit(limit))]
