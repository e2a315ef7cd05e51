"""Several lanes told at once: by time, but never against the places of one lane."""

from datetime import datetime, timedelta
from typing import Any

from bus.contract.envelope import Message, compose
from bus.contract.ids import new_id
from bus.contract.messages import Urged
from bus.recovery.order import in_order
from tests.harness.step import NOW

CASE = new_id()


def _said(source: str, sequence: int, now: datetime) -> Message[Any]:
    data = Urged(version=1, text="请尽快办理")
    return compose(data, source=source, recipient="civil-150402", now=now, subject=CASE, sequence=sequence)


def test_what_one_commit_said_keeps_its_places() -> None:
    """One time for all of it, and ids that say nothing: the order in which it was given is no matter."""
    for _ in range(20):
        three = [_said("media-150402", place, NOW) for place in (1, 2, 3)]
        assert [one.sequence for one in in_order(reversed(three))] == [1, 2, 3]


def test_a_clock_set_back_turns_no_lane_round_and_other_lanes_stand_by_their_time() -> None:
    """The second place was said an hour before the first, by its sender's clock; a third center spoke in between."""
    first, second = _said("media-150402", 1, NOW), _said("media-150402", 2, NOW - timedelta(hours=1))
    before, after = _said("party-150402", 7, NOW - timedelta(minutes=1)), _said("party-150402", 8, NOW + timedelta(1))
    assert in_order([after, second, first, before]) == [before, first, second, after]
