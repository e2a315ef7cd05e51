"""What a center throws away by itself: what it has kept long enough, and what its store's log still holds of that."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from bus.attachments.blob_store import BlobStore
from bus.context import CenterContext
from bus.operations.erasure import erase_old
from bus.runtime.engine import BATCH_LIMIT
from bus.settings import CenterSettings
from bus.store import archive
from bus.store.timestamps import ms

ERASED_AT_ONCE = 50
"""Cases in one transaction: nobody waits long for the writer."""
PRUNE_S = 3600.0
"""Between two looks at what is old."""
EMPTY_LOG_S = 60.0
"""Between two times that the store's log is emptied: so long at most it holds what was erased, also by a command, once
nobody reads what is older."""


@dataclass(slots=True)
class Housekeeping:
    """``round`` again and again."""

    settings: CenterSettings
    context: CenterContext
    blobs: BlobStore
    clock: Callable[[], datetime]
    _prune_due: float = field(default=0.0, init=False)

    def round(self) -> float:
        """One look, a little at a time, so that nobody waits for it. Returns the seconds until the next."""
        if time.monotonic() >= self._prune_due:
            self._prune_due = time.monotonic() + (1 if self._prune() else PRUNE_S)
        self.blobs.store.empty_log()
        return max(0.0, min(EMPTY_LOG_S, self._prune_due - time.monotonic()))

    def _prune(self) -> bool:
        """Whether there may be more."""
        before_ms = ms(self.clock()) - self.settings.keep_days * 86_400_000
        gone = self.blobs.store.write(lambda tx: archive.prune(tx, before_ms, BATCH_LIMIT))
        return self._erase_old() == ERASED_AT_ONCE or gone == BATCH_LIMIT

    def _erase_old(self) -> int:
        """What the settings no longer allow to be kept."""
        now, most = self.clock(), 0
        for days, sensitive in self.settings.retention.terms if self.settings.retention else ():
            before_ms = ms(now) - days * 86_400_000
            done = erase_old(self.blobs, self.context, before_ms, ERASED_AT_ONCE, now, sensitive=sensitive)
            most = max(most, done)
        return most
