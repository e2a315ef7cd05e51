"""Queries of operations: what persons on duty have set going, with its frozen set of items, and how far it is."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import delete, exists, func, select, update

from bus.store import inbox
from bus.store import tables as t
from bus.store.database import Tx
from bus.store.inserts import insert

_O, _I, _P, _W = t.operations.c, t.operation_items.c, t.parked.c, t.work.c


class State(StrEnum):
    """Where an operation stands."""

    PREVIEWED = "previewed"
    """Its set is frozen, and nothing is done."""
    AWAITS_SECOND = "awaits-second"
    """A second person must approve it."""
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"


OPEN = (State.PREVIEWED, State.AWAITS_SECOND, State.RUNNING)


PERSONS = ("made_for", "run_for")
"""What ``what`` has of the persons whom a console's key speaks for: who made the operation, and who let it run."""


class Outcome(StrEnum):
    """What became of one item."""

    DONE = "done"
    ON_ITS_WAY = "on-its-way"
    """It waits again; it may be parked again later."""
    STILL_PARKED = "still-parked"
    GONE = "gone"
    """It was settled meanwhile, by itself or by another person."""
    REFUSED = "refused"


class Operation(NamedTuple):
    """One operation."""

    id: str
    act: str
    state: str
    made_by: str
    """The key that wanted it."""
    run_by: str | None
    """The key that let it run: its maker's, the first that ran the preview, or the second person's."""
    why: str
    what: str
    """The command's other fields, as JSON; with ``PERSONS``."""
    digest: bytes
    size: int
    done: int
    again: int
    refused: int
    code: str
    """Why it was stopped."""
    made_ms: int
    changed_ms: int


class Item(NamedTuple):
    """One item of a frozen set."""

    operation_id: str
    position: int
    item: str
    outcome: str | None = None
    code: str | None = None
    message_id: str | None = None


def keep(tx: Tx, operation: Operation, items: Sequence[str]) -> None:
    """Write a new operation and its set."""
    insert(tx, t.operations, [operation])
    insert(tx, t.operation_items, [Item(operation.id, place, item) for place, item in enumerate(items)])


def get(tx: Tx, operation_id: str) -> Operation | None:
    """One operation."""
    found = tx.execute(_ROW.where(_O.id == operation_id)).one_or_none()
    return Operation(*found) if found else None


_ROW = select(*(_O[name] for name in Operation._fields))


def locked(tx: Tx, operation_id: str) -> Operation | None:
    """One operation, locked until the transaction ends: of two steps or two persons at once, one waits."""
    found = tx.execute(_ROW.where(_O.id == operation_id).with_for_update()).one_or_none()
    return Operation(*found) if found else None


def put(tx: Tx, operation: Operation) -> None:
    """Write an operation anew."""
    tx.execute(update(t.operations).where(_O.id == operation.id).values(**operation._asdict()))


def running(tx: Tx) -> list[str]:
    """The running operations, oldest first."""
    query = select(_O.id).where(_O.state == State.RUNNING.value).order_by(_O.made_ms, _O.id)
    return list(tx.execute(query).scalars())


def listed(tx: Tx, limit: int) -> list[Operation]:
    """The open operations and the last ones that have ended, newest first."""
    is_open = _O.state.in_([state.value for state in OPEN])
    query = _ROW.order_by(is_open.desc(), _O.made_ms.desc(), _O.id).limit(limit)
    return [Operation(*row) for row in tx.execute(query)]


def count_open(tx: Tx) -> int:
    """How many operations have not ended."""
    query = select(func.count()).select_from(t.operations).where(_O.state.in_([state.value for state in OPEN]))
    return int(tx.execute(query).scalar_one())


def item_at(tx: Tx, operation_id: str, position: int) -> Item | None:
    """The item at this place of a set."""
    query = select(*(_I[name] for name in Item._fields))
    found = tx.execute(query.where(_I.operation_id == operation_id, _I.position == position)).one_or_none()
    return Item(*found) if found else None


def items(tx: Tx, operation_id: str, limit: int) -> list[Item]:
    """The first items of a set."""
    query = select(*(_I[name] for name in Item._fields)).where(_I.operation_id == operation_id)
    return [Item(*row) for row in tx.execute(query.order_by(_I.position).limit(limit))]


def book(tx: Tx, item: Item) -> None:
    """Write what became of an item."""
    same = (_I.operation_id == item.operation_id) & (_I.position == item.position)
    tx.execute(
        update(t.operation_items).where(same).values(outcome=item.outcome, code=item.code, message_id=item.message_id)
    )


def parked_since(tx: Tx, operation_id: str) -> int:
    """How many items that were on their way because of this operation are parked by now."""
    is_parked = exists().where(_P.message_id == _I.message_id)
    waits = exists().where(_W.message_id == _I.message_id, _W.state == inbox.WAITING)
    mine = (_I.operation_id == operation_id) & (_I.outcome == Outcome.ON_ITS_WAY.value)
    return int(
        tx.execute(select(func.count()).select_from(t.operation_items).where(mine, is_parked, ~waits)).scalar_one()
    )


def oldest(tx: Tx) -> int:
    """When the oldest operation was made; 0: there is none."""
    return int(tx.execute(select(func.min(_O.made_ms))).scalar() or 0)


def prune(tx: Tx, before_ms: int, limit: int) -> int:
    """Delete up to ``limit`` operations that were made before. Returns their number."""
    old = select(_O.id).where(_O.made_ms < before_ms).order_by(_O.made_ms).limit(limit)
    ids = list(tx.execute(old).scalars())
    tx.execute(delete(t.operation_items).where(_I.operation_id.in_(ids)))
    tx.execute(delete(t.operations).where(_O.id.in_(ids)))
    return len(ids)


def matching(
    tx: Tx,
    limit: int,
    *,
    place: str | None = None,
    code: str | None = None,
    peer: str | None = None,
    case: str | None = None,
) -> list[str]:
    """The parked items that are so, oldest first."""
    asked: tuple[tuple[Any, str | None], ...] = (
        (_P.place, place), (_P.code, code), (func.coalesce(_P.peer, ""), peer), (_P.case_id, case),
    )  # fmt: skip
    wanted = [column == value for column, value in asked if value is not None]
    query = select(_P.id).where(*wanted).order_by(_P.id).limit(limit)
    return [str(number) for number in tx.execute(query).scalars()]
