"""Two centers play a month with their clocks on: restarts, crashes, downtimes, clocks that are set; by the seed."""

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bus.clocks.calendar import Calendar
from bus.clocks.deadlines import ignores_office_hours
from bus.contract import messages as k
from bus.contract.case import Urgency
from bus.contract.codec import decode
from bus.custody import Record, Refusal, Status
from bus.custody import commands as c
from bus.store import cases, timers
from bus.store import tables as t
from bus.store.unit_of_work import UnitOfWork
from tests.harness.clocked import MONDAY, Clocked, clocked
from tests.harness.step import MEDIA, PARTY, a_case, carry

DAYS = 31


class Crash(Exception):
    """The power is gone before a commit."""


class Month:
    """Both centers, the luck of the seed, and every urge that was heard."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.luck = random.Random(seed)  # noqa: S311 - luck, not a secret
        self.media, self.party = clocked(MEDIA, folder), clocked(PARTY, folder)
        self.both = (self.media, self.party)

    def close(self) -> None:
        """Let go of the stores."""
        for one in self.both:
            one.center.close()

    def records(self, at: Clocked) -> list[Record]:
        """Every case of a center."""
        with at.center.store.reading() as tx:
            return list(cases.read(tx, cases.ids(tx)).values())

    def act(self) -> None:
        """Somebody does something, if custody lets it."""
        draw = self.luck.random()
        if draw < 0.3:
            urgency = self.luck.choices(list(Urgency), (8, 2, 1))[0]
            case = a_case(MEDIA, received_at=self.media.center.now, urgency=urgency)
            self.media.center.execute(c.Register(case=case))
            return
        at = self.luck.choice(self.both)
        known = self.records(at)
        if known:
            with suppress(Refusal):
                at.center.execute(self.wish(at, self.luck.choice(known)))

    def wish(self, at: Clocked, record: Record) -> c.Command:
        """What people there may want of a case."""
        one, other = record.case.case_id, PARTY if at is self.media else MEDIA
        wishes: list[c.Command] = [
            c.Offer(case_id=one, to=(other,)), c.Accept(case_id=one), c.Accept(case_id=one),
            c.Report(case_id=one, stage="contacted", text="已联系"),
            c.Resolve(case_id=one, outcome=k.Outcome.DONE, public_reply="已办"),
            c.Close(case_id=one, replied_at=at.center.now), c.Rate(case_id=one, grade=self.luck.randint(1, 5)),
            c.Reopen(case_id=one, text="仍未解决"), c.AskAssist(case_id=one, to=other, ask="请协助"),
        ]  # fmt: skip
        return self.luck.choice(wishes)

    def trouble(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A restart, a crash, a clock that is set and set right, or nothing."""
        one, draw = self.luck.choice(self.both), self.luck.random()
        if draw < 0.1:
            one.restart()
        elif draw < 0.2:
            with monkeypatch.context() as patched, suppress(Crash):
                patched.setattr(UnitOfWork, "_write_timers", _no_power)
                one.look()
            one.restart()
        elif draw < 0.25:
            away = timedelta(hours=self.luck.choice([-1, 5, 700]))
            one.center.now += away
            one.look()
            one.center.now -= away
        for _ in range(self.luck.randint(0, 3)):
            one.look()

    def pass_by(self) -> None:
        """Time passes at both; now and then one of them is away for long."""
        span = timedelta(minutes=self.luck.choice([1, 20, 55, 55, 55]))
        if self.luck.random() < 0.01:
            span = timedelta(hours=self.luck.choice([2, 30, 100]))
        for one in self.both:
            one.wait(seconds=span.total_seconds())

    def urges(self) -> Iterator[tuple[str, str, str, str, datetime]]:
        """Case, who says it to whom, text and moment of each urge, to others and to the own desks."""
        for one in self.both:
            with one.center.store.reading() as tx:
                bodies = [
                    body for table in (t.outbox, t.work, t.archive)
                    for body in tx.execute(select(table.c.body).where(table.c.kind == "case.urged")).scalars()
                ]  # fmt: skip
            ours = {message.id: message for message in map(decode, bodies) if message.source == one.center.context.me}
            for message in ours.values():
                yield str(message.subject), one.center.context.me, message.recipient, message.data.text, message.time


def _no_power(_uow: object) -> None:
    raise Crash


@pytest.mark.parametrize("seed", range(3))
def test_a_month_of_two_centers(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No reminder twice, none at night but of emergencies; each open case has a next moment, and all timers are those
    that the records ask for."""
    month = Month(tmp_path, seed)
    end = MONDAY + timedelta(days=DAYS)
    while month.media.center.now < end:
        month.pass_by()
        if month.luck.random() < 0.04:
            month.act()
        if month.luck.random() < 0.5:
            carry(month.media.center, month.party.center)
        month.trouble(monkeypatch)
    said = list(month.urges())
    assert len(said) > 2
    assert [one for one, times in Counter(line[:4] for line in said).items() if times > 1] == []
    records = {str(one.case.case_id): one for one in month.records(month.media)}
    office = Calendar()
    for case, *_, moment in said:
        assert ignores_office_hours(records[case]) or office.opens(moment) == moment
    for one in month.both:
        one.restart()
        one.look()
        asked, known = one.next(), month.records(one)
        open_here = {str(record.case.case_id) for record in known if record.status is Status.OPEN and record.mine}
        assert open_here <= set(asked)
        assert one.center.store.write(timers.recount)
        one.look()
        assert one.next() == asked
    month.close()
