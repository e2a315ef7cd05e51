"""Queries of commands that travel over the bus: at a center those that it was asked and has not answered, at the ledger
those that it carries, with their answers.
"""

from typing import NamedTuple

from sqlalchemy import Integer, bindparam, delete, func, select, update

from bus.store import tables as t
from bus.store.database import Tx
from bus.store.inserts import insert, insert_new
from bus.store.statements import Prepared

_A, _C = t.operations_asked.c, t.operations_carried.c


class AskedCommand(NamedTuple):
    """A command that was asked of this center."""

    message_id: str
    peer: str
    """Who carries it."""
    command: bytes
    at_ms: int


class CarriedCommand(NamedTuple):
    """A command that this ledger carries."""

    message_id: str
    center: str
    at_ms: int
    status: int | None = None
    """As over HTTP; None: there is no answer yet."""
    answer: str | None = None


def ask(tx: Tx, command: AskedCommand) -> None:
    """Keep a command until it is answered."""
    insert_new(tx, t.operations_asked, [command], ["message_id"])


_ASKED = Prepared(lambda _: select(*_A).order_by(_A.at_ms, _A.message_id).limit(bindparam("at_most", type_=Integer)))


def asked(tx: Tx, at_most: int) -> list[AskedCommand]:
    """The commands that were asked, oldest first."""
    rows = _ASKED.rows(tx, at_most=at_most)
    return [AskedCommand(message_id, peer, bytes(command), at_ms) for message_id, peer, command, at_ms in rows]


def count_asked(tx: Tx, peer: str) -> int:
    """How many commands of this peer wait for their answer."""
    return int(tx.execute(select(func.count()).where(_A.peer == peer)).scalar_one())


def answered(tx: Tx, message_id: str) -> bool:
    """Forget a command that is answered now. False: another process has answered it."""
    return tx.execute(delete(t.operations_asked).where(_A.message_id == message_id)).rowcount == 1


def carry(tx: Tx, command: CarriedCommand) -> None:
    """Note a command that is on its way."""
    insert(tx, t.operations_carried, [command])


def told(tx: Tx, center: str, message_id: str, status: int, answer: str) -> None:
    """Keep the answer of the center that was asked."""
    mine = (_C.message_id == message_id) & (_C.center == center) & _C.status.is_(None)
    tx.execute(update(t.operations_carried).where(mine).values(status=status, answer=answer))


def carried(tx: Tx, message_id: str) -> CarriedCommand | None:
    """One command that this ledger carries."""
    found = tx.execute(select(*_C).where(_C.message_id == message_id)).first()
    return CarriedCommand(*found) if found is not None else None


def prune(tx: Tx, before_ms: int) -> None:
    """Forget what is older: no command counts for so long."""
    tx.execute(delete(t.operations_asked).where(_A.at_ms < before_ms))
    tx.execute(delete(t.operations_carried).where(_C.at_ms < before_ms))
