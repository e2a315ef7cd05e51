"""Queries of what persons have paused: peers, and kinds of message."""

from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import Column, ColumnElement, and_, delete, select

from bus.store import tables as t
from bus.store.database import Tx
from bus.store.inserts import upsert
from bus.store.statements import Prepared

_P = t.paused.c


class What(StrEnum):
    """What can be paused."""

    PEER = "peer"
    KIND = "kind"


class Pause(NamedTuple):
    """One pause."""

    what: str
    name: str
    paused_by: str
    why: str
    at_ms: int


def put(tx: Tx, pause: Pause) -> None:
    """Pause it; a pause that is there is given anew."""
    upsert(tx, t.paused, [pause])


def end(tx: Tx, what: str, name: str) -> bool:
    """End a pause. False: there is none."""
    return tx.execute(delete(t.paused).where(_P.what == what, _P.name == name)).rowcount == 1


def listed(tx: Tx) -> list[Pause]:
    """Every pause."""
    query = select(*(_P[name] for name in Pause._fields)).order_by(_P.what, _P.name)
    return [Pause(*row) for row in tx.execute(query)]


def anything() -> ColumnElement[bool]:
    """A column: whether anything is paused. The relay reads it with what is due, so that it costs no query."""
    return select(_P.what).exists()


_ANY = Prepared(lambda _: select(_P.what).limit(1))


def is_any(tx: Tx) -> bool:
    """Whether anything is paused. Asked where there is something that could be."""
    return bool(_ANY.rows(tx))


def flows(peer: Column[Any], kind: Column[Any]) -> ColumnElement[bool]:
    """A condition: neither this peer nor this kind is paused."""
    by_peer = select(_P.name).where(and_(_P.what == What.PEER.value, _P.name == peer)).exists()
    by_kind = select(_P.name).where(and_(_P.what == What.KIND.value, _P.name == kind)).exists()
    return ~by_peer & ~by_kind
