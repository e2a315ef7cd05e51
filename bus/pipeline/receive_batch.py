"""The working set of one transaction of receive, and what it writes at its end."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from bus.contract.epochs import epoch_start
from bus.pipeline.held_messages import HeldMessages
from bus.pipeline.inbound import NOT_FINAL, Inbound, Outcome
from bus.pipeline.quotas import PeerQuotas
from bus.store import archive, inbox, lanes, owed, parked
from bus.store.archive import ArchiveRow
from bus.store.inbox import AppliedRow
from bus.store.owed import OwedError, OwedReceipt
from bus.store.parked import ParkedItem, parked_row
from bus.store.rows import HeldRow
from bus.store.unit_of_work import UnitOfWork

Position = tuple[str, str, int]
"""(peer, case id, sequence)"""


@dataclass(slots=True)
class ReceiveBatch:
    """One transaction's outcome, besides the decisions of custody (``uow``)."""

    uow: UnitOfWork
    epochs: dict[str, int] = field(default_factory=dict)
    """The epochs of peers that were restored from a backup."""
    marks: dict[inbox.Lane, int] = field(default_factory=dict)
    """The last sequence applied in each lane."""
    held: HeldMessages = field(default_factory=HeldMessages)
    quotas: PeerQuotas = field(default_factory=PeerQuotas)
    known: dict[Position, AppliedRow] = field(default_factory=dict)
    """Messages dealt with before this transaction."""
    applied: list[AppliedRow] = field(default_factory=list)
    archived: list[ArchiveRow] = field(default_factory=list)
    """New rows of the archive."""
    receipts: list[OwedReceipt] = field(default_factory=list)
    errors: list[OwedError] = field(default_factory=list)
    park: list[ParkedItem] = field(default_factory=list)
    hold: list[HeldRow] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    _start: dict[inbox.Lane, int] = field(default_factory=dict)
    """``marks`` as they were at the beginning."""

    # -- what the steps note -------------------------------------------------------------------------------------------

    def count(self, outcome: str, times: int = 1) -> None:
        """Count deliveries by outcome."""
        if times:
            self.counts[outcome] += times

    def put_off(self, one: Inbound, quota: str) -> None:
        """Put a message off: no receipt, nothing applied, its sender sends it again."""
        self.count(Outcome.PUT_OFF)
        self.quotas.note(one.message.source, quota, one.message_id)

    def park_message(self, one: Inbound, code: str, hint: str = "") -> None:
        """Park a message with its bytes for an operator."""
        self.park.append(parked_row(parked.WIRE, self.uow.context, one.body, one.message, code, hint, self.uow.now))

    def strange(self, body: bytes, sender: str | None, code: str, where: str = "") -> ParkedItem:
        """The parked row of bytes without a place in any lane; the sender that the transport names is told."""
        self.count(Outcome.PARKED)
        context, now = self.uow.context, self.uow.now
        item = parked_row(parked.WIRE, context, body, None, code, where, now)._replace(peer=sender)
        if sender is not None and sender != context.me:
            text = where or "not a message of the contract; it is parked at its recipient"
            self.errors.append(owed.error(sender, code, text, item.digest, self.uow.now_ms))
        return item

    def let_go(self, one: Inbound) -> None:
        """Stop holding the message back."""
        if self.hold:
            self.hold = [row for row in self.hold if row[:3] != one.position]
        self.held.drop(one.lane, one.message.sequence)

    # -- what the steps ask --------------------------------------------------------------------------------------------

    def known_at(self, position: Position) -> AppliedRow | None:
        """The message dealt with at this place, before or in this transaction."""
        return self.known.get(position) or next((row for row in self.applied if row.position == position), None)

    def case_of(self, one: Inbound) -> UUID:
        """The case that the message is about."""
        case_id: UUID = one.message.subject  # type: ignore[assignment]  # none is in a lane that has no case
        return case_id

    # -- the store -----------------------------------------------------------------------------------------------------

    def load(self, arrived: Iterable[Inbound]) -> None:
        """Read and lock what these messages need: their cases, marks of their lanes, and messages held back there."""
        arrived = list(arrived)
        self.uow.load({self.case_of(one) for one in arrived})
        self.load_lanes({one.lane for one in arrived})
        taken = {one.position for one in arrived if one.message.sequence <= self.marks[one.lane]}
        self.known = inbox.remembered(self.uow.tx, taken)

    def load_lanes(self, names: Iterable[inbox.Lane]) -> None:
        """Read the marks of these lanes, and the messages held back in them."""
        self.marks = {
            lane: max(mark, epoch_start(self.epochs.get(lane[0], 0)))
            for lane, mark in inbox.applied_marks(self.uow.tx, names).items()
        }
        self.held = HeldMessages.of(self.uow.tx, self.marks)
        self._start = dict(self.marks)

    def write_lanes(self) -> None:
        """Write the marks of lanes, and the messages held back."""
        tx = self.uow.tx
        self.uow.flush()
        moved = {lane: mark for lane, mark in self.marks.items() if mark != self._start[lane]}
        lanes.set_lanes(tx, "applied", moved, self.uow.epoch.number)
        inbox.remember(tx, self.applied)
        inbox.hold(tx, self.hold)
        inbox.release(tx, self.held.released)
        archive.keep(tx, self.archived)
        owed.owe_receipts(tx, self.receipts)
        parked.take_coded(tx, parked.WIRE, NOT_FINAL, [row.message_id for row in self.applied])

    def write_rest(self) -> None:
        """Write the notices for operators, here and at the peers."""
        uow = self.uow
        parked.park(uow.tx, self.park)
        owed.owe_errors(uow.tx, self.errors + self.quotas.write(uow.tx, uow.context.me, uow.now_ms))
