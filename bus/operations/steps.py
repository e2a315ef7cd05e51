"""What an operation does with one item, in the transaction that also writes how far the operation is."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from bus.context import CenterContext
from bus.contract.codec import Undecodable, decode
from bus.contract.messages import Ground, Offered
from bus.contract.staff_command import Act
from bus.custody import Record, Refusal
from bus.custody.commands import AskArbiter, Command, Offer, Rule, Urge
from bus.operations import replay
from bus.operations.discard import MayNotGo, discard_within
from bus.operations.lanes import NO_SUCH_CENTER, without
from bus.operations.replay import NO_CASE, NotParked, Replayed
from bus.security.staff import told_name
from bus.store import operations, outbox, parked, parked_marks, peer_lanes
from bus.store.database import Tx
from bus.store.operations import Item, Operation, Outcome
from bus.store.parked import ParkedItem
from bus.store.timestamps import ms
from bus.store.unit_of_work import UnitOfWork

NO_RECEIPT = "no-receipt"
"""A message that waits for its receipt has its place in the lane: it is not discarded."""


class Step(NamedTuple):
    """What an item is done with."""

    tx: Tx
    context: CenterContext
    operation: Operation
    what: Mapping[str, str]
    """The other fields of the command."""
    item: Item
    now: datetime

    @property
    def number(self) -> int:
        """The item's number in the store."""
        return int(self.item.item.removeprefix("o"))

    @property
    def in_outbox(self) -> bool:
        """Whether it is a message without a receipt."""
        return self.item.item.startswith("o")

    @property
    def runner(self) -> str:
        """The key that lets the operation run."""
        return self.operation.run_by or self.operation.made_by

    @property
    def names(self) -> tuple[str, str]:
        """Who has made the operation, and who lets it run, as it is told."""
        made_for, run_for = (self.what.get(name, "") for name in operations.PERSONS)
        return told_name(self.operation.made_by, made_for), told_name(self.runner, run_for)

    def booked(self, outcome: Outcome, code: str = "", message_id: str = "") -> Item:
        """The item, with what became of it."""
        return self.item._replace(outcome=outcome.value, code=code or None, message_id=message_id or None)


def carry_out(step: Step) -> Item | ParkedItem:
    """Do what the operation wants with this item. Returns the parked item where its bytes must arrive again first."""
    case_id = _case_of(step)
    try:
        done = _ACTS[Act(step.operation.act)](step)
    except NotParked:
        return step.booked(Outcome.GONE)
    except (MayNotGo, Refusal) as no:
        done = step.booked(Outcome.REFUSED, no.code)
    if isinstance(done, Item) and done.outcome != Outcome.GONE.value:
        journal(step, case_id)
    return done


def journal(step: Step, case_id: UUID) -> None:
    """Write into the case's journal who has wanted this, why, and in which operation."""
    uow = UnitOfWork(step.tx, step.context, step.now)
    operation = step.operation
    uow.journal(case_id, "operated", operation.act, step.names[1], UUID(operation.id), operation.why)
    uow.flush()


def arrived(step: Step, done: Replayed) -> Item:
    """The item after its bytes have arrived again."""
    return step.booked(_OUTCOMES[done.outcome], done.code, done.message_id)


_OUTCOMES = {
    replay.Outcome.APPLIED: Outcome.DONE,
    replay.Outcome.ON_ITS_WAY: Outcome.ON_ITS_WAY,
    replay.Outcome.SETTLED: Outcome.GONE,
    replay.Outcome.STILL_PARKED: Outcome.STILL_PARKED,
}


def _case_of(step: Step) -> UUID:
    """The case that an item is about."""
    if Act(step.operation.act) in (Act.URGE, Act.ASK_ARBITER, Act.RECLAIM, Act.REDIRECT):
        return UUID(step.item.item)
    case_id = outbox.case_of(step.tx, step.number) if step.in_outbox else parked.case_of(step.tx, step.number)
    return UUID(case_id) if case_id else NO_CASE


# -- parked items ------------------------------------------------------------------------------------------------------


