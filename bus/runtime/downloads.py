"""Files from neighbours, on workers of their own: no neighbour holds a worker that the center's own system needs.

A neighbour has two workers at most and a bounded queue, so that a slow one delays its own files alone.
"""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from bus.contract.case import Attachment
from bus.sdk.center import Reject, RetryLater
from bus.sdk.codes import RetryCode

AT_ONCE = 3
"""Downloads side by side. Each holds its file in memory."""
AT_ONCE_OF_ONE = 2
"""Of them, from one neighbour."""
MOST_WAITING = 16
"""Files of one neighbour that wait for a worker; further ones are asked for again later."""

Failure = RetryLater | Reject
Arrived = Callable[[str, Failure | None], None]
"""Called with a file's hash when it is here, or with why it is not."""


@dataclass(slots=True)
class _Wanted:
    reference: Attachment
    host: str
    told: list[Arrived] = field(default_factory=list)
    begun: bool = False


class Downloads:
    """One center's. ``bring`` fetches one file and keeps it."""

    def __init__(self, bring: Callable[[Attachment], object], name: str) -> None:
        self._bring, self._name = bring, name
        self._changed = threading.Condition()
        self._wanted: dict[str, _Wanted] = {}
        """Hash → file that is on its way, in the order in which they were asked for."""
        self._running: Counter[str] = Counter()
        self._threads: list[threading.Thread] = []
        self._leaving = False

    def ask(self, reference: Attachment, arrived: Arrived) -> None:
        """Bring a file; one that is on its way already is brought once. ``arrived`` is called from any thread."""
        with self._changed:
            wanted = self._wanted.get(reference.sha256)
            host = urlsplit(reference.href or "").netloc
            waiting = sum(one.host == host for one in self._wanted.values())
            if wanted is None and waiting < MOST_WAITING + AT_ONCE_OF_ONE and not self._leaving:
                wanted = self._wanted[reference.sha256] = _Wanted(reference, host)
                self._worker()
            if wanted is not None:
                wanted.told.append(arrived)
                self._changed.notify_all()
                return
        arrived(reference.sha256, RetryLater(RetryCode.ATTACHMENT_QUEUE))

    def leave(self) -> None:
        """Begin nothing more. What is under way ends by its own deadline, or with the process."""
        with self._changed:
            self._leaving = True
            self._changed.notify_all()

    def _worker(self) -> None:
        if len(self._threads) < AT_ONCE:
            thread = threading.Thread(target=self._work, name=f"{self._name}-download", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _work(self) -> None:
        while (wanted := self._next()) is not None:
            failure = self._fetch(wanted.reference)
            with self._changed:
                self._running[wanted.host] -= 1
                del self._wanted[wanted.reference.sha256]
                self._changed.notify_all()
            for arrived in wanted.told:
                arrived(wanted.reference.sha256, failure)

    def _next(self) -> _Wanted | None:
        """The first file that waits and whose neighbour has a worker free; None: the center leaves."""
        with self._changed:
            while not self._leaving:
                for wanted in self._wanted.values():
                    if not wanted.begun and self._running[wanted.host] < AT_ONCE_OF_ONE:
                        wanted.begun = True
                        self._running[wanted.host] += 1
                        return wanted
                self._running += Counter()  # hosts of which nothing is under way are forgotten
                self._changed.wait()
        return None

    def _fetch(self, reference: Attachment) -> Failure | None:
        try:
            self._bring(reference)
        except (RetryLater, Reject) as failure:
            return failure
        except Exception as fault:
            return RetryLater(f"attachment-fault-{type(fault).__name__}"[:64])
        return None
