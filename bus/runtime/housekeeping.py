"""Housekeeping: deletes what was kept long enough, also from the log of the store, and fills what an older program
has not kept."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from bus.attachments.blob_store import BlobStore
from bus.context import CenterContext
from bus.operations import door
from bus.operations.erasure import erase_old
from bus.pipeline.intake import IntakeDeps, release_early
from bus.runtime.engine import BATCH_LIMIT
from bus.settings import CenterSettings
from bus.store import archive, older_cases
from bus.store.timestamps import ms

ERASED_AT_ONCE = 50
"""Cases erased in one transaction: the writer is never blocked for long."""
OLDER_AT_ONCE = 200
"""Cases of an older program filled in one transaction, each with its record read."""
OPERATIONS_AT_ONCE = 10
"""Operations forgotten in one transaction, each with its set."""
PRUNE_S = 3600.0
"""Seconds between two searches for old rows."""
EMPTY_LOG_S = 60.0
"""Seconds between two emptyings of the store's log. It holds erased data for at most this long, also after a command,
unless a reader still uses an older state."""


@dataclass(slots=True)
class Housekeeping:
    """The housekeeping of one center; call ``round`` repeatedly."""

    settings: CenterSettings
    context: CenterContext
    blobs: BlobStore
    clock: Callable[[], datetime]
    deps: IntakeDeps | None = None
    """The intake's; without it no early form is looked for."""
    _prune_due: float = field(default=0.0, init=False)
    _older: str | None = field(default="", init=False)
    """How far the cases of an older program are filled; None: all that can be read are."""

    def round(self) -> float:
        """Do a little at a time, so that no step waits for it. Returns the seconds until the next round."""
        if time.monotonic() >= self._prune_due:
            self._prune_due = time.monotonic() + (1 if self._prune() else PRUNE_S)
        self.blobs.store.empty_log()
        return max(0.0, min(EMPTY_LOG_S, self._prune_due - time.monotonic()))

    def _prune(self) -> bool:
        """Delete old rows. Returns whether there may be more."""
        before_ms = ms(self.clock()) - self.settings.keep_days * 86_400_000
        gone = self.blobs.store.write(lambda tx: archive.prune(tx, before_ms, BATCH_LIMIT))
        late = self._release_early()
        operated = door.prune(self.blobs.store, self.clock(), before_ms, OPERATIONS_AT_ONCE)
        older = self._refresh_older()
        many = older or BATCH_LIMIT in (gone, late) or operated == OPERATIONS_AT_ONCE
        return self._erase_old() == ERASED_AT_ONCE or many

    def _refresh_older(self) -> bool:
        """Fill the columns that an older program has not kept. Returns whether there may be more."""
        if (after := self._older) is not None:
            self._older = self.blobs.store.write(lambda tx: older_cases.refresh(tx, after, OLDER_AT_ONCE))
        return self._older is not None

    def _release_early(self) -> int:
        """Carry out early forms whose record came unseen. Returns the number of records."""
        if self.deps is None:
            return 0
        return release_early(self.blobs.store, self.deps, self.clock(), BATCH_LIMIT)

    def _erase_old(self) -> int:
        """Erase closed cases whose retention has ended. Returns their number."""
        now, most = self.clock(), 0
        for days, sensitive in self.settings.retention.terms if self.settings.retention else ():
            before_ms = ms(now) - days * 86_400_000
            done = erase_old(self.blobs, self.context, before_ms, ERASED_AT_ONCE, now, sensitive=sensitive)
            most = max(most, done)
        return most
