"""One commit a batch: the outcome of batch N is written in the transaction that claims batch N+1.

Two commits a batch would cost twice as much, and a single commit before the work would lose it in a crash. Between
commits the outcome is in memory only. If the process dies there, its claims expire with their lease, and the batch is
done once more. Relay and handle work this way; ``docs/architecture.md`` draws it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Done = TypeVar("Done")
Claimed = TypeVar("Claimed")


@dataclass(slots=True)
class ClaimCycle(Generic[Done, Claimed]):
    """Claims batch after batch, and keeps a batch's outcome until the next claim."""

    nothing: Callable[[], Done]
    """Makes the outcome of an empty batch."""
    unrecorded: Done = field(init=False)
    """The outcome of the last batch, not yet written."""

    def __post_init__(self) -> None:
        self.unrecorded = self.nothing()

    def next(self, record_and_claim: Callable[[Done], Claimed]) -> tuple[Done, Claimed]:
        """Write the last batch's outcome and claim the next batch; ``record_and_claim`` does both in one transaction.
        Returns the written outcome and the claimed batch. If it raises, nothing has changed."""
        claimed = record_and_claim(self.unrecorded)
        return self.take(), claimed

    def take(self) -> Done:
        """Hand over the unwritten outcome, to be written without another claim."""
        done, self.unrecorded = self.unrecorded, self.nothing()
        return done
