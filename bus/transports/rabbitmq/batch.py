"""One call of ``send``: its parcels, and what became of each."""

import threading
from collections.abc import Sequence

from bus.transports.port import Parcel, SendResult


class SendBatch:
    """Filled in by the I/O thread, waited for by the caller; the first word on a parcel stands."""

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
        """Parcels whose fate is not known."""
        return self._open

    def next(self) -> int | None:
        """The next parcel to publish, ``None`` when there is none left. ``took`` moves on."""
        while self._next < len(self.parcels) and self._results[self._next] is not None:
            self._next += 1
        return self._next if self._next < len(self.parcels) else None

    def took(self) -> None:
        """The parcel that ``next`` named is on its way."""
        self._next += 1

    def decide(self, index: int, result: SendResult) -> None:
        """Say what became of one parcel."""
        with self._lock:
            if self._results[index] is None:
                self._results[index] = result
                self._open -= 1
        if self._open == 0:
            self._done.set()

    def give_up(self) -> None:
        """Whatever is not known now is ``UNKNOWN``."""
        with self._lock:
            self._results = [result or SendResult.UNKNOWN for result in self._results]
            self._open = 0
        self._done.set()

    def wait(self, timeout: float) -> None:
        """Until every fate is known, ``timeout`` seconds at most."""
        self._done.wait(timeout)

    def results(self) -> list[SendResult]:
        """One for each parcel, in order; gives up on what is still open."""
        self.give_up()
        return [result or SendResult.UNKNOWN for result in self._results]
