"""One call of ``send``: its parcels and their results."""

import threading
from collections.abc import Sequence

from bus.transports.port import Parcel, SendResult


class SendBatch:
    """A batch that the I/O thread fills in and the caller waits for; the first result of a parcel stands."""

    def __init__(self, parcels: Sequence[Parcel]) -> None:
        self.parcels = parcels
        self._results: list[SendResult | None] = [None] * len(parcels)
        self._open = len(parcels)
        self._next = 0
        self._lock = threading.Lock()
        self._done = threading.Event()
        if not parcels:
            self._done.set()

    @property
    def open(self) -> int:
        """Parcels without a result."""
        return self._open

    def next(self) -> int | None:
        """The next parcel to publish, ``None`` when there is none left; ``took`` advances it."""
        while self._next < len(self.parcels) and self._results[self._next] is not None:
            self._next += 1
        return self._next if self._next < len(self.parcels) else None

    def took(self) -> None:
        """Mark the parcel that ``next`` named as published."""
        self._next += 1

    def decide(self, index: int, result: SendResult) -> None:
        """Set the result of one parcel."""
        with self._lock:
            if self._results[index] is None:
                self._results[index] = result
                self._open -= 1
        if self._open == 0:
            self._done.set()

    def give_up(self) -> None:
        """Set every missing result to ``UNKNOWN``."""
        with self._lock:
            self._results = [result or SendResult.UNKNOWN for result in self._results]
            self._open = 0
        self._done.set()

    def wait(self, timeout: float) -> None:
        """Wait until every result is known, ``timeout`` seconds at most."""
        self._done.wait(timeout)

    def results(self) -> list[SendResult]:
        """One result for each parcel, in order; gives up on missing ones."""
        self.give_up()
        return [result or SendResult.UNKNOWN for result in self._results]
