"""When the center's own system is asked for what is new: every so many seconds, at once while there is more, and later
and later while it does not answer."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bus.backoff import Backoff
from bus.pipeline.poll import PollOutcome, PollResult
from bus.runtime.loops import FaultKind, LoopFault
from bus.sdk.polls import Poll

AGAIN = Backoff(first=1, longest=60)
"""Seconds until the next try while one fails; never less than the poll's own pause."""
LOOP = "poll"
_KINDS = {PollOutcome.NOT_NOW: FaultKind.BACKEND, PollOutcome.FAULT: FaultKind.FAULT}


@dataclass(slots=True)
class _Turn:
    poll: Poll
    due: float
    failures: int = 0
    last: PollResult | None = None


class Polling:
    """The polls of one center, and how each of them went last. One thread asks; others may look."""

    def __init__(self, timer: Callable[[], float] = time.monotonic) -> None:
        self._timer = timer
        self._turns: dict[str, _Turn] = {}

    def begin(self, polls: Iterable[Poll]) -> bool:
        """Ask for these from now on, at once. Returns whether there is anything to ask for."""
        self._turns = {poll.name: _Turn(poll, self._timer()) for poll in polls}
        return bool(self._turns)

    def due(self) -> Poll | None:
        """The one that has waited longest; None: none is due."""
        first = min(self._turns.values(), key=lambda turn: turn.due)
        return first.poll if first.due <= self._timer() else None

    def wait(self) -> float:
        """Seconds until one is due."""
        return max(0.0, min(turn.due for turn in self._turns.values()) - self._timer())

    def record(self, result: PollResult) -> None:
        """It was asked, and this came of it."""
        turn = self._turns[result.poll]
        turn.last = result
        turn.failures = 0 if result.outcome is PollOutcome.READ else turn.failures + 1
        turn.due = self._timer() + (0 if result.more else self._pause(turn, result))

    def _pause(self, turn: _Turn, result: PollResult) -> float:
        if not turn.failures:
            return turn.poll.every
        return max(turn.poll.every, AGAIN.delay_ms(turn.failures - 1) / 1000, result.after or 0)

    def faults(self) -> list[LoopFault]:
        """What was asked for in vain the last time."""
        lasts = [turn.last for turn in list(self._turns.values()) if turn.last is not None and turn.failures]
        return [LoopFault(LOOP, _KINDS[last.outcome], f"{last.poll}: {last.code}") for last in lasts]
