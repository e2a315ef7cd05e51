"""The test fixture of a transport, and helpers for the checks."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar
from uuid import uuid4

from bus.transports.port import Delivery, Parcel, SendResult, Transport

QUIET = 1.0
"""Seconds of silence after which no delivery is expected."""
KIND = "case.offered"

T = TypeVar("T")


class TransportFixture(Protocol):
    """The fixture of a transport under test: how to open it, and how to break it. New for every check."""

    @property
    def centers(self) -> Sequence[str]:
        """Three or more centers that the transport knows."""

    @property
    def stranger(self) -> str:
        """A well-formed name of no center."""

    @property
    def patience(self) -> float:
        """Seconds after which a wait counts as failed; 30 is good. No check measures speed."""

    def open(self, center: str) -> Transport:
        """An opened transport of this center."""

    def kill(self, transport: Transport) -> None:
        """End the transport as a process crash would: nothing settled, no closing, no return."""

    def crash(self) -> None:
        """Kill every process of the transport, and restart those that restart themselves. No transport is open then."""

    def send_elsewhere(self, sender: str, parcel: Parcel) -> SendResult | None:
        """Send from another process; ``None`` if that is not possible."""

    def impersonate(self, real: str, claimed: str) -> Transport:
        """An opened transport with the rights of ``real`` that claims to be ``claimed``."""


def parcel(recipient: str, body: bytes = b"{}") -> Parcel:
    """A parcel with an id of its own."""
    return Parcel(str(uuid4()), recipient, KIND, body)


def ready(fixture: TransportFixture, center: str) -> Transport:
    """A transport of this center, connected and consuming."""
    transport = fixture.open(center)
    deadline = time.monotonic() + fixture.patience
    while not ((state := transport.state()).connected and state.consuming):
        assert time.monotonic() < deadline, f"not connected after {fixture.patience:g} s: {state}"
        time.sleep(0.01)
    return transport


def stand(fixture: TransportFixture, count: int) -> list[Transport]:
    """Transports of the first centers, all ready; the second is the recipient in most checks."""
    return [ready(fixture, center) for center in fixture.centers[:count]]


def b_name(fixture: TransportFixture) -> str:
    """The recipient in most checks."""
    return fixture.centers[1]


def leave(fixture: TransportFixture, *transports: Transport) -> None:
    """Close the transports in good order."""
    for transport in transports:
        transport.close(fixture.patience)


def collect(fixture: TransportFixture, transport: Transport, count: int) -> list[Delivery]:
    """Receive and settle until ``count`` different bodies have arrived."""
    deliveries: list[Delivery] = []
    deadline = time.monotonic() + fixture.patience
    while len({delivery.body for delivery in deliveries}) < count:
        assert time.monotonic() < deadline, f"only {len(deliveries)} of {count} arrived"
        came = transport.receive(500, 0.5)
        transport.settle(came)
        deliveries += came
    return deliveries


def take(fixture: TransportFixture, transport: Transport, count: int) -> list[Delivery]:
    """Receive ``count`` deliveries, and settle none."""
    deliveries: list[Delivery] = []
    deadline = time.monotonic() + fixture.patience
    while len(deliveries) < count:
        assert time.monotonic() < deadline, f"only {len(deliveries)} of {count} arrived"
        deliveries += transport.receive(count - len(deliveries), 0.5)
    return deliveries


def nothing_comes(transport: Transport) -> None:
    """Assert that nothing is delivered."""
    assert [len(delivery.body) for delivery in transport.receive(10, QUIET)] == []


class BackgroundCall(Generic[T]):
    """An action on a thread of its own. Not a pool's: a pool would wait for a thread that hangs."""

    def __init__(self, action: Callable[[], T]) -> None:
        self._action = action
        self._result: list[T] = []
        self._raised: list[BaseException] = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._result.append(self._action())
        except BaseException as error:  # raised again by `result`, in the thread of the check
            self._raised.append(error)

    def result(self, fixture: TransportFixture) -> T:
        """The action's result; it must neither raise nor hang."""
        self._thread.join(fixture.patience)
        assert not self._raised, f"raised {self._raised[0]!r}"
        assert self._result, f"no answer after {fixture.patience:g} s"
        return self._result[0]


def in_time(fixture: TransportFixture, action: Callable[[], T]) -> T:
    """The result of ``action``, which must neither raise nor hang."""
    return BackgroundCall(action).result(fixture)
