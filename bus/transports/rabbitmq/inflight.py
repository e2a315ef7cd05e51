"""What one channel has published and the broker has not yet confirmed: an ordered map of delivery tags. Pure."""

from collections import OrderedDict
from dataclasses import dataclass

from bus.transports.port import Fate, Parcel
from bus.transports.rabbitmq.batch import Batch


@dataclass(slots=True)
class Ticket:
    """One published parcel, waiting for the broker's word."""

    batch: Batch
    index: int
    parcel: Parcel
    sent_at: float
    """Seconds of the monotonic clock."""
    returned: bool = False

    def decide(self, fate: Fate) -> None:
        """Pass the word on to who waits for it."""
        self.batch.decide(self.index, fate)


class Window:
    """Bounded, since pika's write buffer has no bound of its own. Lives and dies with one channel."""

    def __init__(self, limit: int, limit_bytes: int) -> None:
        self._limit, self._limit_bytes = limit, limit_bytes
        self._bytes = 0
        self._last_tag = 0
        self._tickets: OrderedDict[int, Ticket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._tickets)

    @property
    def oldest(self) -> float | None:
        """When the parcel was sent that has waited longest."""
        return next(iter(self._tickets.values())).sent_at if self._tickets else None

    def admits(self, parcel: Parcel) -> bool:
        """Whether one more fits; into an empty window any parcel does."""
        fits = len(self._tickets) < self._limit and self._bytes + len(parcel.body) <= self._limit_bytes
        return fits or not self._tickets

    def add(self, ticket: Ticket) -> None:
        """It is published next: the broker counts publishes of a channel from 1, and so do we."""
        self._last_tag += 1
        self._tickets[self._last_tag] = ticket
        self._bytes += len(ticket.parcel.body)

    def returned(self, message_id: str, recipient_and_kind: str) -> None:
        """Nobody takes this one. The return comes before the confirm and names no tag: the first that matches it is."""
        for ticket in self._tickets.values():
            parcel = ticket.parcel
            if (
                not ticket.returned
                and parcel.message_id == message_id
                and f"{parcel.recipient}.{parcel.kind}" == recipient_and_kind
            ):
                ticket.returned = True
                return

    def confirmed(self, tag: int, multiple: bool) -> list[Ticket]:
        """The tickets this ack or nack speaks of, and has not spoken of before; they leave the window."""
        if not multiple:
            ticket = self._tickets.pop(tag, None)
            tickets = [] if ticket is None else [ticket]
        else:
            tickets = []
            while self._tickets and (tag == 0 or next(iter(self._tickets)) <= tag):
                tickets.append(self._tickets.popitem(last=False)[1])
        self._bytes -= sum(len(ticket.parcel.body) for ticket in tickets)
        return tickets
