"""Downloads from peers, on workers of their own: no peer occupies a worker that the center's own system needs.

A peer has two workers at most and a bounded queue, so a slow peer delays only its own files.
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
"""Concurrent downloads. Each holds its file in memory."""
AT_ONCE_OF_ONE = 2
"""Concurrent downloads from one peer."""
MOST_WAITING = 16
"""Files of one peer that wait for a worker; further ones are asked for again later."""

Failure = RetryLater | Reject
Arrived = Callable[[str, Failure | None], None]
"""Callback with a file's hash once it is here, or with the reason why it is not."""


@dataclass(slots=True)
class _Wanted:
    reference: Attachment
    host: str
    told: list[Arrived] = field(default_factory=list)
    begun: bool = False


class Downloads:
    """The downloads of one center. ``bring`` fetches one file and keeps it."""

    def __init__(self, bring: Callable[[Attachment], object], name: str) -> None:
        self._bring, self._name = bring, name
        self._changed = threading.Condition()
        self._wanted: dict[str, _Wanted] = {}
        """Hash → file on its way, in the order of requests."""
        self._running: Counter[str] = Counter()
        self._threads: list[threading.Thread] = []
        self._leaving = False

    def ask(self, reference: Attachment, arrived: Arrived) -> None:
        """Request a file; a file already on its way is fetched once. ``arrived`` is called from any thread."""
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
        """Begin nothing more. Running downloads end by their own deadline, or with the process."""
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
        """The first waiting file whose peer has a free worker; None: the center stops."""
        with self._changed:
            while not self._leaving:
                for wanted in self._wanted.values():
                    if not wanted.begun and self._running[wanted.host] < AT_ONCE_OF_ONE:
                        wanted.begun = True
                        self._running[wanted.host] += 1
                        return wanted
                self._running += Counter()  # drops hosts without a running download
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
