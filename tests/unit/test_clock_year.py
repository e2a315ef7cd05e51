"""Four centers of a county play the year 2026 with their clocks on: its holidays, a week of downtime, a restore."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import func, select

from bus.clocks.calendar import Calendar
from bus.clocks.deadlines import ignores_office_hours
from bus.clocks.marks import look
from bus.contract import messages as k
from bus.contract.case import Urgency
from bus.contract.codec import decode
from bus.contract.envelope import Message
from bus.contract.working_days import CHINA
from bus.custody import Record, Refusal, Status
from bus.custody import commands as c
from bus.recovery import requester
from bus.store import tables as t
from bus.store import timers
from bus.store.timestamps import ms
from tests.harness.clocked import RULES, Clocked, at
from tests.harness.recovering_county import Restored
from tests.harness.step import a_case

BEGIN, END = at("2026-01-05 09:00"), at("2027-01-05 09:00")
DOWN, UP = at("2026-06-15 09:00"), at("2026-06-22 09:00")
"""One center is away: a working week, with the Dragon Boat Festival in it."""
BACKUP, RESTORE = at("2026-09-01 12:00"), at("2026-09-03 12:00")
OFFICE = Calendar()
FIRST = select(func.min(t.timers.c.next_ms))
PEOPLE = 0.3
"""Acts of people for each hour of office."""


class Year:
    """The county, its luck, and its virtual time."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.county, self.luck = Restored(folder, seed), random.Random(seed)  # noqa: S311 - luck, not a secret
        self.county.now, self.county.road.bad = BEGIN, False
        self.down: set[str] = set()
        self._away: set[str] = set()
        """Centers that come back, and have not looked yet."""
        self.clocked = {name: self._clocked(name) for name in self.county.names}
        self.a, self.b, _, self.arbiter = self.county.names

    def _clocked(self, name: str) -> Clocked:
        center = self.county.centers[name]
        center.now = self.county.now
        center.context = replace(center.context, reads=lambda _center, _kind: True)
        made = Clocked(center)
        made.settle()
        return made

    # -- time --------------------------------------------------------------------------------------------------------

    def play(self) -> None:
        """The whole year, from moment to moment: what people do, and what is due."""
        plan = self._plan()
        while (moment := min(plan[0][0], self._next_timer())) < END:
            self.county.now = max(self.county.now, moment)
            if plan[0][0] <= moment:
                plan.pop(0)[1]()
                self._carry()
            if sum(self._look(name) for name in self.county.names):
                self._carry()

    def _plan(self) -> list[tuple[datetime, Callable[[], object]]]:
        """Moment and deed, in order. Nobody works at night or on a holiday; emergencies come at any time."""
        plan: list[tuple[datetime, Callable[[], object]]] = [
            (DOWN, lambda: self.down.add(self.a)),
            (UP, self._up),
            (BACKUP, self._back_up),
            (RESTORE, self._put_back),
            (END, lambda: None),
        ]
        now = BEGIN
        while now < END:
            now += timedelta(minutes=self.luck.randrange(30, 90))
            if OFFICE.opens(now) == now and self.luck.random() < PEOPLE:
                plan.append((now, self._act))
            elif self.luck.random() < 0.0005:
                plan.append((now, lambda: self._register(Urgency.EMERGENCY)))
        return sorted(plan, key=lambda one: one[0])

    def _next_timer(self) -> datetime:
        due = min(self._due_ms(name) for name in self.county.names if name not in self.down)
        return datetime.fromtimestamp(due / 1000, BEGIN.tzinfo)

    def _due_ms(self, name: str) -> int:
        with self.county.centers[name].store.reading() as tx:
            due: int | None = tx.execute(FIRST).scalar()
        return ms(END) if due is None else due

    def _look(self, name: str) -> int:
        """A round of its clocks, where one is due. In between it has looked all along, and found nothing. Returns how
        much it has said."""
        one = self.clocked[name]
        one.center.now = self.county.now
        one.ran = 1000 + (self.county.now - BEGIN).total_seconds()
        if name in self.down or self._due_ms(name) > ms(self.county.now):
            return 0
        known, now = one.state(), ms(self.county.now)
        if not known.back_ms and name not in self._away:
            one.center.store.write(lambda tx: timers.keep_state(tx, known._replace(seen_ms=now - 60_000)))
        self._away.discard(name)
        return sum(done.said for done in one.look())

    # -- what people do ----------------------------------------------------------------------------------------------

    def _register(self, urgency: Urgency) -> None:
        name = self.luck.choice([one for one in self.county.names[:3] if one not in self.down])
        case = a_case(name, received_at=self.county.now, urgency=urgency)
        self._do(name, c.Register(case=case))

    def _act(self) -> None:
        if self.luck.random() < 0.12:
            self._register(self.luck.choices((Urgency.NORMAL, Urgency.URGENT), (5, 1))[0])
            return
        name = self.luck.choice([one for one in self.county.names if one not in self.down])
        known = [one for one in self.county.records(name).values() if one.status is not Status.CLOSED]
        some = known or list(self.county.records(name).values())
        if some and not requester.going_on(self.county.centers[name].store):
            with suppress(Refusal):
                self._do(name, self._wish(name, self.luck.choice(some)))

    def _wish(self, name: str, record: Record) -> c.Command:
        one = record.case.case_id
        others = [other for other in self.county.names if other != name]
        until = OFFICE.end_of_day(self.county.now, self.luck.randrange(3, 12))
        wishes: list[c.Command] = [
            c.Offer(case_id=one, to=(self.luck.choice(others),)), c.Accept(case_id=one), c.Accept(case_id=one),
            c.Decline(case_id=one, reason=k.Reason.NOT_DUTY), c.AnswerAssist(case_id=one, done=True, text="已协助"),
            c.Report(case_id=one, stage="contacted", text="已联系"), c.AskAssist(case_id=one, to=others[0], ask="请助"),
            c.AskExtension(case_id=one, until=until, reason="等待配件"), c.AnswerExtension(case_id=one, granted=True),
            c.AskExtension(case_id=one, until=until, reason="等待配件", what=k.MoreTime.HOLD),
            c.Hold(case_id=one, text="等待配件"), c.Resume(case_id=one, text="配件已到"),
            c.AskArbiter(case_id=one, ground=k.Ground.SILENT), c.Rule(case_id=one, holder=others[0], text="由其承办"),
            c.Resolve(case_id=one, outcome=k.Outcome.DONE, public_reply="已办"), c.Close(case_id=one, replied_at=BEGIN),
            c.Resolve(case_id=one, outcome=k.Outcome.DONE, public_reply="已办"), c.Close(case_id=one, replied_at=BEGIN),
            c.Rate(case_id=one, grade=self.luck.randint(1, 5)), c.Reopen(case_id=one, text="仍未解决"),
        ]  # fmt: skip
        return self.luck.choice(wishes)

    def _do(self, name: str, command: c.Command) -> None:
        self.county.centers[name].now = self.county.now
        self.county.centers[name].execute(command)

    # -- the road, a downtime, a restore -----------------------------------------------------------------------------

    def _carry(self) -> None:
        """All that is said arrives, but at a center that is away."""
        for _ in range(8):
            for name in self.county.names:
                if name not in self.down:
                    self.county.relay(name)
            if not self.county.road.parcels:
                return
            road = self.county.road
            road.parcels = [parcel for parcel in road.parcels if parcel[0] not in self.down]
            while road.parcels:
                self.county.deliver()

    def _up(self) -> None:
        self.down.discard(self.a)
        self._away = {self.a}
        self.clocked[self.a].restart()

    def _back_up(self) -> None:
        self.backup = self.county.backup(self.b)

    def _put_back(self) -> None:
        """The center loses two days; its peers tell it what it has said and heard."""
        self.county.put_back(self.b, self.backup)
        self.county.rest()
        self.county.road.bad = False
        self.clocked[self.b] = one = Clocked(self.county.centers[self.b], ran=self.clocked[self.b].ran)
        one.center.now = self.county.now
        self._away = {self.b}

    # -- what is true of it ------------------------------------------------------------------------------------------

    def said(self) -> Iterator[Message[k.Urged | k.Escalated]]:
        """Every reminder that any center has said, as somebody still has it, each once."""
        found: dict[UUID, Message[k.Urged | k.Escalated]] = {}
        kinds = (k.Urged.kind, k.Escalated.kind)
        for center in self.county.centers.values():
            with center.store.reading() as tx:
                for table in (t.outbox, t.work, t.archive):
                    for body in tx.execute(select(table.c.body).where(table.c.kind.in_(kinds))).scalars():
                        message = decode(center.context.security.unseal(body) if body[:1] != b"{" else body)
                        found[message.id] = message
        yield from found.values()