def _replay(step: Step) -> Item | ParkedItem:
    if step.in_outbox:
        return arrived(step, replay.resend_within(step.tx, step.context, step.number, step.now))
    done = replay.replay_within(step.tx, step.context, step.number, step.now)
    return done if isinstance(done, ParkedItem) else arrived(step, done)


def _discard(step: Step) -> Item:
    if step.in_outbox:
        return step.booked(Outcome.REFUSED, NO_RECEIPT)
    discard_within(step.tx, step.context, step.number, step.operation.why, step.now)
    return step.booked(Outcome.DONE)


def _beside(write: Callable[[Step], None]) -> Callable[[Step], Item]:
    """An act that only writes something beside the item."""

    def act(step: Step) -> Item:
        if step.in_outbox:
            return step.booked(Outcome.REFUSED, NO_RECEIPT)
        parked.lock(step.tx, step.number)
        if not parked.is_there(step.tx, step.number):
            return step.booked(Outcome.GONE)
        write(step)
        return step.booked(Outcome.DONE)

    return act


# -- cases -------------------------------------------------------------------------------------------------------------


def _by_custody(command: Callable[[Step, UUID], Command]) -> Callable[[Step], Item]:
    """An act that custody decides, as if the center's own system had wished for it."""

    def act(step: Step) -> Item:
        uow = UnitOfWork(step.tx, step.context, step.now)
        uow.execute(command(step, UUID(step.item.item)))
        uow.flush()
        return step.booked(Outcome.DONE)

    return act


def _urge(step: Step, case_id: UUID) -> Command:
    return Urge(case_id=case_id, text=f"运维催办 / urged by an operator: {step.operation.why}")


def _ask_arbiter(step: Step, case_id: UUID) -> Command:
    text = f"运维提请 / asked by an operator: {step.operation.why}"
    return AskArbiter(case_id=case_id, ground=Ground(step.what["ground"]), text=text)


def _reclaim(step: Step, case_id: UUID) -> Command:
    both = " + ".join(step.names)
    return Rule(case_id=case_id, holder=step.what["to"], text=f"两人裁定 / ruled by two: {both}: {step.operation.why}")


def _redirect(step: Step) -> Item:
    """Nothing more is said to the center of old, and an offer that it alone had goes to the new one."""
    gone, case_id = step.what["peer"], UUID(step.item.item)
    uow = UnitOfWork(step.tx, step.context, step.now)
    record = uow.record(case_id)
    waiting = [message_id for message_id, case in peer_lanes.waiting_for(step.tx, gone) if case == step.item.item]
    if record is None or not waiting:
        return step.booked(Outcome.GONE)
    uow.amend(without(record, gone), "ended", gone, step.operation.why)
    if _is_offered_to(record, gone):
        uow.execute(Offer(case_id=case_id, to=(step.what["to"],), note=_note_of(step.tx, waiting)))
    uow.flush()
    peer_lanes.end(step.tx, gone, waiting, NO_SUCH_CENTER, ms(step.now))
    return step.booked(Outcome.DONE)


def _is_offered_to(record: Record, center: str) -> bool:
    offer = record.offer_out
    return record.mine and offer is not None and offer.pending == (center,)


def _note_of(tx: Tx, message_ids: list[str]) -> str | None:
    """What the offerer had written to the center of old."""
    for row in outbox.waiting(tx, message_ids):
        with suppress(Undecodable):
            data = decode(row.body).data
            if isinstance(data, Offered):
                return data.note
    return None


_ACTS: Mapping[Act, Callable[[Step], Item | ParkedItem]] = {
    Act.REPLAY: _replay,
    Act.DISCARD: _discard,
    Act.HOLD: _beside(lambda step: parked_marks.hold(step.tx, step.number, step.runner)),
    Act.RELEASE: _beside(lambda step: parked_marks.hold(step.tx, step.number, None)),
    Act.NOTE: _beside(lambda step: parked_marks.note(step.tx, step.number, step.operation.why, step.runner)),
    Act.OWNER: _beside(lambda step: parked_marks.own(step.tx, step.number, step.what["to"])),
    Act.URGE: _by_custody(_urge),
    Act.ASK_ARBITER: _by_custody(_ask_arbiter),
    Act.RECLAIM: _by_custody(_reclaim),
    Act.REDIRECT: _redirect,
}
