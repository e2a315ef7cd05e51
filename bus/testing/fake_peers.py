"""Scripted peers: they send raw messages, keep what they receive, and send receipts."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from bus.contract.codec import decode, encode
from bus.contract.envelope import Message, compose
from bus.contract.messages import Failure, Kind, Receipt, ReceiptItem, Verdict
from bus.transports.embedded import EmbeddedBroker, EmbeddedTransport
from bus.transports.port import Parcel


@dataclass(frozen=True, slots=True)
class Heard:
    """One message that reached a peer."""

    by: str
    message: Message[Any]
    body: bytes


class FakePeers:
    """All centers of the transport except the one under test. Nothing happens by itself: ``listen`` takes the
    deliveries."""

    def __init__(self, broker: EmbeddedBroker, me: str, names: list[str]) -> None:
        self.me = me
        self.heard: list[Heard] = []
        self.receipts: dict[UUID, list[ReceiptItem]] = {}
        """What the center on the bench has receipted: message → its receipts, in order."""
        self._transports = {name: EmbeddedTransport(name, broker) for name in names}
        self._sequences: dict[tuple[str, UUID], int] = {}
        for transport in self._transports.values():
            transport.open()

    def compose(self, source: str, data: Kind, case_id: UUID) -> Message[Any]:
        """The next message of ``source`` about this case; not sent yet."""
        lane = (source, case_id)
        self._sequences[lane] = self._sequences.get(lane, 0) + 1
        return compose(
            data,
            source=source,
            recipient=self.me,
            now=datetime.now(UTC),
            subject=case_id,
            sequence=self._sequences[lane],
        )

    def say(self, message: Message[Any]) -> bytes:
        """Send a message. Returns its bytes."""
        body = encode(message)
        self.throw(body, message.source)
        return body

    def throw(self, body: bytes, source: str | None = None) -> None:
        """Send any bytes."""
        name = source or next(iter(self._transports))
        self._transports[name].send([Parcel("thrown", self.me, "thrown", body)], 5)

    def listen(self) -> None:
        """Take all deliveries, and receipt each as a center does after storing it."""
        for name, transport in self._transports.items():
            deliveries = transport.receive(500, 0)
            done: list[ReceiptItem] = []
            for delivery in deliveries:
                message = decode(delivery.body)
                self.heard.append(Heard(name, message, delivery.body))
                if isinstance(message.data, Receipt):
                    for item in message.data.items:
                        self.receipts.setdefault(item.message_id, []).append(item)
                elif not isinstance(message.data, Failure):
                    done.append(ReceiptItem(message_id=message.id, verdict=Verdict.APPLIED))
            transport.settle(deliveries)
            if done:
                receipt = compose(Receipt(items=tuple(done)), source=name, recipient=self.me, now=datetime.now(UTC))
                self.throw(encode(receipt), name)

    def about(self, case_id: UUID | None) -> list[Message[Any]]:
        """The messages received about a case, each once."""
        return list({h.message.id: h.message for h in self.heard if h.message.subject == case_id}.values())

    def forget(self) -> None:
        """Forget all earlier messages."""
        self.listen()
        self.heard.clear()
        self.receipts.clear()
        self._sequences.clear()

    def close(self) -> None:
        """Leave the transport."""
        for transport in self._transports.values():
            transport.close(1)