def test_a_year_of_four_centers(tmp_path: Path) -> None:
    """No mark twice, none missing, none at night but of emergencies, one a day for each addressee; each open case has a
    next moment, timers are those that the records ask for, and all agree about every case."""
    year = Year(tmp_path, 2)
    year.play()
    year.county.rest()
    year.down.clear()
    for name, one in year.clocked.items():
        one.restart()
        year._look(name)
    said = list(year.said())
    texts = Counter((one.subject, one.source, one.recipient, one.data.text) for one in said)
    assert len(texts) > 100
    assert [line for line, times in texts.items() if times > 1] == []
    records: dict[UUID | None, Record] = {key: one[0] for key, one in year.county.all().items()}
    for message in said:
        assert ignores_office_hours(records[message.subject]) or OFFICE.opens(message.time) == message.time
    days = Counter(_day(one) for one in said if not ignores_office_hours(records[one.subject]))
    assert {times for (_, source, to, _), times in days.items() if source != to} == {1}
    assert {message.data.level for message in said} >= {0, 1, 2, 3}
    _each_center(year)
    for known in year.county.all().values():
        origin = next(one for one in known if one.case.origin == one.me)
        told = [one for one in known if one.me in origin.path]
        assert {(one.holder, one.version, one.round) for one in told} == {(origin.holder, origin.version, origin.round)}
    year.county.close()


def _day(one: Message[k.Urged | k.Escalated]) -> tuple[UUID | None, str, str, date]:
    """Case, who says it to whom, and the day in China."""
    return one.subject, one.source, one.recipient, one.time.astimezone(CHINA).date()


def _each_center(year: Year) -> None:
    for name, one in year.clocked.items():
        known, asked = year.county.records(name), one.next()
        for case_id, record in known.items():
            due = look(record, RULES, year.county.now)
            assert due.marks == (), f"{name} has left something unsaid"
            if record.status is Status.OPEN and (record.mine or record.case.origin == name):
                assert str(case_id) in asked
            if record.status is Status.CLOSED and record.case.origin != name:
                assert str(case_id) not in asked
        assert one.center.store.write(timers.recount)
        one.look()
        assert one.next() == asked
