"""The life of an operation: its set is frozen, somebody lets it run, and it is worked off item by item.

Each step is one transaction: what an item is done with, and how far the operation is. So a process that dies at any
moment leaves an operation that goes on where it was, and no item is done with twice.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from bus.context import CenterContext
from bus.contract.staff_command import ON_PARKED, Act, StaffCommand
from bus.log import log
from bus.operations import noted, steps
from bus.operations.replay import NO_CASE, NotParked, arrive_again
from bus.operations.rights import Code, CommandRefused, require_right
from bus.operations.steps import Step
from bus.security.errors import KeyUnusable
from bus.security.staff import OnDuty, Role, StaffKey, is_signed_in, persons_of
from bus.store import operations, peer_lanes, recovery
from bus.store.database import Store, StoreUnavailable, Tx
from bus.store.operations import Item, Operation, Outcome, State
from bus.store.parked import ParkedItem
from bus.store.timestamps import ms
from bus.store.unit_of_work import UnitOfWork

MOST_ITEMS = 100_000
"""The largest set; of more the oldest are frozen, and the others wait for the next preview."""
MOST_OPEN = 50
"""Operations that may be open at once."""
PREVIEW_COUNTS = timedelta(days=1)
"""How long a preview may be run, and a second person be waited for."""
MADE_FOR, RUN_FOR = operations.PERSONS
UNREADABLE, INTERNAL = "item-unreadable", "internal"
"""Codes of items that are passed over."""


def staff_of(context: CenterContext) -> Mapping[str, StaffKey]:
    """The staff keys of the county, by key id, each with the right that counts here; none: the door is closed. Raises
    ``KeyUnusable``."""
    directory = context.security.current_directory()
    if directory is None or context.door.closed:
        return {}
    highest = Role(context.door.highest)
    if highest is Role.ADMINISTRATOR:
        return directory.staff
    return {kid: key.at_most(highest) for kid, key in directory.staff.items()}


# -- begun by commands -------------------------------------------------------------------------------------------------


def make(tx: Tx, context: CenterContext, command: StaffCommand, digest: bytes, now: datetime) -> Operation:
    """Freeze the set that a command means, and let it run unless it is a preview, or needs a second person. Raises
    ``CommandRefused``."""
    if operations.count_open(tx) >= MOST_OPEN:
        raise CommandRefused(Code.TOO_MANY_OPEN)
    items = _frozen(tx, context, command, now)
    state = State.RUNNING
    if command.act is Act.RECLAIM:
        state = State.AWAITS_SECOND
    elif command.preview:
        state = State.PREVIEWED
    operation = Operation(
        id=str(command.id), act=command.act.value, state=state.value, made_by=command.by,
        run_by=command.by if state is State.RUNNING else None, why=command.why, what=_what(command), digest=digest,
        size=len(items), done=0, again=0, refused=0, code="", made_ms=ms(now), changed_ms=ms(now),
    )  # fmt: skip
    if state is State.RUNNING and command.person is not None:
        operation = _run_for(operation, command.person.name)
    operations.keep(tx, operation, items)
    return operation


def _what(command: StaffCommand) -> str:
    named = {name: getattr(command, name) for name in ("to", "peer", "ground")}
    what = {name: str(value) for name, value in named.items() if value is not None}
    return json.dumps(what | ({} if command.person is None else {MADE_FOR: command.person.name}))


def _run_for(operation: Operation, person: str) -> Operation:
    """With the person for whom the key that lets it run speaks."""
    return operation._replace(what=json.dumps({**json.loads(operation.what), RUN_FOR: person})) if person else operation


def _frozen(tx: Tx, context: CenterContext, command: StaffCommand, now: datetime) -> Sequence[str]:
    if command.act is Act.REDIRECT:
        _require_redirection(context, command, now)
        cases = (case_id for _, case_id in peer_lanes.waiting_for(tx, command.peer or ""))
        return list(dict.fromkeys(cases))[:MOST_ITEMS]
    if command.act is Act.RECLAIM:
        _require_arbiter(tx, context, command, now)
    if command.items is not None:
        return sorted(set(command.items), key=_in_order)
    wanted = command.matching
    if wanted is None or command.act not in ON_PARKED:
        raise CommandRefused(Code.INVALID)
    case = str(wanted.case) if wanted.case else None
    return operations.matching(tx, MOST_ITEMS, place=wanted.place, code=wanted.code, peer=wanted.peer, case=case)


def _in_order(item: str) -> tuple[str, int, str]:
    """Items in the order in which they were parked, so that those of one case keep their order."""
    number = item.removeprefix("o")
    return ("", int(number), item) if number.isdecimal() else ("case", 0, item)


def _require_redirection(context: CenterContext, command: StaffCommand, now: datetime) -> None:
    """What waits for a center is turned only where that center is closed, and the other one is there."""
    known = context.security.current_directory()
    if known is None or known.current(command.peer or "", now):
        raise CommandRefused(Code.CENTER_OPEN)
    if command.to == context.me or not known.current(command.to or "", now):
        raise CommandRefused(Code.UNKNOWN_CENTER)


def _require_arbiter(tx: Tx, context: CenterContext, command: StaffCommand, now: datetime) -> None:
    known = context.security.current_directory()
    if known is None or not known.current(command.to or "", now):
        raise CommandRefused(Code.UNKNOWN_CENTER)
    record = UnitOfWork(tx, context, now).record(UUID((command.items or ("",))[0]))
    if record is None:
        raise CommandRefused(Code.UNKNOWN_CASE)
    if record.arbiter != context.me:
        raise CommandRefused(Code.NOT_ARBITER)


def run(tx: Tx, operation_id: UUID, who: OnDuty, now: datetime) -> Operation:
    """Let a preview run. Of two persons the first one has done it, and both are told who. Raises
    ``CommandRefused``."""
    operation = _open(tx, operation_id, who)
    if operation.state == State.AWAITS_SECOND.value:
        raise CommandRefused(Code.NEEDS_SECOND)
    if operation.state != State.PREVIEWED.value:
        return operation
    _require_fresh(operation, now)
    return _put(tx, _run_for(operation, who.person)._replace(state=State.RUNNING.value, run_by=who.kid), now)


def approve(tx: Tx, command: StaffCommand, who: OnDuty, now: datetime) -> Operation:
    """The second person's word, for exactly what the first one has signed. Raises ``CommandRefused``."""
    operation = _open(tx, command.operation or UUID(int=0), who)
    if operation.act != Act.RECLAIM.value:
        raise CommandRefused(Code.NO_SECOND)
    if operation.digest.hex() != command.digest:
        raise CommandRefused(Code.OTHER_DIGEST)
    if who.persons & persons_of(operation.made_by, json.loads(operation.what).get(MADE_FOR, "")):
        raise CommandRefused(Code.SAME_PERSON)
    if operation.state != State.AWAITS_SECOND.value:
        return operation
    _require_fresh(operation, now)
    return _put(tx, _run_for(operation, who.person)._replace(state=State.RUNNING.value, run_by=who.kid), now)


