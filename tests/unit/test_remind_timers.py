"""The timers of the remind step: how many are claimed, when they ring, and that they follow from the records."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bus.clocks.deadlines import deadlines
from bus.clocks.rules import Clock, Rules
from bus.pipeline import remind as step
from bus.store import timers
from tests.harness.clocked import MONDAY, Clocked
from tests.unit.test_remind import media, registered

__all__ = ["media"]


def test_a_round_claims_no_more_than_its_share(media: Clocked, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others come in the next round at once."""
    monkeypatch.setattr(step, "CLAIM_LIMIT", 3)
    for _ in range(7):
        registered(media)
    assert [one.looked_at for one in media.look()] == [3, 3, 1]


def test_the_timer_is_the_first_moment_of_the_record(media: Clocked) -> None:
    """Which is when most of the shortest term has passed."""
    case = registered(media)
    media.look()
    first = min(one.due for one in deadlines(media.record(case), Rules()) if one.clock is Clock.TERM)
    (next_ms,) = media.next().values()
    assert next_ms < int(first.timestamp() * 1000)
    assert next_ms > int((MONDAY + timedelta(days=2)).timestamp() * 1000)


def test_the_same_rules_in_another_process_set_the_same_timers(media: Clocked) -> None:
    """Timers follow from the records alone."""
    for _ in range(3):
        registered(media)
    media.look()
    before = media.next()
    media.center.store.write(lambda tx: timers.forget(tx, list(before)))
    media.center.store.write(timers.recount)
    media.restart()
    media.look()
    assert media.next() == before


def test_with_the_clocks_off_a_round_does_nothing(media: Clocked) -> None:
    """Also where timers of an earlier time lie in the store."""
    registered(media)
    media.center.context = replace(media.center.context, clocks=None)
    uow = step.UnitOfWork(None, media.center.context, media.center.now)  # type: ignore[arg-type]  # it asks no store
    assert step.remind_due(uow, step.Asked(), has_desk=True) == step.Reminded()
