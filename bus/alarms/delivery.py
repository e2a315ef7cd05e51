"""Sends what one receiver is still to be told. A kill between sending and noting it repeats a notice, under its id."""

import time
from collections.abc import Callable

from bus.alarms.receivers import NotTaken, Receiver
from bus.backoff import Backoff
from bus.log import log
from bus.store import incidents
from bus.store.database import Store

BACKOFF = Backoff(5, 300)
"""Of one notice, and of a receiver that has not taken the last one."""
NEVER_LATER_MS = 600_000
"""No try waits for longer."""
AT_ONCE = 20
"""Notices of one round: other receivers wait meanwhile."""
OLDEST_MS = 86_400_000
"""A notice that nobody has taken for a day is dropped; its incident stays on the page."""
MOST = 1000
"""Notices that wait for one receiver."""


class Delivery:
    """The way to one receiver. One thread."""

    def __init__(self, store: Store, receiver: Receiver, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._store, self._receiver, self._monotonic = store, receiver, monotonic
        self._failures, self._not_before = 0, 0.0

    def round(self, now_ms: int) -> None:
        """Send what is due, until one is not taken. Raises ``StoreUnavailable``."""
        if self._monotonic() < self._not_before:
            return
        with self._store.reading() as tx:
            waiting = incidents.due(tx, self._receiver.name, now_ms, now_ms + NEVER_LATER_MS, AT_ONCE)
        for notice in waiting:
            if not self._sent(notice, now_ms):
                return

    def _sent(self, notice: incidents.Notice, now_ms: int) -> bool:
        try:
            self._receiver.send(notice)
        except NotTaken as error:
            why, due_ms = str(error), now_ms + BACKOFF.delay_ms(notice.attempts)
            self._not_before = self._monotonic() + BACKOFF.delay_ms(self._failures) / 1000
            self._failures += 1
            log().warning("alarm-not-taken", peer=self._receiver.name, trouble=why, attempts=notice.attempts + 1)
            self._store.write(lambda tx: incidents.put_off(tx, notice, due_ms, why))
            return False
        self._failures = 0
        self._store.write(lambda tx: incidents.taken(tx, notice))
        return True
