"""Marks: which reminders are due now, and when to look again. Pure.

A mark is given once for each deadline and rung; the record remembers the highest rung (``reminded``), so that neither a
crash nor a second process nor a clock set back repeats it. A mark says or lays work on a desk; it never moves holder,
version, offers, arbitration or status."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bus.clocks.deadlines import Deadline, deadlines, ignores_office_hours
from bus.clocks.rules import Clock, Level, Rules
from bus.clocks.terms import after, share_of
from bus.contract.messages import Mode
from bus.contract.working_days import CHINA
from bus.custody.record import Record, Reminder, Status

MOST_REMINDERS = 64
"""In one record; the oldest of deadlines that run no more are forgotten first."""
LADDER_CLOCKS = (Clock.SIGN, Clock.TERM, Clock.ASSIST)
"""Clocks whose rungs go above ``URGE`` where another center is waited for."""
QUIET_CLOCKS = (Clock.RATING, Clock.REOPEN)
"""Clocks that only note that a time has passed: nobody is told that it passes soon."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One reminder that is due."""

    deadline: Deadline
    level: Level
    to: tuple[str, ...]
    """Centers to be told; the own name: the own desk. Empty: a fact only."""


@dataclass(frozen=True, slots=True)
class Due:
    """What a look at a case has found."""

    marks: tuple[Mark, ...]
    next: datetime | None
    """When to look again; None: never, unless the record changes."""
    silent: tuple[Mark, ...] = ()
    """Reminders that a higher one has made needless: they are remembered, and not said."""
    waiting: bool = False
    """Whether a reminder above ``highest`` is due and waits."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How reminders are given at this moment."""

    one_each: bool = False
    """After a downtime: one reminder, the highest, for each case and addressee."""
    highest: Level = Level.ANNOUNCE
    """Reminders above this level wait."""


USUAL = Manner()


def look(record: Record, rules: Rules, now: datetime, manner: Manner = USUAL) -> Due:
    """Return the reminders of ``record`` that are due at ``now``, and the moment of the next."""
    due, coming = _reached(record, rules, now)
    if due and not ignores_office_hours(record) and (opening := rules.calendar.opens(now)) > now:
        return Due((), min([*coming, opening]))
    chosen, others = _one_each(record, due) if manner.one_each else _one_a_day(record, due, now)
    said = [mark for mark in chosen if mark.level <= manner.highest]
    put_off = bool(others) and not manner.one_each
    if put_off or (not coming and _is_watched(record)):
        coming.append(_next_morning(rules, now))
    again = min(coming, default=None)
    silent = tuple(others) if manner.one_each and said else ()
    return Due(tuple(said), again, silent, len(said) < len(chosen))


def _reached(record: Record, rules: Rules, now: datetime) -> tuple[list[Mark], list[datetime]]:
    """The highest rung reached of each deadline, where it was not given; and the moments of all rungs to come."""
    given = {one.key: Level(one.level) for one in record.reminded}
    due: list[Mark] = []
    coming: list[datetime] = []
    for deadline in deadlines(record, rules):
        rungs = list(_rungs(record, deadline, rules))
        reached = [level for level, moment in rungs if moment <= now]
        if reached and (highest := max(reached)) > given.get(deadline.key, -1):
            due.append(Mark(deadline, highest, _addressees(record, deadline, highest)))
        coming += [moment for _, moment in rungs if moment > now]
    return due, coming


def remember(record: Record, marks: Iterable[Mark], rules: Rules, now: datetime) -> Record:
    """Return the record that knows of these reminders."""
    new = {mark.deadline.key: _reminder(mark, now) for mark in marks}
    if not new:
        return record
    known = [one for one in record.reminded if one.key not in new]
    surplus = len(known) + len(new) - MOST_REMINDERS
    if surplus > 0:
        running = {deadline.key for deadline in deadlines(record, rules)}
        ended = [one for one in known if one.key not in running][:surplus]
        known = [one for one in known if one not in ended]
    return record.with_(reminded=(*known, *new.values())[-MOST_REMINDERS:])


def _reminder(mark: Mark, now: datetime) -> Reminder:
    return Reminder(key=mark.deadline.key, level=int(mark.level), at=now, to=mark.to)


