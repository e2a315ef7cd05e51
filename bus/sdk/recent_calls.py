"""The last calls into the center's own system, for whoever looks for a fault: when, what, how it ended, no body."""

import re
import threading
from collections import deque
from datetime import datetime
from typing import Any, NamedTuple

KEPT = 50
_WITH_A_NUMBER = re.compile(r"[^/]*[0-9%][^/]*")


class Call(NamedTuple):
    """One call."""

    at: datetime
    method: str
    path: str
    """Without its query, and without what looks like a number of a record."""
    outcome: str
    """A status, or the code of what went wrong."""
    seconds: float


class RecentCalls:
    """Of one client. Threads may share it."""

    def __init__(self) -> None:
        self._calls: deque[Call] = deque(maxlen=KEPT)
        self._lock = threading.Lock()

    def add(self, at: datetime, method: str, path: str, outcome: str, seconds: float) -> None:
        """One call more."""
        with self._lock:
            self._calls.append(Call(at, method, without_numbers(path), outcome, seconds))

    def last(self) -> list[Call]:
        """The newest first."""
        with self._lock:
            return list(reversed(self._calls))

    def told(self) -> list[dict[str, Any]]:
        """The same for JSON."""
        return [
            {**one._asdict(), "at": one.at.isoformat(timespec="seconds"), "seconds": round(one.seconds, 3)}
            for one in self.last()
        ]


def without_numbers(path: str) -> str:
    """``/orders/GD-77/notes?at=1`` is ``/orders/…/notes``."""
    return _WITH_A_NUMBER.sub("…", path.partition("?")[0])
