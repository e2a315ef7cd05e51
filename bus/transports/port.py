"""The transport port: how parcels leave a center and arrive at it, in one screen.

A transport moves raw bytes between centers. It knows no case and no protocol. It may lose, repeat and re-order:
the outbox, the per-case sequence and the receipts above it make that harmless. It may never *pretend*: a parcel is
``CONFIRMED`` only when the transport has vouched for it, and a delivery is forgotten only after ``settle``.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Protocol

DIGEST = "digest"
"""The name of the label that tells a body's SHA-256."""


@dataclass(frozen=True)
class Parcel:
    """One message on its way out. ``body`` is the whole envelope; the other fields are the label on it."""

    message_id: str
    recipient: str
    """Full center name, ``<kind>-<division>``; the first word of the routing key."""
    kind: str
    """For example ``case.offered``; the rest of the routing key. Never anything of the resident."""
    body: bytes

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the body (hex): travels on the label, so that a body that was damaged on the way is noticed."""
        return hashlib.sha256(self.body).hexdigest()


class SendResult(Enum):
    """What became of a parcel that was to leave."""

    CONFIRMED = "taken"
    """The transport vouches for it (confirmed by a durable queue, or laid into the recipient's box)."""
    UNROUTABLE = "nobody"
    """Nobody is there to take it: returned as unroutable."""
    NACKED = "refused"
    """The transport said no to this parcel (rights, size, full queue). Sending again later may help."""
    UNKNOWN = "unknown"
    """No word in time. It may have arrived: send it again, never call it failed."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message that arrived. Valid until ``settle`` or until the transport reconnects, then it comes again."""

    body: bytes
    sender: str | None
    """The center the transport itself vouches for as sender (broker-checked), ``None`` if it cannot tell."""
    tag: object
    """The transport's own handle; opaque above the port."""
    digest: str | None = None
    """What the label said of the body; ``None`` if it said nothing."""

    @property
    def damaged(self) -> bool:
        """Whether the body is not what was sent: TCP's own sum misses one error in many."""
        return self.digest is not None and hashlib.sha256(self.body).hexdigest() != self.digest


class Guarantee(Enum):
    """What a transport may promise beyond the minimum. Declared, tested when true, tested to be absent when not."""

    DURABLE = "durable"
    """A parcel that was TAKEN survives the death of every process of the transport."""
    REDELIVERS = "redelivers"
    """A delivery that was not settled comes again after its receiver died."""
    ATTESTS_SENDER = "attests-sender"
    """``Delivery.sender`` is checked by the transport, not claimed by the sender."""
    CROSSES_PROCESSES = "crosses-processes"
    """Sender and receiver may be different processes."""


@dataclass(frozen=True, slots=True)
class TransportState:
    """A snapshot for health and metrics; reading it never blocks."""

    connected: bool
    reconnects: int
    """Connections made anew since ``open``, not counting the first ones."""
    unconfirmed: int
    """Parcels sent and not yet vouched for."""
    consuming: bool
    """The broker has told us that our consumer stands."""
    blocked: bool
    """The broker asked us to stop publishing (memory or disk alarm)."""
    trouble: str
    """The last trouble in words for the person on duty, with the cure; empty when all is well."""


class Transport(Protocol):
    """One center's connection to the road. Every method may be called from any thread."""

    guarantees: frozenset[Guarantee]

    def open(self) -> None:
        """Start connecting and return at once; the transport goes on trying until ``close``."""

    def send(self, parcels: Sequence[Parcel], timeout: float) -> list[SendResult]:
        """Send a batch, pipelined; one fate per parcel in order, after ``timeout`` seconds at the latest.

        Raises nothing for trouble on the road: a lost connection makes ``UNKNOWN``, never an exception."""

    def receive(self, limit: int, timeout: float) -> list[Delivery]:
        """Up to ``limit`` deliveries, as soon as there is one; empty after ``timeout`` seconds without any."""

    def settle(self, deliveries: Sequence[Delivery]) -> None:
        """Forget these for good: call it after the commit. Deliveries of a lost connection are ignored."""

    def state(self) -> TransportState:
        """How the road is at this moment."""

    def close(self, timeout: float) -> None:
        """Stop receiving, wait up to ``timeout`` seconds for outstanding confirms, leave. Idempotent."""
