"""The circuit breaker of the center's own system, driven by its recent answers."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from bus.backoff import Backoff


class HandlerOutcome(StrEnum):
    """The outcome of a task."""

    DONE = "done"
    NOT_NOW = "not-now"
    """The center's own system is away: the task is retried."""
    NOT_EVER = "not-ever"
    """A retry cannot help: the task is parked."""
    NOT_BEGUN = "not-begun"
    """The task was claimed and left to a later round: it is due again at once, and no attempt counts."""


class Answer(Protocol):
    """A task's result, as far as it says something about the center's own system."""

    @property
    def outcome(self) -> HandlerOutcome:
        """The outcome of the task."""

    @property
    def own(self) -> bool:
        """Whether the result says anything about that system."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How long a center's own system may be away before a task is parked."""

    attempts: int = 12
    backoff: Backoff = field(default_factory=lambda: Backoff(1, 900))
    failures_before_probing: int = 5


@dataclass(slots=True)
class CircuitBreaker:
    """The circuit breaker of the center's own system. One per center; it relearns after a restart. Only that system's
    answers move it: a peer whose files cannot be fetched does not count."""

    policy: RetryPolicy
    failures: int = 0

    @property
    def probing(self) -> bool:
        """Whether everything has failed lately: then one task runs at a time, and no attempt counts."""
        return self.failures >= self.policy.failures_before_probing

    def after(self, performed: Sequence[Answer]) -> "CircuitBreaker":
        """The breaker after a round: any answer of the system, even a refusal, shows that it is there."""
        failures = self.failures
        for one in performed:
            if one.own and one.outcome != HandlerOutcome.NOT_BEGUN:
                failures = failures + 1 if one.outcome == HandlerOutcome.NOT_NOW else 0
        return CircuitBreaker(self.policy, failures)

    def record(self, performed: Sequence[Answer]) -> None:
        """Learn from a round that is committed."""
        self.failures = self.after(performed).failures
