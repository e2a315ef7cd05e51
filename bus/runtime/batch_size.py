"""The adaptive batch size of handle: large while the center's own system is quick, small when it is slow.

A round shares its commits, so a large one is cheap. But its tasks are leased, and wait for the slowest.
"""

import time
from collections.abc import Callable

QUICK = 0.2
"""Seconds. After a round this quick the next one may be twice as large."""
LONGEST = 30.0
"""Seconds after which nothing more of a round is begun: with the longest call it must end well within its lease."""


class AdaptiveBatchSize:
    """The batch size of one center. Workers may call it from several threads."""

    def __init__(self, least: int, most: int, failures: int, timer: Callable[[], float] = time.monotonic) -> None:
        """Rounds of ``least`` to ``most`` tasks; after ``failures`` in a row nothing more of a round is begun."""
        self.size = least
        """The size of the next batch."""
        self._least, self._most, self._failures, self._timer = least, most, failures, timer
        self._began = 0.0
        self._failed = 0

    def begin(self) -> None:
        """A round begins."""
        self._began, self._failed = self._timer(), 0

    def exhausted(self) -> bool:
        """Whether the rest of the round is better left to a later one."""
        return self._failed >= self._failures or self._timer() - self._began > LONGEST

    def record(self, *, failed: bool) -> None:
        """Record the end of one task."""
        self._failed = self._failed + 1 if failed else 0

    def end(self, tasks: int) -> None:
        """Record the end of a round with ``tasks`` tasks."""
        if self._failed or self._timer() - self._began > QUICK:
            self.size = max(self._least, self.size // 2)
        elif tasks >= self.size:
            self.size = min(self._most, self.size * 2)
