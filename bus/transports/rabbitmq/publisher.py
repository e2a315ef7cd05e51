"""The outgoing half of the RabbitMQ transport: mandatory, confirmed, pipelined, within a bounded window."""

import functools
import threading
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from pika import BasicProperties, DeliveryMode, spec
from pika.connection import Parameters
from pika.exceptions import ChannelClosedByBroker

from bus.backoff import ReconnectBackoff
from bus.log import log
from bus.transports.port import DIGEST, Parcel, SendResult
from bus.transports.rabbitmq import errors
from bus.transports.rabbitmq.batch import SendBatch
from bus.transports.rabbitmq.connection import BrokerConnection
from bus.transports.rabbitmq.inflight import Inflight, InflightParcel
from bus.transports.topology.plan import is_center_name, out_exchange, routing_key

CONTENT_TYPE = "application/cloudevents+json"
MAX_BODY = 1 << 20
"""Bytes. The wire allows 256 KiB; a body beyond the broker's limit would close the channel for other parcels too."""
SHORT_STRING = 255
"""Bytes that an AMQP short string holds."""
RENEW_AFTER = 5.0
"""Seconds until a channel with a nack is renewed: one that met a dead leader may nack for ever."""

_log = log()


def unsendable(parcel: Parcel) -> SendResult | None:
    """The result for a parcel that must not be published: a recipient of several words would reach another center."""
    if not is_center_name(parcel.recipient):
        return SendResult.UNROUTABLE
    labels = (parcel.message_id, routing_key(parcel.recipient, parcel.kind))
    fits = len(parcel.body) <= MAX_BODY and all(map(_is_short_string, labels))
    return None if fits else SendResult.NACKED


def _is_short_string(label: str) -> bool:
    try:
        return len(label.encode()) <= SHORT_STRING
    except UnicodeEncodeError:  # a lone surrogate
        return False


def result_when_closed(error: BaseException | None, any_confirmed: bool) -> SendResult:
    """The result for parcels in flight when their channel is closed. They may have arrived, unless the broker's reason
    concerns all of them (no right, no exchange, a wrong user_id) and it has confirmed none before."""
    against_all = isinstance(error, ChannelClosedByBroker) and (
        error.reply_code in (403, 404) or (error.reply_code == 406 and "user_id" in error.reply_text)
    )
    return SendResult.NACKED if against_all and not any_confirmed else SendResult.UNKNOWN