def _rungs(record: Record, deadline: Deadline, rules: Rules) -> Iterator[tuple[Level, datetime]]:
    """Every rung of the deadline and its moment, lowest first."""
    own, at_night = deadline.waits_for == (record.me,), ignores_office_hours(record)

    def opens(moment: datetime) -> datetime:
        return moment if at_night else rules.calendar.opens(moment)

    if own and deadline.clock not in QUIET_CLOCKS:
        soon = opens(share_of(deadline.begins, deadline.due, rules.soon_percent, deadline.term, rules.calendar))
        if soon < deadline.due:
            yield Level.SOON, soon
    yield Level.URGE, opens(deadline.missed_at or deadline.due)
    at_origin = record.case.origin == record.me
    if deadline.clock in LADDER_CLOCKS and (not own or (deadline.clock is Clock.TERM and at_origin)):
        for level, term in sorted(rules.ladder.items()):
            yield level, opens(after(deadline.due, term, rules.calendar))


def _addressees(record: Record, deadline: Deadline, level: Level) -> tuple[str, ...]:
    if level is Level.ANNOUNCE:
        return ()
    if level is Level.SOON:
        return (record.me,)
    if deadline.clock is Clock.SIGN and level >= Level.SUPERVISE and _asked_openly(record):
        return (*deadline.waits_for, record.me)  # nobody bids: the offerer chooses another way
    arbiter = (record.arbiter,) if level is Level.ESCALATE and record.arbiter is not None else ()
    return tuple(dict.fromkeys((*deadline.waits_for, *arbiter)))


def _asked_openly(record: Record) -> bool:
    return record.offer_out is not None and record.offer_out.mode is Mode.OPEN


def _one_a_day(record: Record, due: list[Mark], now: datetime) -> tuple[list[Mark], list[Mark]]:
    """Split into the highest mark for each center and day, and the others. The own desk gets all of its own. A mark for
    several goes to those that were told nothing today."""
    if ignores_office_hours(record):
        return due, []
    today = now.astimezone(CHINA).date()
    told = {center for one in record.reminded if one.at.astimezone(CHINA).date() == today for center in one.to}
    said: list[Mark] = []
    others: list[Mark] = []
    for mark in sorted(due, key=_most_urgent):
        peers = {center for center in mark.to if center != record.me}
        if peers and peers <= told:
            others.append(mark)
            continue
        said.append(_but_for(told - {record.me}, mark))
        told |= peers
    return said, others


def _one_each(record: Record, due: list[Mark]) -> tuple[list[Mark], list[Mark]]:
    """Split into the highest mark for each addressee, and the others. A mark for nobody is of the own desk."""
    told: set[str] = set()
    said: list[Mark] = []
    others: list[Mark] = []
    for mark in sorted(due, key=_most_urgent):
        to = set(mark.to) or {record.me}
        if to <= told:
            others.append(mark)
            continue
        said.append(_but_for(told, mark))
        told |= to
    return said, others


def _but_for(told: set[str], mark: Mark) -> Mark:
    """The mark for those that were told nothing yet."""
    return replace(mark, to=tuple(center for center in mark.to if center not in told))


def _most_urgent(mark: Mark) -> tuple[int, datetime]:
    return -mark.level, mark.deadline.due


def _is_watched(record: Record) -> bool:
    """Whether an open case is this center's to look after."""
    return record.status is Status.OPEN and (record.mine or record.case.origin == record.me)


def _next_morning(rules: Rules, now: datetime) -> datetime:
    """The first opening of a day that is still to come."""
    midnight = now.astimezone(CHINA).replace(hour=0, minute=0, second=0, microsecond=0)
    today = rules.calendar.opens(midnight)
    return today if today > now else rules.calendar.opens(midnight + timedelta(days=1))


@dataclass(frozen=True, slots=True)
class Waiting:
    """One deadline that runs, for people: what was said of it, and what comes next."""

    deadline: Deadline
    given: Level | None
    """The highest rung that was given."""
    next: tuple[Level, datetime] | None
    """The next rung, and when it comes; None: all were given."""
    estimate: bool
    """Whether it ends in a year whose holidays are not announced."""


def overview(record: Record, rules: Rules) -> tuple[Waiting, ...]:
    """Return every deadline that runs in ``record``, in the order of the table."""
    given = {one.key: Level(one.level) for one in record.reminded}
    found: list[Waiting] = []
    for deadline in deadlines(record, rules):
        last = given.get(deadline.key)
        to_come = [rung for rung in _rungs(record, deadline, rules) if last is None or rung[0] > last]
        estimate = rules.calendar.is_estimate(deadline.due)
        found.append(Waiting(deadline, last, min(to_come, default=None), estimate))
    return tuple(found)
