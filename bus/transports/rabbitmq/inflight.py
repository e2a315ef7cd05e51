"""Published parcels without a confirm, of one channel: an ordered map of delivery tags. Pure."""

from collections import OrderedDict
from dataclasses import dataclass

from bus.transports.port import Parcel, SendResult
from bus.transports.rabbitmq.batch import SendBatch


@dataclass(slots=True)
class InflightParcel:
    """One published parcel that waits for the broker's confirm."""

    batch: SendBatch
    index: int
    parcel: Parcel
    sent_at: float
    """Seconds of the monotonic clock."""
    returned: bool = False

    def decide(self, result: SendResult) -> None:
        """Pass the result on to the waiting batch."""
        self.batch.decide(self.index, result)


class Inflight:
    """The window of unconfirmed parcels: bounded, since pika's write buffer is not. It lives and dies with one
    channel."""

    def __init__(self, limit: int, limit_bytes: int) -> None:
        self._limit, self._limit_bytes = limit, limit_bytes
        self._bytes = 0
        self._last_tag = 0
        self._parcels: OrderedDict[int, InflightParcel] = OrderedDict()

    def __len__(self) -> int:
        return len(self._parcels)

    @property
    def oldest(self) -> float | None:
        """The sending time of the parcel that has waited longest."""
        return next(iter(self._parcels.values())).sent_at if self._parcels else None

    def admits(self, parcel: Parcel) -> bool:
        """Whether one more parcel fits; into an empty window any parcel does."""
        fits = len(self._parcels) < self._limit and self._bytes + len(parcel.body) <= self._limit_bytes
        return fits or not self._parcels

    def add(self, waiting: InflightParcel) -> None:
        """Add the parcel that is published next: the broker counts a channel's publishes from 1, and so do we."""
        self._last_tag += 1
        self._parcels[self._last_tag] = waiting
        self._bytes += len(waiting.parcel.body)

    def returned(self, message_id: str, recipient_and_kind: str) -> None:
        """Mark a returned parcel. The return comes before the confirm and names no tag: the first match is taken."""
        for waiting in self._parcels.values():
            parcel = waiting.parcel
            if (
                not waiting.returned
                and parcel.message_id == message_id
                and f"{parcel.recipient}.{parcel.kind}" == recipient_and_kind
            ):
                waiting.returned = True
                return

    def confirmed(self, tag: int, multiple: bool) -> list[InflightParcel]:
        """The parcels that an ack or nack settles for the first time; they leave the window."""
        if not multiple:
            waiting = self._parcels.pop(tag, None)
            tickets = [] if waiting is None else [waiting]
        else:
            tickets = []
            while self._parcels and (tag == 0 or next(iter(self._parcels)) <= tag):
                tickets.append(self._parcels.popitem(last=False)[1])
        self._bytes -= sum(len(waiting.parcel.body) for waiting in tickets)
        return tickets
