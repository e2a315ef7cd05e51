"""Transports with one fault each, and the check of the suite that must see it."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from bus.testing import transport_suite as suite
from bus.testing.transport_fixture import KIND
from bus.transports.embedded import EmbeddedBroker, EmbeddedTransport
from bus.transports.port import Delivery, Guarantee, Parcel, SendResult, Transport, TransportState


class DropsAllAndSaysTaken(EmbeddedTransport):
    def send(self, parcels: Sequence[Parcel], timeout: float) -> list[SendResult]:
        return [SendResult.CONFIRMED for _ in parcels]


class ManglesBytes(EmbeddedTransport):
    def send(self, parcels: Sequence[Parcel], timeout: float) -> list[SendResult]:
        mangled = [replace(one, body=one.body.decode(errors="replace").encode()) for one in parcels]
        return super().send(mangled, timeout)


class ReversesBatches(EmbeddedTransport):
    def send(self, parcels: Sequence[Parcel], timeout: float) -> list[SendResult]:
        return super().send(list(reversed(parcels)), timeout)


class SaysNobodyForTheWholeBatch(EmbeddedTransport):
    def send(self, parcels: Sequence[Parcel], timeout: float) -> list[SendResult]:
        fates = super().send(parcels, timeout)
        return [SendResult.UNROUTABLE] * len(fates) if SendResult.UNROUTABLE in fates else fates


class SwallowsForStrangers(EmbeddedTransport):
    def send(self, parcels: Sequence[Parcel], timeout: float) -> list[SendResult]:
        return [
            SendResult.CONFIRMED if result is SendResult.UNROUTABLE else result
            for result in super().send(parcels, timeout)
        ]


class RoutesByTheFirstWord(EmbeddedTransport):
    def send(self, parcels: Sequence[Parcel], timeout: float) -> list[SendResult]:
        return super().send([replace(one, recipient=one.recipient.split(".")[0]) for one in parcels], timeout)


class CarriesAThousandAtMost(EmbeddedTransport):
    def send(self, parcels: Sequence[Parcel], timeout: float) -> list[SendResult]:
        return super().send(parcels[:1000], timeout)


class ChokesOnNothing(EmbeddedTransport):
    def send(self, parcels: Sequence[Parcel], timeout: float) -> list[SendResult]:
        return (
            [SendResult.CONFIRMED] * len(parcels)
            if super().send(parcels[:1], timeout)[0] is SendResult.CONFIRMED
            else []
        )


class LosesWhatComesAtOnce(EmbeddedTransport):
    """Two threads inside ``send``: the second one's parcels fall off."""

    busy = threading.Semaphore(1)

    def send(self, parcels: Sequence[Parcel], timeout: float) -> list[SendResult]:
        if not self.busy.acquire(blocking=False):
            return [SendResult.CONFIRMED] * len(parcels)
        try:
            threading.Event().wait(0.001)
            return super().send(parcels, timeout)
        finally:
            self.busy.release()


class HandsOverAllItHas(EmbeddedTransport):
    def receive(self, limit: int, timeout: float) -> list[Delivery]:
        return super().receive(1000, timeout)


class SleepsOutItsTimeout(EmbeddedTransport):
    def receive(self, limit: int, timeout: float) -> list[Delivery]:
        threading.Event().wait(timeout)
        return super().receive(limit, 0)


class ForgetsWhoIsAway(EmbeddedTransport):
    def open(self) -> None:
        super().open()
        super().settle(super().receive(1000, 0))


class IgnoresSettle(EmbeddedTransport):
    def settle(self, deliveries: Sequence[Delivery]) -> None:
        """Nothing: so the box has all of it again after ``close``."""


class SettlesUpToTheHighest(EmbeddedTransport):
    """Acks with ``multiple`` what it should ack one by one: the unsettled is lost, though it was promised."""

    guarantees = frozenset({Guarantee.REDELIVERS})


