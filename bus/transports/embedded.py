"""The road inside one process, on kombu's ``memory://``: for demos, tests and a county on one machine.

It keeps no promise: what was delivered and not settled dies with the receiver, everything dies with the process, and no
sender is checked. Outbox, sequence and receipts above the port make it safe all the same.

Where kombu alone would not do, the road adds: a register of boxes (kombu drops what nobody takes without a word), an
exchange of its own per road (kombu's state is the whole process's), and a condition to wait on (kombu polls).
"""

import threading
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from kombu.connection import Connection
from kombu.message import Message

from bus.transports.port import DIGEST, Delivery, Guarantee, Parcel, SendResult, TransportState

CAPACITY = 100_000
"""Parcels a box holds before it refuses: without a bound a center that is away would eat the memory of all."""


def _memory() -> Any:  # noqa: ANN401 - kombu is untyped
    return Connection("memory://")  # type: ignore[no-untyped-call] # see above


class EmbeddedBroker:
    """The boxes of one county. Every transport on it must share this object; two roads never see each other."""

    def __init__(self, centers: Sequence[str] = (), *, capacity: int = CAPACITY) -> None:
        """``centers`` have their boxes from the start; any other gets one when it opens for the first time."""
        self.news = threading.Condition()
        """Held around every use of kombu, which is not thread-safe; told of every parcel."""
        self._name = f"road.{uuid4()}"
        self._capacity = capacity
        self._waiting: dict[str, int] = {}
        self._connection = _memory()
        self._channel = self._connection.channel()
        self._channel.exchange_declare(self._name, "direct")
        for center in centers:
            self.add(center)

    def add(self, center: str) -> None:
        """Put up the center's box. Idempotent."""
        with self.news:
            if center not in self._waiting:
                self._waiting[center] = 0
                self._channel.queue_declare(self._queue(center))
                self._channel.queue_bind(self._queue(center), self._name, center)

    def channel(self) -> Any:  # noqa: ANN401 - kombu is untyped
        """A channel for one receiver: it knows what it has handed out."""
        with self.news:
            return self._connection.channel()

    def enqueue(self, parcel: Parcel) -> SendResult:
        """Into the recipient's box, if there is one."""
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
        """Parcels in the center's box."""
        return self._waiting.get(center, 0)

    def take(self, channel: Any, center: str) -> Message:  # noqa: ANN401 - kombu is untyped
        """The next parcel; only when ``waiting`` says there is one, under ``news``."""
        self._waiting[center] -= 1
        message: Message = channel.basic_get(self._queue(center))
        return message

    def put_back(self, channel: Any, center: str) -> None:  # noqa: ANN401 - kombu is untyped
        """What this channel has handed out and nobody settled goes back into the box; the channel is done."""
        with self.news:
            before = channel._size(self._queue(center))
            channel.basic_recover(requeue=True)
            self._waiting[center] += channel._size(self._queue(center)) - before
            channel.close()
            self.news.notify_all()

    def close(self) -> None:
        """Take the boxes away with everything in them: kombu would keep them as long as the process lives."""
        with self.news:
            for center in self._waiting:
                self._channel.queue_delete(self._queue(center))
            self._waiting.clear()
            self._channel.exchange_delete(self._name)
            self._connection.release()

    def _queue(self, center: str) -> str:
        return f"{self._name}.inbox.{center}"


class EmbeddedTransport:
    """The ``Transport`` of one center on an ``EmbeddedRoad``."""

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
        """See the port. What was not settled goes back into the box."""
        with self._broker.news:
            channel, self._channel, self._closed = self._channel, None, True
            if channel is not None:
                self._broker.put_back(channel, self.center)
            self._broker.news.notify_all()
