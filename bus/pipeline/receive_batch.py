"""What accept holds in its hands while it works on one window: each delivery as far as it was read, and the outcome."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from bus.contract.codec import Undecodable, decode
from bus.contract.envelope import Message
from bus.pipeline.held_messages import HeldMessages
from bus.pipeline.quotas import PeerQuotas
from bus.store import inbox


@dataclass(slots=True)
class Inbound:
    """One delivery, as far as it could be read."""

    body: bytes
    message: Message[Any]
    fault: str = ""
    """Why the body cannot be applied, though the envelope is right."""
    message_id: str = field(init=False)
    lane: inbox.Lane = field(init=False)
    """Whose word about which case."""

    def __post_init__(self) -> None:
        self.message_id = str(self.message.id)
        self.lane = (self.message.source, str(self.message.subject))

    @property
    def position(self) -> tuple[str, str, int]:
        """Lane and sequence."""
        return (*self.lane, self.message.sequence)


def reread(body: bytes) -> Inbound | None:
    """What was held back; None for what cannot be read any more."""
    try:
        return Inbound(body, decode(body))
    except Undecodable as error:
        return None if error.envelope is None else Inbound(body, error.envelope, error.code)


@dataclass(slots=True)
class ReceiveBatch:
    """One transaction's outcome, besides the page."""

    epochs: dict[str, int] = field(default_factory=dict)
    """Of peers that were put back to a backup: the era in which they speak."""
    marks: dict[inbox.Lane, int] = field(default_factory=dict)
    held: HeldMessages = field(default_factory=HeldMessages)
    quotas: PeerQuotas = field(default_factory=PeerQuotas)
    applied: list[dict[str, Any]] = field(default_factory=list)
    archived: list[dict[str, Any]] = field(default_factory=list)
    """What goes into the archive."""
    receipts: list[dict[str, Any]] = field(default_factory=list)
    errors: list[dict[str, Any]] = field(default_factory=list)
    park: list[dict[str, Any]] = field(default_factory=list)
    hold: list[dict[str, Any]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def put_off(self, one: Inbound, quota: str) -> None:
        """No receipt, and nothing is applied: its sender sends it again."""
        self.counts["put-off"] += 1
        self.quotas.note(one.message.source, quota, one.message_id)
