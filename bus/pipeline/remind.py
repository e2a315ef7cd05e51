"""Remind: the clocks look at the cases whose time has come, and say what is due.

One transaction a round: read the due timers, lock and load their cases, look (``bus.clocks``), say it, remember it in
the record, and set the next timer. The lock on the case makes each reminder single: a second process that saw the same
timer finds it remembered. A reminder moves no case. Who may be urged by ``case.urged`` is urged; every other reminder
is a line in the case's journal; only an arbiter whose program reads it hears of an escalation by ``case.escalated``.
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from bus.clocks.marks import QUIET_CLOCKS, USUAL, Due, Manner, Mark, look, remember
from bus.clocks.rules import Clock, Level, NoTerm, Rules
from bus.clocks.words import text_of
from bus.contract.messages import Escalated, Urged
from bus.custody import Outgoing, Record, Refusal, Status
from bus.custody.reminding import may_urge, remind
from bus.recovery.hooks import RECOVERY
from bus.store import timers
from bus.store.timestamps import ms
from bus.store.unit_of_work import UnitOfWork

CLAIM_LIMIT = 200
"""Most cases that share one commit."""
ON_THE_ROAD = timedelta(minutes=5)
"""A message without a receipt for so long has not reached its center: that center is not urged."""
A_DAY_MS = 86_400_000
"""After so long a case is looked at again whose record cannot be read, or which no term fits."""
AT_LEAST_MS = 1_000
"""No case is looked at again sooner."""


class Told(StrEnum):
    """How an addressee was told."""

    URGED = "urged"
    """By ``case.urged``."""
    DESK = "desk"
    """By work for the own system."""
    ESCALATED = "escalated"
    """By ``case.escalated``, the arbiter alone."""
    NOTED = "noted"
    """In the journal alone."""
    NOBODY_THERE = "nobody-there"
    """Not at all: the center has not receipted what was sent to it. The own operator is told."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a round may do."""

    manner: Manner = USUAL
    budget: int | None = None
    """Most reminders; None: any number."""
    waits_ms: int = 0
    """In how many milliseconds waiting reminders may be given."""


@dataclass(slots=True)
class Reminded:
    """What a round has done."""

    looked_at: int = 0
    full: bool = False
    """Whether more cases may be due."""
    again: bool = False
    """Whether the next round has work at once."""
    stepped: bool = False
    """Whether all is held, since the wall clock was set."""
    recovering: bool = False
    given: Counter[tuple[Clock, Level]] = field(default_factory=Counter)
    told: Counter[Told] = field(default_factory=Counter)
    away: Counter[str] = field(default_factory=Counter)
    """Centers that could not be urged, with the number of reminders."""
    unfit: Counter[str] = field(default_factory=Counter)
    """Cases that could not be looked at, by code."""
    said: int = 0
    """Messages in the outbox, and tasks for the own system."""

    @property
    def marks(self) -> int:
        """Reminders given."""
        return self.given.total()


def remind_due(uow: UnitOfWork, asked: Asked, *, has_desk: bool) -> Reminded:
    """Look at the due cases and flush ``uow``. ``has_desk``: whether the own system takes ``case.urged``."""
    rules = uow.context.clocks
    if rules is None:
        return Reminded()
    if RECOVERY.blocks_clocks(uow):
        return Reminded(recovering=True)
    limit = CLAIM_LIMIT if asked.budget is None else min(CLAIM_LIMIT, asked.budget)
    due = timers.due(uow.tx, uow.now_ms, limit)
    since_ms = ms(uow.now - ON_THE_ROAD)
    round_ = _Round(uow, rules, asked, has_desk, timers.on_the_road(uow.tx, due, since_ms))
    round_.done.full = len(due) == limit
    uow.load(due)
    for case_id in due:
        if asked.budget is not None and round_.done.marks >= asked.budget:
            break
        round_.look_at(case_id)
    round_.done.said = uow.flush()
    return round_.done


