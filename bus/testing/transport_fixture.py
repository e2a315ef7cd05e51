"""The ground that a transport is tested on, and how the checks stand on it."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar
from uuid import uuid4

from bus.transports.port import Delivery, Parcel, SendResult, Transport

QUIET = 1.0
"""Seconds of silence that count as: nothing comes."""
KIND = "case.offered"

T = TypeVar("T")


class TransportFixture(Protocol):
    """The ground a transport is tested on: how to open it, and how to do it harm. Fresh for every check."""

    @property
    def centers(self) -> Sequence[str]:
        """Three centers or more that the road knows."""

    @property
    def stranger(self) -> str:
        """A well-formed name that nobody has."""

    @property
    def patience(self) -> float:
        """Seconds anything may take before it counts as never, 30 is good; no check measures speed."""

    def open(self, center: str) -> Transport:
        """A transport of this center on which ``open`` was called."""

    def kill(self, transport: Transport) -> None:
        """End it as the death of its process would: nothing settled, no goodbye, and it does not come back."""

    def crash(self) -> None:
        """Kill every process the transport lives in, and start again what starts again. No transport is open."""

    def send_elsewhere(self, sender: str, parcel: Parcel) -> SendResult | None:
        """Send from another process; ``None`` when there is no way."""

    def impersonate(self, real: str, claimed: str) -> Transport:
        """A transport with the rights of ``real`` that gives itself out as ``claimed``, opened."""


def parcel(recipient: str, body: bytes = b"{}") -> Parcel:
    """A parcel with an identity of its own."""
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
    """The first centers' transports, all ready; the second is the recipient in most checks."""
    return [ready(fixture, center) for center in fixture.centers[:count]]


def b_name(fixture: TransportFixture) -> str:
    """The recipient in most checks."""
    return fixture.centers[1]


def leave(fixture: TransportFixture, *transports: Transport) -> None:
    """Close them in good order."""
    for transport in transports:
        transport.close(fixture.patience)


def collect(fixture: TransportFixture, transport: Transport, count: int) -> list[Delivery]:
    """Receive, and settle, until ``count`` different bodies are there."""
    deliveries: list[Delivery] = []
    deadline = time.monotonic() + fixture.patience
    while len({delivery.body for delivery in deliveries}) < count:
        assert time.monotonic() < deadline, f"only {len(deliveries)} of {count} arrived"
        came = transport.receive(500, 0.5)
        transport.settle(came)
        deliveries += came
    return deliveries


def take(fixture: TransportFixture, transport: Transport, count: int) -> list[Delivery]:
    """Receive ``count`` deliveries and settle none."""
    deliveries: list[Delivery] = []
    deadline = time.monotonic() + fixture.patience
    while len(deliveries) < count:
        assert time.monotonic() < deadline, f"only {len(deliveries)} of {count} arrived"
        deliveries += transport.receive(count - len(deliveries), 0.5)
    return deliveries


def nothing_comes(transport: Transport) -> None:
    """Assert silence."""
    assert [len(delivery.body) for delivery in transport.receive(10, QUIET)] == []


class BackgroundCall(Generic[T]):
    """An action in a thread of its own. Not a pool's: a pool would wait for a thread that hangs."""

    def __init__(self, action: Callable[[], T]) -> None:
        self._action = action
        self._result: list[T] = []
        self._raised: list[BaseException] = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._result.append(self._action())
        except BaseException as error:  # told by `result`, in the thread that runs the check
            self._raised.append(error)

    def result(self, fixture: TransportFixture) -> T:
        """What the action gave; it must neither raise nor hang."""
        self._thread.join(fixture.patience)
        assert not self._raised, f"raised {self._raised[0]!r}"
        assert self._result, f"no answer after {fixture.patience:g} s"
        return self._result[0]


def in_time(fixture: TransportFixture, action: Callable[[], T]) -> T:
    """The result of ``action``, which must neither raise nor hang."""
    return BackgroundCall(action).result(fixture)
