"""Logs: one JSON line an event, and only fields from a closed list, so that nothing of a resident can slip in.

Logging never raises: a line that cannot be made or written is counted and gone. Where lines go to a stream that may
stand still, ``bus/runtime/log_writer.py`` writes them on a thread of its own, so that logging never blocks either.
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
"""What a log line may hold. A field that is not named here is dropped and its name noted."""

Log = structlog.typing.FilteringBoundLogger
"""A logger."""
WriteLine = Callable[[str], None]
"""Takes one line without its end. May raise: then the line is dropped."""


class _Dropped:
    """Count of lines that were not written, of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.count = 0

    def add(self) -> None:
        """One more line is lost."""
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
    """A logger for ``level`` and above that drops what it cannot write: who logs has other work, and often a fault to
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
    """Log to a stream (standard error), or by a function, from now on; the center's name stands on every line."""
    write = to if callable(to) else _onto(to or sys.stderr)
    structlog.configure(
        processors=[
            lambda _logger, _method, event: {"center": center, **event},  # on every thread, so no context variable
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _only_allowed,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=_harmless(level),
        logger_factory=lambda *_: _Lines(write),
        cache_logger_on_first_use=False,
    )
    # libraries log values of their own choosing (pika: bodies, urllib3: URLs with ids): they are not heard at all
    for name in ("pika", "kombu", "amqp", "httpx", "httpcore", "urllib3", "uvicorn", "sqlalchemy", "alembic"):
        logging.getLogger(name).handlers = [logging.NullHandler()]
        logging.getLogger(name).propagate = False


def is_set_up() -> bool:
    """Whether there is a log: a command has none, and its output is its own."""
    return structlog.is_configured()


def log() -> Log:
    """The logger."""
    logger: Log = structlog.get_logger()
    return logger


def reset() -> None:
    """Forget what ``set_up`` has said: for whoever runs a center in a test."""
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
