"""The incoming half of the RabbitMQ transport: a prefetch window, batched acks, and a consumer that always returns."""

import threading
from collections import OrderedDict, deque
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from pika.connection import Parameters
from pika.exceptions import ChannelClosedByClient

from bus.backoff import ReconnectBackoff
from bus.log import log
from bus.transports.port import DIGEST, Delivery
from bus.transports.rabbitmq import errors
from bus.transports.rabbitmq.connection import BrokerConnection
from bus.transports.topology.plan import inbox_queue, is_center_name, out_exchange

_log = log()
_OUT = out_exchange("")
KNOCK = 10.0
"""Seconds between two probes whether the broker still answers, and whether messages are ready."""


class Tag(NamedTuple):
    """A delivery tag with its channel: it is valid only there."""

    channel: object
    number: int


def sender_of(exchange: str, user_id: str | None) -> str | None:
    """The sender, as far as the broker vouches: only one center may write to its exchange. The broker compares
    ``user_id``, if present, with the login."""
    name = exchange.removeprefix(_OUT)
    if name == exchange or not is_center_name(name) or user_id not in (None, name):
        return None
    return name


def acks(unsettled: "OrderedDict[int, None]", numbers: Iterable[int]) -> list[tuple[int, bool]]:
    """The acks that settle these tags of one channel, as (tag, multiple), as few as are legal. A multiple ack covers
    every lower tag too, so it may reach only to the lowest unsettled tag."""
    known = sorted(number for number in set(numbers) if number in unsettled)
    for number in known:
        del unsettled[number]
    lowest = next(iter(unsettled), None)
    below = [number for number in known if lowest is None or number < lowest]
    together = [(below[-1], len(below) > 1)] if below else []
    return together + [(number, False) for number in known[len(below) :]]


