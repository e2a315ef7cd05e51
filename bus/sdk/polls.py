"""Reading a system that calls nobody: it is asked for what is new, page by page, from where the last page ended.

What a page holds are forms of the center, as if the system had sent them in: each is checked against its model, taken
in once, and refused alone.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

SystemT = TypeVar("SystemT")
SystemT_co = TypeVar("SystemT_co", covariant=True)

LONGEST_CURSOR = 500
"""Characters."""
MOST_FORMS = 500
"""Forms in one page: they share one commit."""


@dataclass(frozen=True, slots=True)
class PollContext(Generic[SystemT_co]):
    """What a poll is given."""

    me: str
    now: datetime
    system: SystemT_co
    """The client of the center's own system."""
    cursor: str
    """Where the last page ended; empty at the very first."""


@dataclass(frozen=True, slots=True)
class Page:
    """What the center's own system has new."""

    forms: Sequence[tuple[str, Mapping[str, object]]]
    """(name of a form, what it says), ``MOST_FORMS`` at most, the oldest first. A record that is told again under the
    same id must say the same: give what has changed an id of its own, such as its number and version."""
    cursor: str
    """Where the next page begins, in the words of the other system. It is kept and shown in clear: nothing of a
    resident stands in it."""
    more: bool = False
    """Whether the next page may be asked for at once."""


Reads = Callable[[PollContext[SystemT]], Page]
"""Asks the center's own system. Raises ``RetryLater`` and ``Reject``, as the client of the system does."""


@dataclass(frozen=True, slots=True)
class Poll:
    """One thing that the center's own system is asked for."""

    name: str
    every: float
    """Seconds from one time to the next."""
    read: Reads[Any]
