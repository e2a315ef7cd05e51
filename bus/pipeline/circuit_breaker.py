"""Whether a center's own system seems to be there, by how its answers have been lately."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from bus.backoff import Backoff


class HandlerOutcome(StrEnum):
    """How a task ended."""

    DONE = "done"
    NOT_NOW = "not-now"
    """The center's own system is away: it is tried again."""
    NOT_EVER = "not-ever"
    """Trying again cannot help: it is parked."""
    NOT_BEGUN = "not-begun"
    """It was claimed and left to a later round: it is due again at once, and nothing counts."""


class Answer(Protocol):
    """What came of a task, as far as it tells of the center's own system."""

    @property
    def outcome(self) -> HandlerOutcome:
        """How it ended."""

    @property
    def own(self) -> bool:
        """Whether it tells of that system at all."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How long a center's system may be away before a task is parked."""

    attempts: int = 12
    backoff: Backoff = field(default_factory=lambda: Backoff(1, 900))
    failures_before_probing: int = 5


@dataclass(slots=True)
class CircuitBreaker:
    """Whether the center's own system seems to be there. One per center; it relearns after a restart.

    Only that system's answers move it: a neighbour whose files cannot be had says nothing of it."""

    policy: RetryPolicy
    failures: int = 0

    @property
    def probing(self) -> bool:
        """Everything has failed lately: one task at a time, and no attempt counts."""
        return self.failures >= self.policy.failures_before_probing

    def after(self, performed: Sequence[Answer]) -> "CircuitBreaker":
        """What a round teaches: any answer of the system, even a no, shows that it is there."""
        failures = self.failures
        for one in performed:
            if one.own and one.outcome != HandlerOutcome.NOT_BEGUN:
                failures = failures + 1 if one.outcome == HandlerOutcome.NOT_NOW else 0
        return CircuitBreaker(self.policy, failures)

    def record(self, performed: Sequence[Answer]) -> None:
        """Learn from a round that is written down."""
        self.failures = self.after(performed).failures
