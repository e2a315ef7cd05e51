"""The recent calls to the center's own system, for fault finding: time, path, outcome, and no body."""

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
    """The path without its query, and without parts that look like record numbers."""
    outcome: str
    """A status, or the code of the fault."""
    seconds: float


class RecentCalls:
    """The recent calls of one client. Threads may share it."""

    def __init__(self) -> None:
        self._calls: deque[Call] = deque(maxlen=KEPT)
        self._lock = threading.Lock()

    def add(self, at: datetime, method: str, path: str, outcome: str, seconds: float) -> None:
        """Record one call."""
        with self._lock:
            self._calls.append(Call(at, method, without_numbers(path), outcome, seconds))

    def last(self) -> list[Call]:
        """The recent calls, the newest first."""
        with self._lock:
            return list(reversed(self._calls))

    def told(self) -> list[dict[str, Any]]:
        """The recent calls as JSON."""
        return [
            {**one._asdict(), "at": one.at.isoformat(timespec="seconds"), "seconds": round(one.seconds, 3)}
            for one in self.last()
        ]


def without_numbers(path: str) -> str:
    """``/orders/GD-77/notes?at=1`` is ``/orders/…/notes``."""
    return _WITH_A_NUMBER.sub("…", path.partition("?")[0])
