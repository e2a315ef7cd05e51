"""Charges: whose time it was, from the resident's first word to the close. Pure.

They are counted from the journal, as this center heard it. What it cannot see, the holder is charged with: between
which centers another holder has offered the case is known to these centers alone."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bus.custody.record import Record


class Why(StrEnum):
    """Why the time is a center's."""

    HOLDER = "holder"
    """It had the case."""
    OFFERED = "offered"
    """It was offered the case, and had not answered."""
    ROAD = "road"
    """Nobody's: the offer had not arrived."""
    RETURNED = "returned"
    """It had the case again after a return."""
    ARBITER = "arbiter"
    """It was asked to rule."""
    REPLY = "reply"
    """The result was there, and the resident was not told."""
    EXTENSION = "extension"
    """It was asked for more time, and had not answered when the term ended."""
    HOLD = "hold"
    """Nobody's: a hold was granted."""


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the case's journal."""

    at: datetime
    way: str
    kind: str
    peer: str
    holder: str
    arrived: datetime | None = None
    """Of an offer that was said: when its receipt came."""


@dataclass(frozen=True, slots=True)
class Charge:
    """One span of time."""

    center: str
    """Empty: nobody's."""
    begins: datetime
    ends: datetime
    why: Why


Whose = tuple[tuple[str, Why], ...]
_OPEN, _RESOLVED, _CLOSED = range(3)
_STAGES = {
    **dict.fromkeys(("resolve", "case.resolved"), _RESOLVED),
    **dict.fromkeys(("close", "case.closed"), _CLOSED),
    **dict.fromkeys(("reopen", "case.reopened"), _OPEN),
}
_ENDS_AN_OFFER = ("case.declined", "case.withdrawn", "case.lost")
_ENDS_A_QUESTION = ("rule", "case.ruled", "case.progressed", "case.declined", "case.accepted", "case.granted")


@dataclass(slots=True)
class _State:
    me: str
    origin: str
    arbiter: str
    holder: str
    stage: int = _OPEN
    returned: bool = False
    asked: bool = False
    """Whether a ruling is awaited."""
    pending: dict[str, bool] = field(default_factory=dict)
    """Centers that have an offer, and whether it has arrived there."""

    def whose(self) -> Whose:
        """Who is waited for."""
        if self.stage != _OPEN:
            return ((self.origin, Why.REPLY),) if self.stage == _RESOLVED else ()
        if self.asked:
            return ((self.arbiter, Why.ARBITER),)
        if self.pending:
            there = tuple((center, Why.OFFERED) for center, arrived in self.pending.items() if arrived)
            return there or (("", Why.ROAD),)
        return ((self.holder, Why.RETURNED if self.returned else Why.HOLDER),)

    def take(self, step: Step) -> None:
        """Follow one step."""
        self.stage = _STAGES.get(step.kind, self.stage)
        if step.holder and step.holder != self.holder:
            self.holder, self.pending, self.returned, self.asked = step.holder, {}, False, False
        if step.kind in _ENDS_A_QUESTION:
            self.asked = False
        if step.kind == "case.arbitration-requested":
            self.asked = True
        if step.kind == "case.offered":
            self.pending[step.peer if step.way == "said" else self.me] = step.way != "said"
        elif step.kind == "arrived" and step.peer in self.pending:
            self.pending[step.peer] = True
        elif step.kind in _ENDS_AN_OFFER:
            self._ended(step)

    def _ended(self, step: Step) -> None:
        asked = step.peer if step.way == "heard" and step.kind != "case.lost" else self.me
        left = self.pending.pop(asked, None)
        self.returned = left is not None and not self.pending


def charges(record: Record, steps: Sequence[Step], now: datetime) -> tuple[Charge, ...]:
    """Return whose time it was, oldest first: one span after the other, side by side for an offer to several."""
    spans = list(_spans(record, steps, now))
    for one in record.extensions:
        answered = one.answered_at or now
        if one.approver != one.by and answered > one.due:
            spans = _taken_out(spans, one.by, (one.at, answered), one.approver, Why.EXTENSION)
    for hold in record.holds:
        spans = _taken_out(spans, hold.by, (hold.begins, min(hold.ends, now)), "", Why.HOLD)
    return tuple(_joined(sorted(spans, key=lambda span: (span.begins, span.ends))))


def _spans(record: Record, steps: Sequence[Step], now: datetime) -> Iterator[Charge]:
    arrivals = [replace(step, at=step.arrived, kind="arrived", holder="") for step in steps if step.arrived is not None]
    first = steps[0].holder if steps and record.case.origin != record.me else record.case.origin
    state = _State(record.me, record.case.origin, record.arbiter or "", first or record.holder)
    since = record.case.received_at
    told = (one for step in steps for one in _as_told(record, step))
    for step in sorted((*told, *arrivals), key=lambda one: one.at):
        at = max(since, step.at)
        whose = state.whose()
        state.take(step)
        if state.whose() != whose:
            yield from (Charge(center, since, at, why) for center, why in whose if at > since)
            since = at
    yield from (Charge(center, since, now, why) for center, why in state.whose() if now > since)


def _as_told(record: Record, step: Step) -> Iterator[Step]:
    """The step; in place of the entry of a settled matter its result and its close, when they were."""
    if step.kind != "settle":
        yield step
        return
    ended = record.first or record
    for kind, at in (("resolve", ended.resolved_at), ("close", ended.closed_at)):
        yield replace(step, kind=kind, at=at or step.at)


def _taken_out(
    spans: Iterable[Charge], by: str, span: tuple[datetime, datetime], center: str, why: Why
) -> list[Charge]:
    """The spans in which that time is no more the holder's."""
    begin, end = span
    left: list[Charge] = []
    for one in spans:
        begins, ends = max(one.begins, begin), min(one.ends, end)
        if one.why not in (Why.HOLDER, Why.RETURNED) or one.center != by or begins >= ends:
            left.append(one)
            continue
        left += [
            piece
            for piece in (
                replace(one, ends=begins),
                Charge(center, begins, ends, why),
                replace(one, begins=ends),
            )
            if piece.ends > piece.begins
        ]
    return left


def _joined(spans: Iterable[Charge]) -> Iterator[Charge]:
    """The spans with neighbours of one center and reason made one."""
    last: Charge | None = None
    for one in spans:
        if last is not None and (last.center, last.why, last.ends) == (one.center, one.why, one.begins):
            last = replace(last, ends=one.ends)
            continue
        if last is not None:
            yield last
        last = one
    if last is not None:
        yield last


@dataclass(frozen=True, slots=True)
class Age:
    """How long the resident has waited."""

    whole: timedelta
    held: timedelta
    """How much of it was on hold as granted: it counts against nobody."""


def age(record: Record, spans: Iterable[Charge], now: datetime) -> Age:
    """Return the case's age: until the close, or ``now``."""
    held = sum((one.ends - one.begins for one in spans if one.why is Why.HOLD), timedelta())
    return Age((record.closed_at or now) - record.case.received_at, held)
