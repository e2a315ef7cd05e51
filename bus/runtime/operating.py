"""The loop that works operations off: a few items at a time, so that the center's own work goes first."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bus.context import CenterContext
from bus.operations import carrying, operating
from bus.store import operations
from bus.store.database import Store

LOOK_EVERY = 1.0
"""Seconds between two looks while nothing runs, and between two rounds."""
AT_ONCE = 50
"""Most items in one round."""
SHARE = 0.25
"""The part of its time that the loop works: what was stuck for hours may take some minutes more."""


@dataclass(slots=True)
class Operating:
    """The operations of one center, and the commands that come over the bus; call ``round`` repeatedly."""

    store: Store
    context: CenterContext
    clock: Callable[[], datetime]
    wake: Callable[[], None]
    """Called when something may wait to be sent or handled."""
    timer: Callable[[], float] = time.monotonic

    def round(self) -> float:
        """Work off a few items of each running operation, in their order. Returns the seconds until the next round.
        Raises ``StoreUnavailable``, ``KeyUnusable``."""
        began, left = self.timer(), AT_ONCE
        if carrying.answer_next(self.store, self.context, self.clock()):
            self.wake()
        with self.store.reading() as tx:
            found = operations.running(tx)
        for operation_id in found:
            while left and operating.step(self.store, self.context, operation_id, self.clock()):
                left -= 1
        if found:
            self.wake()
        return max(LOOK_EVERY, (self.timer() - began) * (1 / SHARE - 1)) if found else LOOK_EVERY