class Publisher:
    """The publisher. ``send`` may be called from any thread; names that begin with an underscore run in the
    connection's I/O thread."""

    def __init__(
        self,
        center: str,
        parameters: Sequence[Parameters],
        *,
        user_id: str | None,
        window: int,
        window_bytes: int,
        confirm_timeout: float,
    ) -> None:
        self.connection = BrokerConnection(f"{center}-publish", parameters, self._opened, self._lost, self._unblocked)
        self._exchange = out_exchange(center)
        self._user_id = user_id
        self._bounds = (window, window_bytes)
        self._confirm_timeout = confirm_timeout
        self._trouble = ""
        self._lock = threading.Lock()
        self._waiting: deque[SendBatch] = deque()
        self._calls: set[SendBatch] = set()
        self._closed = False
        self._backoff = ReconnectBackoff()
        self._connection: Any = None
        self._channel: Any = None
        self._channel_since = 0.0
        self._confirmed_any = False
        self._nacked = False
        self._unblocked_at = 0.0
        self._inflight = Inflight(window, window_bytes)

    @property
    def unconfirmed(self) -> int:
        """Parcels handed to ``send`` without a result."""
        with self._lock:
            return sum(batch.open for batch in self._calls)

    @property
    def trouble(self) -> str:
        """The trouble in words; empty when all is well."""
        return errors.blocked() if self.connection.blocked else self.connection.trouble or self._trouble

    def send(self, parcels: Sequence[Parcel], timeout: float) -> list[SendResult]:
        """See the port."""
        batch = SendBatch(parcels)
        for index, parcel in enumerate(parcels):
            result = unsendable(parcel)
            if result is not None:
                self._trouble = errors.unsendable() if result is SendResult.NACKED else self._trouble
                batch.decide(index, result)
        with self._lock:
            if self._closed:
                return batch.results()
            self._waiting.append(batch)
            self._calls.add(batch)
        self.connection.call(self._pump)
        batch.wait(timeout)
        with self._lock, suppress(ValueError):
            self._calls.discard(batch)
            self._waiting.remove(batch)
        return batch.results()

    def close(self, deadline: float) -> None:
        """Take nothing more; wait until ``deadline`` (monotonic) for outstanding confirms; give up on the rest."""
        with self._lock:
            self._closed = True
            calls = list(self._calls)
        for batch in calls:
            batch.wait(max(0.0, deadline - time.monotonic()))
            batch.give_up()

    def _opened(self, connection: Any) -> None:  # noqa: ANN401 - pika is untyped
        self._connection = connection
        self._open_channel()
        self._watch()

    def _lost(self) -> None:
        self._drop_channel(None)
        self._connection = None

    def _unblocked(self) -> None:
        self._unblocked_at = time.monotonic()
        self._pump()

    def _open_channel(self) -> None:
        if self._connection is not None and self._connection.is_open:
            self.connection.expect_answer()
            self._connection.channel(on_open_callback=self._channel_open)

    def _channel_open(self, channel: Any) -> None:  # noqa: ANN401 - pika is untyped
        channel.add_on_close_callback(self._channel_closed)
        channel.add_on_return_callback(self._on_return)
        channel.confirm_delivery(
            functools.partial(self._on_confirm, channel), callback=lambda _: self._ready_channel(channel)
        )

    def _ready_channel(self, channel: Any) -> None:  # noqa: ANN401 - pika is untyped
        self.connection.answered()
        self.connection.healthy()
        self._inflight = Inflight(*self._bounds)
        self._confirmed_any = self._nacked = False
        self._channel_since = time.monotonic()
        self._channel = channel
        self._pump()

    def _channel_closed(self, channel: Any, error: BaseException) -> None:  # noqa: ANN401 - pika is untyped
        """Handle a closed channel: closed by the broker, by ourselves to renew it, or together with the connection."""
        self._drop_channel(error)
        self.connection.answered()
        if self._connection is None or not self._connection.is_open:
            return
        if isinstance(error, ChannelClosedByBroker):
            self._trouble = errors.of_publishing(error, self._exchange)
            _log.warning("publish-channel-closed", line=self.connection.name, trouble=self._trouble)
            self.connection.later(self._backoff.next_delay(), self._open_channel)
        else:
            self._open_channel()

    def _drop_channel(self, error: BaseException | None) -> None:
        self._channel = None
        result = result_when_closed(error, self._confirmed_any)
        for waiting in self._inflight.confirmed(0, multiple=True):
            waiting.decide(result)

    def _pump(self) -> None:
        """Publish waiting parcels, as far as the window allows."""
        if self._channel is None or not self._channel.is_open or self.connection.blocked:
            return
        if self._nacked and time.monotonic() - self._channel_since > RENEW_AFTER:
            if not self._inflight:
                channel, self._channel = self._channel, None
                self.connection.expect_answer()
                channel.close()
            return
        while (waiting := self._take()) is not None:
            self._publish(waiting)

    def _take(self) -> InflightParcel | None:
        with self._lock:
            while self._waiting:
                batch = self._waiting[0]
                index = batch.next()
                if index is None:
                    self._waiting.popleft()
                    continue
                parcel = batch.parcels[index]
                if not self._inflight.admits(parcel):
                    return None
                batch.took()
                return InflightParcel(batch, index, parcel, time.monotonic())
        return None

    def _publish(self, waiting: InflightParcel) -> None:
        self._inflight.add(waiting)
        parcel = waiting.parcel
        properties = BasicProperties(
            content_type=CONTENT_TYPE,
            delivery_mode=DeliveryMode.Persistent,
            message_id=parcel.message_id,
            user_id=self._user_id,
            headers={DIGEST: parcel.digest},
        )
        key = routing_key(parcel.recipient, parcel.kind)
        self._channel.basic_publish(self._exchange, key, parcel.body, properties, mandatory=True)

    def _on_return(self, _: object, method: Any, properties: Any, __: bytes) -> None:  # noqa: ANN401 - pika is untyped
        self._inflight.returned(properties.message_id, method.routing_key)

    def _on_confirm(self, channel: object, frame: Any) -> None:  # noqa: ANN401 - pika is untyped
        if channel is not self._channel:
            return
        method = frame.method
        taken = isinstance(method, spec.Basic.Ack)
        for waiting in self._inflight.confirmed(method.delivery_tag, method.multiple):
            no = SendResult.UNROUTABLE if waiting.returned else SendResult.NACKED
            waiting.decide(SendResult.CONFIRMED if taken and not waiting.returned else no)
        if taken:
            self._confirmed_any = True
            self._trouble = ""
            self._backoff.reset()
        else:
            self._nacked = True
            self._trouble = errors.nacked(self._exchange)
        self._pump()

    def _watch(self) -> None:
        """Cut the connection if a parcel waits too long without a broker's alarm: pika's confirms never time out."""
        oldest = self._inflight.oldest
        waited = 0.0 if oldest is None else time.monotonic() - max(oldest, self._unblocked_at)
        if waited > self._confirm_timeout and not self.connection.blocked:
            self.connection.cut(errors.NoAnswerError("no confirm"))
            return
        self.connection.later(min(1.0, self._confirm_timeout / 4), self._watch)
