"""What a receiver of alarms is: it takes a notice, or says why not."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from bus.store.incidents import Notice

WITHIN = 10.0
"""Seconds in which a receiver must have taken a notice."""


class NotTaken(Exception):
    """The receiver has not taken a notice; the text says why, and names no secret."""


class Receiver(Protocol):
    """One receiver. One thread calls it."""

    @property
    def name(self) -> str:
        """Its name in the settings, under which its notices are kept."""

    @property
    def split(self) -> Callable[[str, Sequence[dict[str, Any]], int], list[Notice]]:
        """Makes its notices of the events of one look."""

    def send(self, notice: Notice) -> None:
        """Send a notice. Raises ``NotTaken``."""
