"""The transport inside one process, on kombu's ``memory://``: for demos, tests and a county on one machine.

It declares no guarantee. Deliveries that were not settled die with their receiver, everything dies with the process,
and no sender is checked. Outbox, sequence and receipts above the port make it safe all the same. Three things are added
to kombu: a register of inboxes (kombu silently drops messages without a queue), an exchange per transport (kombu's
state is global to the process), and a condition to wait on (kombu polls).
"""

import threading
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from kombu.connection import Connection
from kombu.message import Message

from bus.transports.port import DIGEST, Delivery, Guarantee, Parcel, SendResult, TransportState

CAPACITY = 100_000
"""Parcels that an inbox holds before it refuses more: without a bound, an absent center would use up all memory."""


def _memory() -> Any:  # noqa: ANN401 - kombu is untyped
    return Connection("memory://")  # type: ignore[no-untyped-call] # see above


class EmbeddedBroker:
    """The inboxes of one county. Every transport of the county must share this object; two brokers never see each
    other."""

    def __init__(self, centers: Sequence[str] = (), *, capacity: int = CAPACITY) -> None:
        """``centers`` have inboxes from the start; any other gets one when it opens for the first time."""
        self.news = threading.Condition()
        """Held around every use of kombu, which is not thread-safe; notified of every parcel."""
        self._name = f"road.{uuid4()}"
        self._capacity = capacity
        self._waiting: dict[str, int] = {}
        self._connection = _memory()
        self._channel = self._connection.channel()
        self._channel.exchange_declare(self._name, "direct")
        for center in centers:
            self.add(center)

    def add(self, center: str) -> None:
        """Create the center's inbox. Idempotent."""
        with self.news:
            if center not in self._waiting:
                self._waiting[center] = 0
                self._channel.queue_declare(self._queue(center))
                self._channel.queue_bind(self._queue(center), self._name, center)

    def channel(self) -> Any:  # noqa: ANN401 - kombu is untyped
        """A channel for one receiver, which tracks its unsettled deliveries."""
        with self.news:
            return self._connection.channel()

    def enqueue(self, parcel: Parcel) -> SendResult:
        """Put a parcel into the recipient's inbox, if there is one."""
        with self.news:
            waiting = self._waiting.get(parcel.recipient)
            if waiting is None:
                return SendResult.UNROUTABLE
            if waiting >= self._capacity:
                return SendResult.NACKED
            message = self._channel.prepare_message(
                parcel.body, content_type="application/cloudevents+json", headers={DIGEST: parcel.digest}
            )
            self._channel.basic_publish(message, self._name, parcel.recipient)
            self._waiting[parcel.recipient] += 1
            self.news.notify_all()
            return SendResult.CONFIRMED

    def waiting(self, center: str) -> int:
        """Parcels in the center's inbox."""
        return self._waiting.get(center, 0)

    def take(self, channel: Any, center: str) -> Message:  # noqa: ANN401 - kombu is untyped
        """The next parcel; only when ``waiting`` says there is one, under ``news``."""
        self._waiting[center] -= 1
        message: Message = channel.basic_get(self._queue(center))
        return message

    def put_back(self, channel: Any, center: str) -> None:  # noqa: ANN401 - kombu is untyped
        """Return this channel's unsettled deliveries to the inbox, and end the channel."""
        with self.news:
            before = channel._size(self._queue(center))
            channel.basic_recover(requeue=True)
            self._waiting[center] += channel._size(self._queue(center)) - before
            channel.close()
            self.news.notify_all()

    def close(self) -> None:
        """Delete the inboxes with everything in them: kombu would keep them as long as the process lives."""
        with self.news:
            for center in self._waiting:
                self._channel.queue_delete(self._queue(center))
            self._waiting.clear()
            self._channel.exchange_delete(self._name)
            self._connection.release()

    def _queue(self, center: str) -> str:
        return f"{self._name}.inbox.{center}"


class EmbeddedTransport:
    """The ``Transport`` of one center on an ``EmbeddedBroker``."""

    guarantees: frozenset[Guarantee] = frozenset()

    def __init__(self, center: str, broker: EmbeddedBroker) -> None:
        self.center = center
        self._broker = broker
        self._channel: Any = None
        self._closed = False

    def open(self) -> None:
        """See the port."""
        if self._channel is None and not self._closed:
            self._broker.add(self.center)
            self._channel = self._broker.channel()

    def send(self, parcels: Sequence[Parcel], timeout: float) -> list[SendResult]:
        """See the port."""
        if self._channel is None:
            return [SendResult.UNKNOWN] * len(parcels)
        return [self._broker.enqueue(parcel) for parcel in parcels]

    def receive(self, limit: int, timeout: float) -> list[Delivery]:
        """See the port."""
        with self._broker.news:
            self._broker.news.wait_for(lambda: self._closed or self._broker.waiting(self.center), timeout)
            if self._channel is None:
                return []
            count = max(0, min(limit, self._broker.waiting(self.center)))
            messages = [self._broker.take(self._channel, self.center) for _ in range(count)]
        return [Delivery(message.body, None, message, message.headers.get(DIGEST)) for message in messages]

    def settle(self, deliveries: Sequence[Delivery]) -> None:
        """See the port."""
        with self._broker.news:
            for delivery in deliveries:
                if isinstance(delivery.tag, Message) and delivery.tag.channel is self._channel is not None:
                    self._channel.basic_ack(delivery.tag.delivery_tag)

    def state(self) -> TransportState:
        """See the port."""
        there = self._channel is not None
        return TransportState(connected=there, reconnects=0, unconfirmed=0, consuming=there, blocked=False, trouble="")

    def close(self, timeout: float) -> None:
        """See the port. Unsettled deliveries return to the inbox."""
        with self._broker.news:
            channel, self._channel, self._closed = self._channel, None, True
            if channel is not None:
                self._broker.put_back(channel, self.center)
            self._broker.news.notify_all()
