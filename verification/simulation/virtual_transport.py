"""A virtual network: it loses, repeats, delays, reorders and corrupts parcels, and keeps unsettled ones."""

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bus.transports.port import Delivery, Guarantee, Parcel, SendResult, TransportState
from verification.simulation.random_source import RandomSource


@dataclass(order=True, slots=True)
class _OnTheWay:
    due: float
    number: int
    delivery: Delivery = field(compare=False)


class VirtualNetwork:
    """The network between all centers. ``now`` is the virtual time in seconds."""

    def __init__(self, chance: RandomSource, now: Callable[[], float]) -> None:
        self._chance, self._now = chance, now
        self._boxes: dict[str, list[_OnTheWay]] = {}
        self._number = 0
        self.repeated = 0
        self.lost = 0
        self.early = 0
        """How often something was settled before anything was committed."""

    def add(self, center: str) -> None:
        """Take parcels for this center from now on."""
        self._boxes.setdefault(center, [])

    def remove(self, center: str) -> None:
        """Drop the center: parcels for it are unroutable from now on."""
        self._boxes.pop(center, None)

    def lay(self, parcel: Parcel, sender: str) -> SendResult:
        """Put one parcel into the network."""
        profile = self._chance.profile
        box = self._boxes.get(parcel.recipient)
        if box is None or self._chance.happens(profile.nobody):
            return SendResult.UNROUTABLE
        unknown = self._chance.happens(profile.unknown)
        if unknown and self._chance.happens(0.5):
            return SendResult.UNKNOWN
        copies = 2 if self._chance.happens(profile.repeat) else 1
        self.repeated += copies - 1
        for _ in range(copies):
            if self._chance.happens(profile.lose):
                self.lost += 1
            else:
                self._put(box, Delivery(self._carried(parcel.body), sender, None, parcel.digest))
        return SendResult.UNKNOWN if unknown else SendResult.CONFIRMED

    def _carried(self, body: bytes) -> bytes:
        if not self._chance.happens(self._chance.profile.corrupt):
            return body
        spoiled = bytearray(body)
        for _ in range(self._chance.draw.choice((1, 1, 1, 20))):
            spoiled[self._chance.draw.randrange(len(spoiled))] = self._chance.draw.randrange(256)
        cut = self._chance.draw.choice((len(spoiled), len(spoiled), self._chance.draw.randrange(len(spoiled))))
        return bytes(spoiled[:cut])

    def _put(self, box: list[_OnTheWay], delivery: Delivery) -> None:
        self._number += 1
        due = self._now() + self._chance.draw.random() * self._chance.profile.delay
        heapq.heappush(box, _OnTheWay(due, self._number, delivery))

    def take(self, center: str, limit: int) -> list[Delivery]:
        """The arrived parcels."""
        box, now = self._boxes.get(center, []), self._now()
        taken: list[Delivery] = []
        while box and box[0].due <= now and len(taken) < limit:
            taken.append(heapq.heappop(box).delivery)
        return taken

    def put_back(self, center: str, deliveries: Sequence[Delivery]) -> None:
        """Return deliveries that were never settled."""
        if center in self._boxes:
            for delivery in deliveries:
                self._put(self._boxes[center], delivery)

    def next_due(self, center: str) -> float | None:
        """The time at which the next parcel arrives there."""
        box = self._boxes.get(center)
        return box[0].due if box else None


class VirtualTransport:
    """One center's ``Transport``. A new one for each process of the center."""

    guarantees: frozenset[Guarantee] = frozenset({Guarantee.ATTESTS_SENDER, Guarantee.REDELIVERS})

    def __init__(self, center: str, network: VirtualNetwork, chance: RandomSource, commits: Callable[[], int]) -> None:
        """``commits``: the number of commits in this center's store so far."""
        self._center, self._network, self._chance, self._commits = center, network, chance, commits
        self._commits_before = 0
        self._handed_out: list[Delivery] = []

    def open(self) -> None:
        """See the port."""

    def send(self, parcels: Sequence[Parcel], timeout: float) -> list[SendResult]:
        """See the port. The process may crash between any two parcels."""
        fates = []
        for parcel in parcels:
            self._chance.trip()
            fates.append(self._network.lay(parcel, self._center))
        self._chance.trip()
        return fates

    def receive(self, limit: int, timeout: float) -> list[Delivery]:
        """See the port."""
        taken = self._network.take(self._center, limit)
        self._commits_before = self._commits()
        self._handed_out += taken
        return taken

    def settle(self, deliveries: Sequence[Delivery]) -> None:
        """See the port. The process may crash between any two acks."""
        self._network.early += bool(deliveries) and self._commits() == self._commits_before
        for delivery in deliveries:
            self._chance.trip()
            self._handed_out = [one for one in self._handed_out if one is not delivery]
        self._chance.trip()

    @property
    def unsettled(self) -> int:
        """Deliveries received and not settled."""
        return len(self._handed_out)

    def state(self) -> TransportState:
        """See the port."""
        return TransportState(connected=True, reconnects=0, unconfirmed=0, consuming=True, blocked=False, trouble="")

    def close(self, timeout: float) -> None:
        """See the port."""
        handed_out, self._handed_out = self._handed_out, []
        self._network.put_back(self._center, handed_out)