def stop(tx: Tx, command: StaffCommand, who: OnDuty, now: datetime) -> Operation:
    """Leave the rest undone. An operation that has ended stays as it is. Raises ``CommandRefused``."""
    operation = _open(tx, command.operation or UUID(int=0), who)
    if State(operation.state) not in operations.OPEN:
        return operation
    return _put(tx, operation._replace(state=State.STOPPED.value, code=command.why), now)


def _open(tx: Tx, operation_id: UUID, who: OnDuty) -> Operation:
    operation = operations.locked(tx, str(operation_id))
    if operation is None:
        raise CommandRefused(Code.UNKNOWN_OPERATION)
    require_right(who, Act(operation.act))
    return operation


def _require_fresh(operation: Operation, now: datetime) -> None:
    if operation.made_ms < ms(now - PREVIEW_COUNTS):
        raise CommandRefused(Code.STALE_PREVIEW)


def _put(tx: Tx, operation: Operation, now: datetime) -> Operation:
    written = operation._replace(changed_ms=ms(now))
    operations.put(tx, written)
    if State(written.state) not in operations.OPEN:
        noted.ended(tx, written, now)
    return written


# -- worked off --------------------------------------------------------------------------------------------------------


def step(store: Store, context: CenterContext, operation_id: str, now: datetime) -> bool:
    """Do with the next item what the operation wants. Returns whether it runs on. Raises ``StoreUnavailable`` where
    trying again may help, ``KeyUnusable``."""
    try:
        done = store.write(lambda tx: _stepped(tx, context, operation_id, now))
        return done if isinstance(done, bool) else _arrived(store, context, done, now)
    except StoreUnavailable as trouble:
        if trouble.passing:
            raise
        return store.write(lambda tx: _passed_over(tx, operation_id, UNREADABLE, now))
    except KeyUnusable:
        raise
    except Exception as fault:  # of this program: one item must not hold up all others for ever
        log().error("fault", step="operations", fault=type(fault).__name__)
        return store.write(lambda tx: _passed_over(tx, operation_id, INTERNAL, now))


