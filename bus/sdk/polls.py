"""Polls: reading new records from a system that submits nothing itself, page by page, from the last cursor.

The items of a page are forms of the center, as if the system had submitted them. Each is checked against its model,
taken once, and refused alone.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

SystemT = TypeVar("SystemT")
SystemT_co = TypeVar("SystemT_co", covariant=True)

LONGEST_CURSOR = 500
"""Longest cursor, in characters."""
MOST_FORMS = 500
"""Most forms in one page: they share one commit."""


@dataclass(frozen=True, slots=True)
class PollContext(Generic[SystemT_co]):
    """The context of a poll."""

    me: str
    now: datetime
    system: SystemT_co
    """The client of the center's own system."""
    cursor: str
    """The end of the last page; empty at the very first poll."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of new records."""

    forms: Sequence[tuple[str, Mapping[str, object]]]
    """(form name, fields), ``MOST_FORMS`` at most, the oldest first. A record repeated under the same id must have the
    same content: give a changed record an id of its own, such as its number and version."""
    cursor: str
    """The start of the next page, in the other system's terms. It is stored and shown in clear: keep residents' data
    out of it."""
    more: bool = False
    """Whether the next page may be requested at once."""


Reads = Callable[[PollContext[SystemT]], Page]
"""Polls the center's own system. Raises ``RetryLater`` and ``Reject``, like the system's client."""


@dataclass(frozen=True, slots=True)
class Poll:
    """One registered poll of the center's own system."""

    name: str
    every: float
    """Seconds between two polls."""
    read: Reads[Any]
