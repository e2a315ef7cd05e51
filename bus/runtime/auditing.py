"""The loops of a county's ledger: the auditor's rounds, and the reading of the broker's journal."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from itertools import islice

from bus.contract.carried import CarriedMessage
from bus.ledger import reconcile
from bus.ledger.witness import audit_carried
from bus.log import Log
from bus.operations.audit import audit_round
from bus.settings import CenterSettings
from bus.store import findings, ledger_carried
from bus.store.database import Store
from bus.store.timestamps import ms
from bus.transports.rabbitmq import tls
from bus.transports.rabbitmq.journal import JournalUnreadable, carried

AUDIT_EVERY = 5.0
"""Seconds between two rounds of the auditor."""
READ_EVERY = 5.0
"""Seconds between two looks into the journal."""
UNREADABLE = 30.0
"""Seconds until the next look, where the journal could not be read."""
QUIET_S = 2.0
"""Seconds of silence after which the journal is read to its end."""
GROUPS = 20
"""Groups of entries of one look: then the loop has come round."""
KEEP_MS = 90 * 86_400_000
"""How long a cleared finding stays."""
Read = Callable[[int | None], Iterator[list[CarriedMessage]]]
"""Reads the journal behind an offset."""


def journal_of(settings: CenterSettings) -> Read | None:
    """How the broker's journal is read; None on a transport that has none. Raises ``BadSettings``."""
    if not settings.broker:
        return None
    secured = tls.context(settings.tls)
    return lambda after: carried(settings.broker, settings.center, secured, after, QUIET_S)


class Auditing:
    """The auditor of one running ledger."""

    def __init__(self, store: Store, clock: Callable[[], datetime], log: Log, read: Read | None) -> None:
        """``read``: None where there is no broker with a journal."""
        self._store, self._clock, self._log = store, clock, log
        self.read = read
        self._place: int | None = None
        self._end_ms = 0
        """When the journal was last read to its end."""
        self._forgets = 0.0

    def audit(self) -> float:
        """One round. Returns the seconds until the next. Raises ``StoreUnavailable``."""
        now_ms = ms(self._clock())
        done = self._store.write(lambda tx: audit_round(tx, now_ms))
        if self.read is not None:
            self._store.write(lambda tx: audit_carried(tx, self._end_ms, now_ms))
        if done.opened or done.cleared:
            with self._store.reading() as tx:
                left = findings.count_open(tx)
            counts = {"opened": done.opened, "cleared": done.cleared}
            self._log.warning("findings", counts=counts, count=left)
        if time.monotonic() >= self._forgets:
            self._forgets = time.monotonic() + 3600
            self._store.write(lambda tx: findings.forget(tx, now_ms - KEEP_MS))
        return 0.0 if done.more else AUDIT_EVERY

    def watch(self) -> float:
        """Read what the broker has carried. Returns the seconds until the next look. Raises ``StoreUnavailable``."""
        if self.read is None:
            return UNREADABLE
        if self._place is None:
            with self._store.reading() as tx:
                self._place = ledger_carried.last_place(tx)
        began_ms = ms(self._clock())
        try:
            with closing(self.read(self._place)) as groups:  # type: ignore[type-var]  # a generator
                kept = reconcile.keep(self._store, islice(groups, GROUPS))
        except JournalUnreadable as error:
            self._log.warning("journal", trouble=str(error))
            return UNREADABLE
        self._place = self._place if kept.place is None else kept.place
        if kept.groups == GROUPS:
            return 0.0
        self._end_ms = began_ms
        return READ_EVERY
