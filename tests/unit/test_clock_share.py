"""The share of its time that the clocks' loop works: all of it in an idle center, a twentieth beside other steps."""

from dataclasses import dataclass, field
from typing import cast

import pytest
from prometheus_client import CollectorRegistry

from bus.log import log
from bus.operations.reminder_metrics import ReminderMetrics
from bus.pipeline.remind import Reminded
from bus.runtime.clock_loop import REMIND_EVERY, ClockLoop
from bus.runtime.engine import Engine
from tests.harness.step import MEDIA


@dataclass
class Rounds:
    """An engine's part that the loop reads: each round takes so long, and so many commits of others fall in it."""

    takes: float
    commits: int = 0
    more: bool = True
    changes: int = field(default=7, init=False)
    now: float = field(default=100.0, init=False)

    def timer(self) -> float:
        """The monotonic clock."""
        return self.now

    def remind(self) -> Reminded:
        """One round."""
        self.now += self.takes
        self.changes += self.commits
        return Reminded(again=self.more)


def turn(engine: Rounds) -> float:
    """The pause after one turn."""
    return ClockLoop(cast(Engine, engine), ReminderMetrics(MEDIA, CollectorRegistry()), log()).turn()


def test_an_idle_center_works_off_its_timers_at_once() -> None:
    """A million timers that are due after a night are not paced where nobody else commits."""
    assert turn(Rounds(0.08)) == 0.0


def test_beside_other_steps_the_clocks_take_a_twentieth() -> None:
    """A round of 80 ms is followed by 1.52 s of pause."""
    pause = turn(Rounds(0.08, commits=1))
    assert 0.08 / (0.08 + pause) == pytest.approx(1 / 20)


def test_no_pause_is_longer_than_the_loop_sleeps_with_nothing_due() -> None:
    """A round that waited a minute for the store's lock does not put the next one off by twenty."""
    assert turn(Rounds(60.0, commits=9)) == REMIND_EVERY


def test_with_nothing_more_due_the_loop_sleeps() -> None:
    """Commits of others change nothing then."""
    assert turn(Rounds(0.01, commits=3, more=False)) == REMIND_EVERY
