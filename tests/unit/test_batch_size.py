"""How many tasks a round at the desk takes on: it grows with a quick system, and stops with a slow or absent one."""

import pytest

from bus.runtime.batch_size import LONGEST, QUICK, AdaptiveBatchSize


class Clock:
    """Stands still until it is moved."""

    now = 100.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now


def _round(pace: AdaptiveBatchSize, clock: Clock, tasks: int, seconds: float, failed: int = 0) -> int:
    """How many of these tasks were begun."""
    pace.begin()
    begun = 0
    for number in range(tasks):
        if pace.exhausted():
            break
        begun += 1
        clock.now += seconds / tasks
        pace.record(failed=number < failed)
    pace.end(tasks)
    return begun


def test_full_rounds_of_a_quick_system_grow_up_to_the_most() -> None:
    """A backlog is worked off in few commits; a short round teaches nothing."""
    clock = Clock()
    pace = AdaptiveBatchSize(16, 100, 5, clock)
    assert (_round(pace, clock, 3, 0), pace.size) == (3, 16)
    sizes = [(_round(pace, clock, pace.size, QUICK / 2), pace.size) for _ in range(4)]
    assert sizes == [(16, 32), (32, 64), (64, 100), (100, 100)]


def test_a_slow_round_halves_the_next_but_not_below_the_least() -> None:
    """What is claimed must not wait long for the slowest of its round."""
    clock = Clock()
    pace = AdaptiveBatchSize(16, 100, 5, clock)
    pace.size = 64
    sizes = [(_round(pace, clock, pace.size, QUICK * 2), pace.size) for _ in range(3)]
    assert sizes == [(64, 32), (32, 16), (16, 16)]


@pytest.mark.parametrize(("seconds", "failed", "begun"), [(LONGEST * 4, 0, 6), (0, 20, 5), (0, 4, 20)])
def test_the_rest_is_left_when_all_fails_or_it_takes_too_long(seconds: float, failed: int, begun: int) -> None:
    """Five failures in a row, or half a minute; four failures and a success are no reason."""
    clock = Clock()
    assert _round(AdaptiveBatchSize(20, 100, 5, clock), clock, 20, seconds, failed) == begun
