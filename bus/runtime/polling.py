"""The schedule of polls of the center's own system: at an interval, at once while there is more, and with backoff while
it does not answer."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bus.backoff import Backoff
from bus.pipeline.poll import PollOutcome, PollResult
from bus.runtime.loops import FaultKind, LoopFault
from bus.sdk.polls import Poll

AGAIN = Backoff(first=1, longest=60)
"""Backoff in seconds while a poll fails; never less than the poll's own interval."""
LOOP = "poll"
_KINDS = {PollOutcome.NOT_NOW: FaultKind.BACKEND, PollOutcome.FAULT: FaultKind.FAULT}


@dataclass(slots=True)
class _Turn:
    poll: Poll
    due: float
    failures: int = 0
    last: PollResult | None = None


class Polling:
    """The polls of one center and their last results. One thread polls; others may read."""

    def __init__(self, timer: Callable[[], float] = time.monotonic) -> None:
        self._timer = timer
        self._turns: dict[str, _Turn] = {}

    def begin(self, polls: Iterable[Poll]) -> bool:
        """Schedule these polls, due at once. Returns whether there are any."""
        self._turns = {poll.name: _Turn(poll, self._timer()) for poll in polls}
        return bool(self._turns)

    def due(self) -> Poll | None:
        """The due poll that has waited longest; None: none is due."""
        first = min(self._turns.values(), key=lambda turn: turn.due)
        return first.poll if first.due <= self._timer() else None

    def wait(self) -> float:
        """Seconds until one is due."""
        return max(0.0, min(turn.due for turn in self._turns.values()) - self._timer())

    def record(self, result: PollResult) -> None:
        """Record a poll's result."""
        turn = self._turns[result.poll]
        turn.last = result
        turn.failures = 0 if result.outcome is PollOutcome.READ else turn.failures + 1
        turn.due = self._timer() + (0 if result.more else self._pause(turn, result))

    def _pause(self, turn: _Turn, result: PollResult) -> float:
        if not turn.failures:
            return turn.poll.every
        return max(turn.poll.every, AGAIN.delay_ms(turn.failures - 1) / 1000, result.after or 0)

    def faults(self) -> list[LoopFault]:
        """The polls that failed last time."""
        lasts = [turn.last for turn in list(self._turns.values()) if turn.last is not None and turn.failures]
        return [LoopFault(LOOP, _KINDS[last.outcome], f"{last.poll}: {last.code}") for last in lasts]
