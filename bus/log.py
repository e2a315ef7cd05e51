"""Logs: one JSON line an event, and only fields from a closed list, so that no data of a resident can appear.

Logging never raises: a line that cannot be made or written is counted and dropped. Where a stream may block,
``bus/runtime/log_writer.py`` writes the lines on a thread of its own, so logging never blocks either.
"""

import logging
import sys
import threading
from collections.abc import Callable, MutableMapping
from typing import Any, TextIO

import structlog

ALLOWED = frozenset(
    {
        "event", "level", "timestamp", "center", "case", "message", "kind", "peer", "code", "count", "counts",
        "seconds", "attempts", "place", "port", "host", "exchange", "queue", "reconnects", "trouble", "step",
        "fault", "signal", "adapter",
        "version", "state", "row", "form", "status", "channel", "epoch", "reply_code", "line", "where",
    }
)  # fmt: skip
"""The allowed fields of a log line. Any other field is dropped and its name noted."""

Log = structlog.typing.FilteringBoundLogger
"""A logger."""
WriteLine = Callable[[str], None]
"""Takes one line without its end. May raise: then the line is dropped."""


class _Dropped:
    """Count of dropped lines of one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.count = 0

    def add(self) -> None:
        """Count one more dropped line."""
        with self._lock:
            self.count += 1


_dropped = _Dropped()


def dropped() -> int:
    """How many lines this process could not write."""
    return _dropped.count


def drop() -> None:
    """Count one line that could not be written."""
    _dropped.add()


def _only_allowed(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    strange = sorted(name for name in event if name not in ALLOWED)
    kept = {name: value for name, value in event.items() if name in ALLOWED}
    return kept | {"dropped": strange} if strange else kept


class _Lines:
    """The end of the chain: every level goes to the same place."""

    def __init__(self, write: WriteLine) -> None:
        self.debug = self.info = self.warning = self.error = self.critical = write


def _onto(stream: TextIO) -> WriteLine:
    def write(line: str) -> None:
        stream.write(f"{line}\n")
        stream.flush()

    return write


def _harmless(level: int) -> type[Log]:
    """A logger for ``level`` and above that drops what it cannot write: its caller has other work, and often a fault to
    deal with already."""
    plain: Any = structlog.make_filtering_bound_logger(level)

    def proxy(self: Any, method: str, event: str | None = None, **fields: Any) -> None:  # noqa: ANN401 - structlog's own shape
        try:
            plain._proxy_to_logger(self, method, event, **fields)
        except Exception:
            drop()

    made: type[Log] = type("HarmlessLogger", (plain,), {"_proxy_to_logger": proxy})
    return made


def set_up(center: str, to: TextIO | WriteLine | None = None, level: int = logging.INFO) -> None:
    """Log to a stream (standard error), or by a function, from now on; every line carries the center's name."""
    write = to if callable(to) else _onto(to or sys.stderr)
    structlog.configure(
        processors=[
            lambda _logger, _method, event: {"center": center, **event},  # not a context variable: on every thread
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _only_allowed,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=_harmless(level),
        logger_factory=lambda *_: _Lines(write),
        cache_logger_on_first_use=False,
    )
    # libraries log values of their own choosing (pika: bodies, urllib3: URLs with ids): they are silenced
    for name in ("pika", "kombu", "amqp", "httpx", "httpcore", "urllib3", "uvicorn", "sqlalchemy", "alembic"):
        logging.getLogger(name).handlers = [logging.NullHandler()]
        logging.getLogger(name).propagate = False


def is_set_up() -> bool:
    """Whether logging is set up: a command has no log, and its output is its own."""
    return structlog.is_configured()


def log() -> Log:
    """The logger."""
    logger: Log = structlog.get_logger()
    return logger


def reset() -> None:
    """Undo ``set_up``, for tests that run a center."""
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
