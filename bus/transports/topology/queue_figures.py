"""What the broker tells of a queue: how much stands in it, and who leads it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class QueueFigures:
    """One queue as the management API sees it: up to 5 s old. ``None`` means the broker has not said."""

    name: str
    type: str
    ready: int | None
    unacked: int | None
    consumers: int | None
    message_bytes: int | None
    state: str | None
    leader: str | None
    """Node that leads the queue (quorum, stream) or holds it (classic)."""
    comes: float | None = None
    """Messages a second that were published to it lately."""
    goes: float | None = None
    """Messages a second that were acknowledged lately: a message that is given out again counts once."""


def figures_of(row: Mapping[str, Any]) -> QueueFigures:
    """A queue as the management API lists it."""
    return QueueFigures(
        name=str(row["name"]),
        type=str(row.get("type", "classic")),
        ready=row.get("messages_ready"),
        unacked=row.get("messages_unacknowledged"),
        consumers=row.get("consumers"),
        message_bytes=row.get("message_bytes"),
        state=row.get("state"),
        leader=row.get("leader") or row.get("node"),
        comes=_rate(row, "publish"),
        goes=_rate(row, "ack"),
    )


def _rate(row: Mapping[str, Any], what: str) -> float | None:
    """A rate that the broker has counted; a queue without a message so far has none."""
    told = (row.get("message_stats") or {}).get(f"{what}_details") or {}
    return told.get("rate")
