"""The transport port: how parcels leave a center and arrive at it, in one screen.

A transport moves raw bytes between centers. It knows no case and no protocol. It may lose, repeat and re-order: the
outbox, the per-case sequence and the receipts above it make that harmless. It may never *pretend*: a parcel is
``CONFIRMED`` only when the transport has vouched for it, and a delivery is forgotten only after ``settle``.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Protocol

DIGEST = "digest"
"""The name of the header that carries a body's SHA-256."""


@dataclass(frozen=True)
class Parcel:
    """One outgoing message. ``body`` is the whole envelope; the other fields are its headers."""

    message_id: str
    recipient: str
    """Full center name, ``<kind>-<division>``; the first word of the routing key."""
    kind: str
    """For example ``case.offered``; the rest of the routing key. Never anything of the resident."""
    body: bytes

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the body (hex), sent as a header, so that a body damaged in transit is noticed."""
        return hashlib.sha256(self.body).hexdigest()


class SendResult(Enum):
    """The result of sending a parcel."""

    CONFIRMED = "taken"
    """The transport vouches for it (confirmed by a durable queue, or put into the recipient's inbox)."""
    UNROUTABLE = "nobody"
    """It was returned: the recipient has no queue."""
    NACKED = "refused"
    """The transport refused this parcel (rights, size, full queue). Sending it again later may help."""
    UNKNOWN = "unknown"
    """No answer in time. It may have arrived: send it again, never call it failed."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One incoming message. Valid until ``settle``; after a reconnect of the transport it comes again."""

    body: bytes
    sender: str | None
    """The sender that the transport itself vouches for (checked by the broker); ``None`` if it cannot tell."""
    tag: object
    """The transport's own handle; opaque above the port."""
    digest: str | None = None
    """The digest in the header; ``None`` if there was none."""

    @property
    def damaged(self) -> bool:
        """Whether the body differs from what was sent: TCP's checksum misses some errors."""
        return self.digest is not None and hashlib.sha256(self.body).hexdigest() != self.digest


class Guarantee(Enum):
    """A guarantee that a transport may give beyond the minimum. Declared, tested when true, and tested to be absent
    when not."""

    DURABLE = "durable"
    """A parcel that was CONFIRMED survives the death of every process of the transport."""
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
    """Parcels sent and not yet confirmed."""
    consuming: bool
    """Whether the broker has confirmed our consumer."""
    blocked: bool
    """Whether the broker asked us to stop publishing (memory or disk alarm)."""
    trouble: str
    """The last trouble and its cure, for the operator; empty when all is well."""


class Transport(Protocol):
    """One center's connection to the transport. Every method may be called from any thread."""

    guarantees: frozenset[Guarantee]

    def open(self) -> None:
        """Start connecting and return at once; the transport keeps trying until ``close``."""

    def send(self, parcels: Sequence[Parcel], timeout: float) -> list[SendResult]:
        """Send a batch, pipelined; one result per parcel in order, after ``timeout`` seconds at the latest. Raises
        nothing for a network fault: a lost connection gives ``UNKNOWN``, never an exception."""

    def receive(self, limit: int, timeout: float) -> list[Delivery]:
        """Up to ``limit`` deliveries, as soon as there is one; empty after ``timeout`` seconds without any."""

    def settle(self, deliveries: Sequence[Delivery]) -> None:
        """Forget these deliveries for good: call it after the commit. Deliveries of a lost connection are ignored."""

    def state(self) -> TransportState:
        """The state of the transport at this moment."""

    def close(self, timeout: float) -> None:
        """Stop receiving, wait up to ``timeout`` seconds for outstanding confirms, and disconnect. Idempotent."""