class KeepsMoreThanItSays(EmbeddedTransport):
    """Puts back at once what a dead receiver left: good, but then it must say so."""

    def receive(self, limit: int, timeout: float) -> list[Delivery]:
        deliveries = super().receive(limit, timeout)
        for delivery in deliveries:
            if delivery.body == b"lost?":
                self._broker.enqueue(Parcel("again", self.center, KIND, delivery.body))
        return deliveries


class PromisesDurability(EmbeddedTransport):
    guarantees = frozenset({Guarantee.DURABLE})


class PromisesToCrossProcesses(EmbeddedTransport):
    guarantees = frozenset({Guarantee.CROSSES_PROCESSES})


class BelievesTheSender(EmbeddedTransport):
    """Says who sent it because the sender said so."""

    guarantees = frozenset({Guarantee.ATTESTS_SENDER})
    _claims: ClassVar[dict[bytes, str]] = {}

    def send(self, parcels: Sequence[Parcel], timeout: float) -> list[SendResult]:
        self._claims.update({one.body: self.center for one in parcels})
        return super().send(parcels, timeout)

    def receive(self, limit: int, timeout: float) -> list[Delivery]:
        return [replace(one, sender=self._claims.get(one.body)) for one in super().receive(limit, timeout)]


class NamesASenderUnasked(BelievesTheSender):
    guarantees = frozenset()


class SaysConnectedForEver(EmbeddedTransport):
    def state(self) -> TransportState:
        return replace(super().state(), connected=True)


class NeverSaysAllIsTaken(EmbeddedTransport):
    def state(self) -> TransportState:
        return replace(super().state(), unconfirmed=1)


class RaisesAfterClose(EmbeddedTransport):
    def send(self, parcels: Sequence[Parcel], timeout: float) -> list[SendResult]:
        if self._closed:
            raise RuntimeError("closed")
        return super().send(parcels, timeout)


class HasNoPromises(EmbeddedTransport):
    guarantees: Any = ("durable",)


@dataclass(frozen=True, slots=True)
class Planted:
    make: Callable[[str, EmbeddedBroker], Transport]
    check: suite.Check


BAD = (
    Planted(DropsAllAndSaysTaken, suite.arrives_as_it_was_sent),
    Planted(ManglesBytes, suite.arrives_as_it_was_sent),
    Planted(ReversesBatches, suite.keeps_order_on_a_calm_road),
    Planted(SaysNobodyForTheWholeBatch, suite.says_nobody_for_strangers_alone),
    Planted(SwallowsForStrangers, suite.says_nobody_for_strangers_alone),
    Planted(RoutesByTheFirstWord, suite.reaches_nobody_by_a_likeness),
    Planted(CarriesAThousandAtMost, suite.takes_batches_of_any_size),
    Planted(ChokesOnNothing, suite.takes_batches_of_any_size),
    Planted(LosesWhatComesAtOnce, suite.carries_many_senders_at_once),
    Planted(HandsOverAllItHas, suite.hands_over_no_more_than_asked),
    Planted(SleepsOutItsTimeout, suite.hands_over_no_more_than_asked),
    Planted(SleepsOutItsTimeout, suite.closes_once_and_for_all),
    Planted(ForgetsWhoIsAway, suite.waits_for_who_is_away),
    Planted(IgnoresSettle, suite.forgets_what_was_settled),
    Planted(SettlesUpToTheHighest, suite.redelivers_as_promised),
    Planted(KeepsMoreThanItSays, suite.redelivers_as_promised),
    Planted(PromisesDurability, suite.is_durable_as_promised),
    Planted(PromisesToCrossProcesses, suite.crosses_processes_as_promised),
    Planted(BelievesTheSender, suite.attests_the_sender_as_promised),
    Planted(NamesASenderUnasked, suite.attests_the_sender_as_promised),
    Planted(SaysConnectedForEver, suite.tells_its_state_truly),
    Planted(NeverSaysAllIsTaken, suite.tells_its_state_truly),
    Planted(RaisesAfterClose, suite.closes_once_and_for_all),
    Planted(HasNoPromises, suite.declares_promises),
)
