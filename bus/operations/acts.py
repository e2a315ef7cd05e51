"""What each act of a person on duty does at a center, in the transaction in which its answer is kept."""

import base64
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from bus.context import CenterContext
from bus.contract.staff_command import ON_CASES, ON_PARKED, Act, StaffCommand
from bus.operations import noted, operating, views
from bus.operations.replay import NO_CASE, NotParked, find, reveal_within
from bus.operations.rights import Code, CommandRefused
from bus.security.staff import OnDuty, StaffKey
from bus.store import operations, paused
from bus.store.database import Tx
from bus.store.operations import Operation
from bus.store.paused import Pause, What
from bus.store.timestamps import ms
from bus.store.unit_of_work import UnitOfWork


class Wanted(NamedTuple):
    """One command that is admitted, and what its act works with."""

    tx: Tx
    context: CenterContext
    command: StaffCommand
    who: OnDuty
    key: StaffKey | None
    digest: bytes
    now: datetime
    again: bool
    """Whether the command was given before."""


def _list(inside: Wanted) -> dict[str, Any]:
    return views.listed(inside.tx, inside.context.me, inside.command.matching, inside.now)


def _show(inside: Wanted) -> dict[str, Any]:
    if inside.command.operation is not None:
        operation = operations.get(inside.tx, str(inside.command.operation))
        if operation is None:
            raise CommandRefused(Code.UNKNOWN_OPERATION)
        return {"operation": views.in_full(inside.tx, operation)}
    try:
        return {"item": views.shown(inside.tx, _number(inside.command))}
    except NotParked:
        raise CommandRefused(Code.GONE) from None


def _waiting(inside: Wanted) -> dict[str, Any]:
    return {"waiting": list(views.waiting(inside.tx, inside.context.me))}


def _look(inside: Wanted) -> dict[str, Any]:
    return views.looked(inside.tx, inside.context.me, inside.now)


def _reveal(inside: Wanted) -> dict[str, Any]:
    """The whole item, sealed for the key that asks: whoever copies the command, or the answer, reads nothing. The
    answer is not kept, so that an erased case leaves no copy. Asked again, it tells the same person the same item, so
    the access log has it already."""
    command, number = inside.command, _number(inside.command)
    try:
        item = find(inside.tx, number)
        if not inside.again:
            reveal_within(inside.tx, inside.context, number, inside.now, command.by, command.why)
    except NotParked:
        raise CommandRefused(Code.GONE) from None
    if inside.key is None:
        return {"item": views.labels(item), "body": (item.body or b"").decode(errors="replace")}
    sealed = inside.key.key.sealed(item.body or b"", str(command.id).encode())
    return {"item": views.labels(item), "sealed": base64.b64encode(sealed).decode()}


def _number(command: StaffCommand) -> int:
    """The one parked item that is meant. Raises ``CommandRefused``."""
    (name,) = command.items or ("",)
    if not name.isdecimal():
        raise CommandRefused(Code.GONE)
    return int(name)


def _operate(inside: Wanted) -> dict[str, Any]:
    made = operating.make(inside.tx, inside.context, inside.command, inside.digest, inside.now)
    return _told(inside, made)


def _run(inside: Wanted) -> dict[str, Any]:
    return _told(inside, operating.run(inside.tx, inside.command.operation or NO_CASE, inside.who, inside.now))


def _approve(inside: Wanted) -> dict[str, Any]:
    return _told(inside, operating.approve(inside.tx, inside.command, inside.who, inside.now))


def _stop(inside: Wanted) -> dict[str, Any]:
    return _told(inside, operating.stop(inside.tx, inside.command, inside.who, inside.now))


def _told(inside: Wanted, operation: Operation) -> dict[str, Any]:
    _journal(inside, UUID(operation.id))
    return {"operation": views.told(inside.tx, operation)}


def _pause(inside: Wanted) -> dict[str, Any]:
    what, name = _paused_thing(inside.command)
    paused.put(inside.tx, Pause(what.value, name, inside.command.by, inside.command.why, ms(inside.now)))
    _journal(inside, inside.command.id)
    return {"paused": [one._asdict() for one in paused.listed(inside.tx)]}


def _resume(inside: Wanted) -> dict[str, Any]:
    what, name = _paused_thing(inside.command)
    if not paused.end(inside.tx, what.value, name):
        raise CommandRefused(Code.NOT_PAUSED)
    _journal(inside, inside.command.id)
    return {"paused": [one._asdict() for one in paused.listed(inside.tx)]}


def _paused_thing(command: StaffCommand) -> tuple[What, str]:
    if command.peer is not None:
        return What.PEER, command.peer
    return What.KIND, command.kind or ""


def _journal(inside: Wanted, about: UUID) -> None:
    """Write who has wanted what, and why, under the case of nobody: each case has its own line at its step."""
    uow = UnitOfWork(inside.tx, inside.context, inside.now)
    uow.journal(NO_CASE, "operation", inside.command.act.value, inside.who.name, about, inside.command.why)
    uow.flush()
    if not inside.again:
        noted.did(inside.tx, inside.command.act, inside.who.name, str(about), inside.command.why, inside.now)


ACTS: Mapping[Act, Callable[[Wanted], dict[str, Any]]] = {
    Act.LIST: _list,
    Act.SHOW: _show,
    Act.WAITING: _waiting,
    Act.LOOK: _look,
    Act.REVEAL: _reveal,
    **dict.fromkeys((*ON_PARKED, *ON_CASES, Act.REDIRECT), _operate),
    Act.PAUSE: _pause,
    Act.RESUME: _resume,
    Act.RUN: _run,
    Act.APPROVE: _approve,
    Act.STOP: _stop,
}
"""What each act does. Raises ``CommandRefused``."""
