"""One commit a batch: what became of batch N is written in the transaction that claims batch N+1.

Two commits a batch would cost twice as much, and one before the work is done would forget it in a crash. In between the
outcome is in memory only: a process that dies there leaves its claims to their lease, and the batch is done once more.
Relay and handle work so; ``docs/architecture.md`` draws it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Done = TypeVar("Done")
Claimed = TypeVar("Claimed")


@dataclass(slots=True)
class ClaimCycle(Generic[Done, Claimed]):
    """Claims batch after batch, and keeps what became of one until the next is claimed."""

    nothing: Callable[[], Done]
    """What has become of no batch at all."""
    unrecorded: Done = field(init=False)
    """What became of the last batch, and is not written down yet."""

    def __post_init__(self) -> None:
        self.unrecorded = self.nothing()

    def next(self, record_and_claim: Callable[[Done], Claimed]) -> tuple[Done, Claimed]:
        """Write down what became of the last batch and claim the next, by a function that does both in one
        transaction. Returns what was written, and what was claimed. What it raises leaves everything as it was."""
        claimed = record_and_claim(self.unrecorded)
        return self.take(), claimed

    def take(self) -> Done:
        """Hand over what is not written down yet, to be written without another claim."""
        done, self.unrecorded = self.unrecorded, self.nothing()
        return done