class _Arriving(NamedTuple):
    """An item whose bytes arrive again, in a transaction of their own. After a crash they are a repeat."""

    step: Step
    row: ParkedItem


def _arrived(store: Store, context: CenterContext, arriving: _Arriving, now: datetime) -> bool:
    """Let the bytes arrive again, and book the item with what becomes of it."""
    runs = [True]

    def book(tx: Tx, item: Item) -> None:
        runs[0] = _booked_after(tx, arriving, item, now)

    try:
        arrive_again(store, context, arriving.row, now, lambda tx, done: book(tx, steps.arrived(arriving.step, done)))
    except NotParked:
        store.write(lambda tx: book(tx, arriving.step.booked(Outcome.GONE)))
    return runs[0]


def _stepped(tx: Tx, context: CenterContext, operation_id: str, now: datetime) -> bool | _Arriving:
    operation = operations.locked(tx, operation_id)
    if operation is None or operation.state != State.RUNNING.value or recovery.epoch(tx).recovery is not None:
        return False
    code = _why_not(context, operation)
    if code:
        _put(tx, operation._replace(state=State.STOPPED.value, code=code), now)
        return False
    item = operations.item_at(tx, operation_id, operation.done)
    if item is None:
        _put(tx, operation._replace(state=State.DONE.value), now)
        return False
    one = Step(tx, context, operation, json.loads(operation.what), item, now)
    done = steps.carry_out(one)
    return _Arriving(one, done) if isinstance(done, ParkedItem) else _booked(tx, operation, done, now)


def _why_not(context: CenterContext, operation: Operation) -> str:
    """A code where the operation must not go on: a key behind it was revoked since. A person who was signed in at this
    center has none."""
    behind = {operation.made_by, operation.run_by or operation.made_by}
    keys = [key_id for key_id in behind if not is_signed_in(key_id)]
    staff = staff_of(context) if keys else {}
    for key_id in keys:
        key = staff.get(key_id)
        if key is None or key.revoked is not None:
            return Code.REVOKED_KEY.value
    return ""


def _booked(tx: Tx, operation: Operation, item: Item, now: datetime) -> bool:
    """Write what became of an item, and how far the operation is. Returns whether it runs on."""
    operations.book(tx, item)
    outcome, done = item.outcome, operation.done + 1
    state = State.DONE if done >= operation.size else State.RUNNING
    _put(
        tx,
        operation._replace(
            state=state.value,
            done=done,
            again=operation.again + (outcome == Outcome.STILL_PARKED.value),
            refused=operation.refused + (outcome == Outcome.REFUSED.value),
        ),
        now,
    )
    return state is State.RUNNING


def _booked_after(tx: Tx, arriving: _Arriving, item: Item, now: datetime) -> bool:
    """As ``_booked``, unless another process has done it meanwhile."""
    operation = operations.locked(tx, item.operation_id)
    if operation is None or operation.state != State.RUNNING.value or operation.done != item.position:
        return operation is not None and operation.state == State.RUNNING.value
    steps.journal(arriving.step._replace(tx=tx), UUID(arriving.row.case_id) if arriving.row.case_id else NO_CASE)
    return _booked(tx, operation, item, now)


def _passed_over(tx: Tx, operation_id: str, code: str, now: datetime) -> bool:
    """Pass over an item that cannot be read: the others are not held up by it."""
    operation = operations.locked(tx, operation_id)
    item = operations.item_at(tx, operation_id, operation.done) if operation else None
    if operation is None or item is None or operation.state != State.RUNNING.value:
        return False
    log().warning("operation-item", code=code, message=operation_id, count=item.position)
    return _booked(tx, operation, item._replace(outcome=Outcome.REFUSED.value, code=code), now)