class Consumer:
    """The consumer. ``receive`` and ``settle`` may be called from any thread; names that begin with an underscore run
    in the I/O thread."""

    def __init__(self, center: str, parameters: Sequence[Parameters], *, prefetch: int) -> None:
        self.connection = BrokerConnection(f"{center}-consume", parameters, self._opened, self._lost)
        self.consuming = False
        self._queue = inbox_queue(center)
        self._prefetch = prefetch
        self._trouble = ""
        self._news = threading.Condition()
        self._arrived: deque[Delivery] = deque()
        self._settled: deque[Tag] = deque()
        self._closed = False
        self._backoff = ReconnectBackoff()
        self._connection: Any = None
        self._channel: Any = None
        self._unsettled: OrderedDict[int, None] = OrderedDict()
        self._came_since_knock = False
        self._starved = False
        """At the last probe messages were ready, our window had room, and none had come."""

    @property
    def trouble(self) -> str:
        """The trouble in words; empty when all is well."""
        return self.connection.trouble or self._trouble

    def receive(self, limit: int, timeout: float) -> list[Delivery]:
        """See the port."""
        if limit < 1:
            return []
        with self._news:
            self._news.wait_for(lambda: self._arrived or self._closed, timeout)
            if self._closed:
                return []
            return [self._arrived.popleft() for _ in range(min(limit, len(self._arrived)))]

    def settle(self, deliveries: Sequence[Delivery]) -> None:
        """See the port. One wake-up of the I/O thread for all of them."""
        self._settled.extend(delivery.tag for delivery in deliveries if isinstance(delivery.tag, Tag))
        self.connection.call(self._acknowledge)

    def close(self) -> None:
        """Deliver nothing more; callers that wait in ``receive`` return."""
        with self._news:
            self._closed = True
            self._news.notify_all()

    def _opened(self, connection: Any) -> None:  # noqa: ANN401 - pika is untyped
        self._connection = connection
        self._open_channel()

    def _lost(self) -> None:
        self._forget_channel()
        self._connection = None

    def _open_channel(self) -> None:
        if self._connection is not None and self._connection.is_open:
            self.connection.expect_answer()
            self._connection.channel(on_open_callback=self._channel_open)

    def _channel_open(self, channel: Any) -> None:  # noqa: ANN401 - pika is untyped
        self._channel = channel
        channel.add_on_close_callback(self._channel_closed)
        channel.add_on_cancel_callback(self._cancelled)
        channel.basic_qos(prefetch_count=self._prefetch)  # per consumer: global qos is denied from 4.3 on
        channel.basic_consume(self._queue, self._on_delivery, callback=self._subscribed)

    def _subscribed(self, _: object) -> None:
        self.connection.answered()
        self.connection.healthy()
        self._backoff.reset()
        self._trouble = ""
        self.consuming = True
        self._starved = False
        self._knock_later()

    def _knock_later(self) -> None:
        channel, self._came_since_knock = self._channel, False
        self.connection.later(KNOCK, lambda: self._knock(channel))

    def _knock(self, channel: Any) -> None:  # noqa: ANN401 - pika is untyped
        """Probe the broker. Acks are never answered: after a garbled frame the broker may wait for bytes that never
        come, and swallow our acks and heartbeats as those bytes. So ask for the queue's ready count, which changes
        nothing, is always answered, and is allowed to every user."""
        if channel is self._channel and channel is not None and channel.is_open:
            self.connection.expect_answer()
            channel.queue_declare(self._queue, passive=True, callback=lambda told: self._told(channel, told.method))

    def _told(self, channel: object, queue: Any) -> None:  # noqa: ANN401 - pika is untyped
        """Handle a probe's answer. A queue that lost our acks in a partition takes our window for full, for ever."""
        if channel is not self._channel:
            return
        self.connection.answered()
        room = len(self._unsettled) < self._prefetch
        starved = queue.message_count > 0 and room and not self._came_since_knock
        if starved and self._starved:
            self.connection.cut(errors.StarvedError())
            return
        self._starved = starved
        self._knock_later()

    def _cancelled(self, _: object) -> None:
        """Handle a cancelled consumer: the queue was deleted or moved and its channel is void, so open a new one."""
        self._note(errors.cancelled(self._queue))
        channel = self._channel
        self._forget_channel()
        if channel is not None and channel.is_open:
            self.connection.expect_answer()
            channel.close()

    def _channel_closed(self, _: object, error: BaseException) -> None:
        self._forget_channel()
        self.connection.answered()
        if self._connection is not None and self._connection.is_open:
            if not isinstance(error, ChannelClosedByClient):  # we close it after a cancel
                self._note(errors.of_consuming(error, self._queue))
            self.connection.later(self._backoff.next_delay(), self._open_channel)

    def _note(self, text: str) -> None:
        if text != self._trouble:
            _log.warning("consume-trouble", line=self.connection.name, trouble=text)
        self._trouble = text

    def _forget_channel(self) -> None:
        """Forget the channel. Its unsettled deliveries come again on another; so do settled ones without an ack."""
        with self._news:
            self._channel = None
            self.consuming = False
            self._arrived.clear()
        self._unsettled.clear()
        self._settled.clear()

    def _on_delivery(self, channel: object, method: Any, properties: Any, body: bytes) -> None:  # noqa: ANN401 - pika
        if channel is not self._channel:
            return
        self._came_since_knock = True
        self._unsettled[method.delivery_tag] = None
        digest = (properties.headers or {}).get(DIGEST)
        sender = sender_of(method.exchange, properties.user_id)
        # a foreign client may have put anything there: only text counts
        told = digest if isinstance(digest, str) else None
        delivery = Delivery(body, sender, Tag(channel, method.delivery_tag), told)
        with self._news:
            self._arrived.append(delivery)
            self._news.notify()

    def _acknowledge(self) -> None:
        channel = self._channel
        if channel is None or not channel.is_open:
            return
        numbers = []
        while self._settled:
            tag = self._settled.popleft()
            if tag.channel is channel:
                numbers.append(tag.number)
        for number, multiple in acks(self._unsettled, numbers):
            channel.basic_ack(number, multiple)