class _Reminder(NamedTuple):
    """One reminder for one addressee; for nobody: a fact."""

    mark: Mark
    to: str
    how: Told

    @property
    def clock(self) -> str:
        return self.mark.deadline.clock.value

    @property
    def code(self) -> str:
        """The line of the journal: ``urge.urged``."""
        return f"{self.mark.level.name.lower()}.{self.how}"

    def counts_for(self, mark: Mark) -> bool:
        """Whether the record remembers that this addressee heard this mark."""
        return self.mark is mark and bool(self.to) and self.how is not Told.NOBODY_THERE

    def message(self, record: Record) -> Urged | Escalated | None:
        """What the addressee is sent; None: nothing."""
        deadline, text = self.mark.deadline, text_of(self.mark)
        level, clock = int(self.mark.level), deadline.clock.value
        if self.how in (Told.URGED, Told.DESK):
            return Urged(version=record.version, text=text, level=level, clock=clock, due=deadline.due)
        if self.how is not Told.ESCALATED:
            return None
        return Escalated(
            version=record.version,
            holder=record.holder,
            clock=clock,
            level=level,
            due=deadline.due,
            text=text,
            case=record.case.without_resident(),
            path=record.path,
            round=record.round,
        )


@dataclass(slots=True)
class _Round:
    uow: UnitOfWork
    rules: Rules
    asked: Asked
    has_desk: bool
    on_the_road: set[tuple[UUID, str]]
    done: Reminded = field(default_factory=Reminded)

    def look_at(self, case_id: UUID) -> None:
        """Say what is due in one case, and set its timer; a case that cannot be looked at harms no other."""
        self.done.looked_at += 1
        try:
            with self.uow.savepoint():
                next_ms = self._looked_at(case_id)
        except Refusal as refusal:
            self.done.unfit[refusal.code] += 1
            next_ms = self.uow.now_ms + A_DAY_MS
        except (ValueError, OverflowError) as unfit:  # also a moment at the end of all calendars
            self.done.unfit["no-term" if isinstance(unfit, NoTerm) else "no-date"] += 1
            next_ms = self.uow.now_ms + A_DAY_MS
        self.uow.look_again(case_id, next_ms)

    def _looked_at(self, case_id: UUID) -> int | None:
        record = self.uow.record(case_id)
        if record is None:
            return None
        found = look(record, self.rules, self.uow.now, self.asked.manner)
        if found.marks:
            self._give(case_id, record, found)
        return self._next_ms(found)

    def _next_ms(self, found: Due) -> int | None:
        moments = [ms(found.next)] if found.next is not None else []
        if found.waiting:
            moments.append(self.uow.now_ms + self.asked.waits_ms)
        return max(min(moments), self.uow.now_ms + AT_LEAST_MS) if moments else None

    def _give(self, case_id: UUID, record: Record, found: Due) -> None:
        """Say, write and count the marks of one case: one decision, and a line of the journal for each addressee."""
        told = [
            _Reminder(mark, to, self._way(case_id, record, mark, to)) for mark in found.marks for to in mark.to or ("",)
        ]
        kept = [replace(mark, to=tuple(one.to for one in told if one.counts_for(mark))) for mark in found.marks]
        silent = [replace(mark, to=()) for mark in found.silent]
        after = remember(record, [*silent, *kept], self.rules, self.uow.now)
        says = [Outgoing(one.to, message) for one in told if (message := one.message(record)) is not None]
        first, *others = told
        self.uow.remind(remind(record, after, says), first.clock, first.to, first.code)
        for one in others:
            self.uow.journal(case_id, "reminded", one.clock, one.to, None, one.code)
        self.done.given.update((mark.deadline.clock, mark.level) for mark in found.marks)
        self.done.told.update(one.how for one in told)
        self.done.away.update(one.to for one in told if one.how is Told.NOBODY_THERE)

    def _way(self, case_id: UUID, record: Record, mark: Mark, to: str) -> Told:
        """The own desk gets its lights as work: that a term ends soon, or has ended, for which it is waited."""
        if not to:
            return Told.NOTED
        if to == record.me:
            works = mark.deadline.clock not in QUIET_CLOCKS and self.has_desk
            return Told.DESK if works and (record.mine or to in mark.deadline.waits_for) else Told.NOTED
        if (case_id, to) in self.on_the_road:
            return Told.NOBODY_THERE
        if may_urge(record, to):
            return Told.URGED
        up = to == record.arbiter and mark.level >= Level.ESCALATE and record.status is Status.OPEN
        return Told.ESCALATED if up and self.uow.context.reads(to, Escalated.kind) else Told.NOTED
