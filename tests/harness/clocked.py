"""A bare center with its clocks on, and a running clock that the test holds."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from bus.clocks.rules import Rules
from bus.contract.case import Case
from bus.contract.working_days import CHINA
from bus.custody import Record
from bus.pipeline.clock_guard import ClockGuard
from bus.pipeline.remind import Reminded
from bus.runtime.reminding import Reminding
from bus.store import cases, timers
from bus.store import tables as t
from bus.store.timers import ClockState
from bus.store.timestamps import ms
from tests.harness.step import BareCenter

RULES = Rules()


def at(text: str) -> datetime:
    """A moment in China, from ``2026-11-24 09:00``."""
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)


MONDAY = at("2026-11-23 09:00")


@dataclass
class Clocked:
    """One process of a center: its wall clock is that of the center, its running clock stands in ``ran``."""

    center: BareCenter
    rules: Rules = RULES
    has_desk: bool = True
    ran: float = 1000.0
    reminding: Reminding = field(init=False)

    def __post_init__(self) -> None:
        self.center.context = replace(self.center.context, clocks=self.rules)
        self.restart()

    def restart(self) -> None:
        """The same center in a new process."""
        guard = ClockGuard(lambda: self.ran)
        self.reminding = Reminding(
            self.center.store, self.center.context, self.rules, lambda: self.center.now, self.has_desk, guard
        )

    def wait(self, **span: float) -> None:
        """Let time pass on both clocks."""
        self.center.now += timedelta(**span)
        self.ran += timedelta(**span).total_seconds()

    def until(self, moment: datetime) -> list[Reminded]:
        """Let time pass, with a look before each hour is over."""
        done = []
        while self.center.now < moment:
            step = min(timedelta(minutes=55), moment - self.center.now)
            self.wait(seconds=step.total_seconds())
            done += self.look()
        return done

    def look(self) -> list[Reminded]:
        """Rounds until nothing is to be done at once."""
        done = [self.reminding.round()]
        while done[-1].again:
            done.append(self.reminding.round())
        return done

    def settle(self) -> None:
        """As a center whose clocks have been on for long: all timers are set, and nothing is caught up with."""
        self.look()
        with self.center.store.reading() as tx:
            known = timers.state(tx)
        assert known is not None
        self.center.store.write(lambda tx: timers.keep_state(tx, known._replace(back_ms=0, away_ms=0)))

    def state(self) -> ClockState:
        """What the clocks remember."""
        with self.center.store.reading() as tx:
            known = timers.state(tx)
        assert known is not None
        return known

    def record(self, of: Case) -> Record:
        """The record of a case."""
        with self.center.store.reading() as tx:
            return cases.read(tx, [of.case_id])[of.case_id]

    def lines(self) -> list[tuple[str, str, str]]:
        """The reminders in the journal: clock, addressee, level and way."""
        with self.center.store.reading() as tx:
            found = tx.execute(select(t.journal).where(t.journal.c.way == "reminded").order_by(t.journal.c.id))
            return [(row.kind, row.peer, row.note) for row in found]

    def sent(self) -> list[tuple[str, str]]:
        """Kind and recipient of each message in the outbox."""
        with self.center.store.reading() as tx:
            found = tx.execute(select(t.outbox.c.kind, t.outbox.c.recipient).order_by(t.outbox.c.id))
            return [(row.kind, row.recipient) for row in found]

    def tasks(self) -> list[str]:
        """The kinds of the tasks for the own system."""
        with self.center.store.reading() as tx:
            return list(tx.execute(select(t.work.c.kind).order_by(t.work.c.id)).scalars())

    def next(self) -> dict[str, int]:
        """Every timer."""
        with self.center.store.reading() as tx:
            return {row.case_id: row.next_ms for row in tx.execute(select(t.timers))}


def clocked(
    name: str, folder: Path, now: datetime = MONDAY, rules: Rules = RULES, arbiter: str | None = None
) -> Clocked:
    """A center whose clocks have been on for long."""
    center = BareCenter(name, folder, arbiter)
    center.now = now
    made = Clocked(center, rules)
    made.settle()
    return made


def milliseconds(text: str) -> int:
    """A moment in China as the store has it."""
    return ms(at(text))
