"""Logs: one JSON line an event, and only fields from a closed list, so that nothing of a resident can slip in."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

ALLOWED = frozenset(
    {
        "event", "level", "timestamp", "center", "case", "message", "kind", "peer", "code", "count", "counts",
        "seconds", "attempts", "place", "port", "host", "exchange", "queue", "reconnects", "trouble", "step",
        "fault", "signal",
        "version", "state", "row", "form", "status", "channel", "epoch", "reply_code", "line", "where",
    }
)  # fmt: skip
"""What a log line may hold. A field that is not named here is dropped and its name noted."""


def _only_allowed(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    strange = sorted(name for name in event if name not in ALLOWED)
    kept = {name: value for name, value in event.items() if name in ALLOWED}
    return kept | {"dropped": strange} if strange else kept


def set_up(center: str, stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Log to ``stream`` (standard error) from now on, with the center's name on every line."""
    structlog.configure(
        processors=[
            lambda _logger, _method, event: {"center": center, **event},  # on every thread, so no context variable
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _only_allowed,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(stream or sys.stderr),
        cache_logger_on_first_use=False,
    )
    # libraries log values of their own choosing (pika: bodies, urllib3: URLs with ids): they are not heard at all
    for name in ("pika", "kombu", "amqp", "httpx", "httpcore", "urllib3", "uvicorn", "sqlalchemy", "alembic"):
        logging.getLogger(name).handlers = [logging.NullHandler()]
        logging.getLogger(name).propagate = False


def log() -> structlog.typing.FilteringBoundLogger:
    """The logger."""
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger()
    return logger


def reset() -> None:
    """Forget what ``set_up`` has said: for whoever runs a center in a test."""
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
