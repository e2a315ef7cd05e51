"""The timers of the remind step: how many are claimed, when they ring, and that they follow from the records."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bus.clocks.deadlines import deadlines
from bus.clocks.rules import Clock, Rules
from bus.custody.commands import AskAssist, Offer, Register
from bus.pipeline import remind as step
from bus.store import timers
from bus.store.unit_of_work import UnitOfWork
from tests.harness.clocked import MONDAY, Clocked, milliseconds
from tests.harness.step import MEDIA, PARTY, a_case
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
    uow = UnitOfWork(None, media.center.context, media.center.now)  # type: ignore[arg-type]  # it asks no store
    assert step.remind_due(uow, step.Asked(), has_desk=True) == step.Reminded()


def test_a_date_at_either_end_of_the_calendar_harms_nobody(media: Clocked) -> None:
    """Whatever a neighbour names: it counts as some years, and neither a round nor the machine is lost over it."""
    far = datetime(2199, 12, 31, tzinfo=UTC)
    cases = [
        a_case(MEDIA, received_at=media.center.now, due=far),
        a_case(MEDIA, received_at=datetime(1900, 1, 2, tzinfo=UTC)),
    ]
    media.center.execute(*(Register(case=case) for case in cases))
    good = registered(media)
    media.center.execute(Offer(case_id=good.case_id, to=(PARTY,)))
    media.center.execute(AskAssist(case_id=cases[0].case_id, to=PARTY, ask="请协助", due=far))
    began = time.process_time()
    media.look()
    assert time.process_time() - began < 20
    assert milliseconds("2032-01-01 00:00") > max(media.next().values())
    assert len(media.next()) == 3
    assert all(at_ms > milliseconds("2026-11-23 09:00") for at_ms in media.next().values())
