"""Quotas: how much of one peer's a center takes at once.

Messages beyond a quota are put off: no receipt, nothing applied, and the sender's outbox sends them again. So the lane
keeps its order, and no other lane waits.
"""

import hashlib
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from bus.contract.envelope import Message
from bus.contract.facts import FactsTold
from bus.contract.messages import AssistRequested, Offered
from bus.contract.operations import OperationAsked
from bus.custody import Record, Refusal
from bus.custody.bounds import open_assists
from bus.store import carried_commands, cases, inbox, ledger, outbox, owed, parked, put_off
from bus.store.database import Tx
from bus.store.owed import OwedError
from bus.store.unit_of_work import UnitOfWork

HELD_BYTES = "held-bytes"
OPEN_OFFERS = "open-offers"
ASSISTS_PER_CASE = "assists-per-case"
FACTS_A_DAY = "facts-a-day"
OPERATIONS_UNDERWAY = "operations-underway"
MOST_OPERATIONS = 50
"""Commands of one ledger that are not carried out, or whose answers have no receipt."""
TOLD_EVERY_MS = 600_000
"""Shortest interval between two notices to a peer's operator."""


@dataclass(slots=True)
class PeerQuotas:
    """One batch's view of the peers' usage."""

    held: dict[str, int] = field(default_factory=dict)
    """Peer → bytes that are held back."""
    offers: dict[str, int] = field(default_factory=dict)
    """Peer → its offers that wait for an answer."""
    put_off: dict[str, tuple[str, int, str]] = field(default_factory=dict)
    """Peer → the quota, the number of messages put off, and the first of them."""

    def may_hold(self, uow: UnitOfWork, peer: str, size: int) -> bool:
        """Whether there is room to hold back one more message; if so, it is counted."""
        known = self.held[peer] if peer in self.held else inbox.held_bytes(uow.tx, peer)
        fits = known + size <= uow.context.quotas.held_bytes
        self.held[peer] = known + size if fits else known
        return fits

    def exceeded(self, uow: UnitOfWork, message: Message[Any]) -> str:
        """The quota that this message, whose turn has come, would exceed; empty for none."""
        if isinstance(message.data, Offered):
            return "" if self._may_offer(uow, message) else OPEN_OFFERS
        if isinstance(message.data, AssistRequested):
            record = _known(uow, message)
            full = record is not None and open_assists(record) >= uow.context.quotas.assists_per_case
            return ASSISTS_PER_CASE if full else ""
        if isinstance(message.data, FactsTold) and uow.context.keeps_facts:
            most = uow.context.quotas.facts_a_day
            return "" if ledger.may_tell(uow.tx, message.source, message.data, uow.now_ms, most) else FACTS_A_DAY
        if isinstance(message.data, OperationAsked):
            waiting = carried_commands.count_asked(uow.tx, message.source)
            waiting += outbox.waiting_in(uow.tx, message.source, str(message.subject))
            return OPERATIONS_UNDERWAY if waiting >= MOST_OPERATIONS else ""
        return ""

    def _may_offer(self, uow: UnitOfWork, message: Message[Any]) -> bool:
        peer, record, most = message.source, _known(uow, message), uow.context.quotas.open_offers
        if record is not None and record.offer_in is not None:
            return True
        if peer not in self.offers:
            self.offers[peer] = cases.open_offers(uow.tx, peer, most)
        self.offers[peer] += 1
        return self.offers[peer] <= most

    def note(self, peer: str, quota: str, message_id: str) -> None:
        """Count one message of this peer as put off."""
        _, count, first = self.put_off.get(peer, (quota, 0, message_id))
        self.put_off[peer] = quota, count + 1, first

    def write(self, tx: Tx, me: str, now_ms: int) -> list[OwedError]:
        """Write the put-off messages down. Returns the errors owed to their senders' operators."""
        errors = []
        for peer, (quota, count, first) in self.put_off.items():
            if put_off.note(tx, peer, quota, count, now_ms, TOLD_EVERY_MS):
                errors.append(_error(me, peer, quota, first, now_ms))
        return errors


def _known(uow: UnitOfWork, message: Message[Any]) -> Record | None:
    case_id: UUID = message.subject  # type: ignore[assignment]  # only messages about a case come here
    try:
        return uow.record(case_id)
    except Refusal:  # unreadable: it will be refused for that
        return None


def _error(me: str, peer: str, quota: str, message_id: str, now_ms: int) -> OwedError:
    """The error owed to the peer. All have the same digest: a program that does not know this code shows its operator
    one row."""
    text = f"put off ({quota}): it is sent again, and taken when there is room"
    digest = hashlib.sha256(f"{parked.QUOTA} {me}".encode()).hexdigest()
    return owed.error(peer, parked.QUOTA, text, digest, now_ms, message_id)
