"""Moments of a rebuilt record: from the backup where nothing has changed since, otherwise from the times of messages.

Pure. What was heard keeps the time at which it was said, as ``bus.custody.moments`` has it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from bus.contract import messages as k
from bus.contract.envelope import Message
from bus.custody import Record, Status
from bus.custody.casework import Appointment
from bus.custody.first import FirstHandOver, FirstRound
from bus.custody.moments import first_round
from bus.custody.progress import CONTACTED
from bus.custody.visits import appointment_after
from bus.recovery.case_history import CaseHistory, claim

SECOND = 2
"""The round in which a case is opened again for the first time."""


Moments = dict[str, datetime | FirstRound | FirstHandOver | Appointment | bool | None]


def moments(history: CaseHistory, record: Record) -> Moments:
    """Return the moments of ``record`` by field; None where nobody knows."""
    first = _first_round(history) if record.round > 1 else None
    of_round = _of_round(history, record)
    awaited = {"appointment": _appointment(history, record, of_round["round_at"])}
    return {**_of_hand(history, record), **of_round, **awaited, "first": first, **_for_figures(history, record)}


def _for_figures(history: CaseHistory, record: Record) -> Moments:
    """At the origin: what was kept of the first hand-over, or is told of it; and the call back, which nobody else
    knows."""
    before = history.before
    if record.case.origin != record.me:
        return {}
    called = before if before is not None and before.round == record.round else None
    return {
        "first_hand_over": _first_hand_over(history),
        "called_back_at": called.called_back_at if called else None,
        "solved": called.solved if called else None,
    }


def _first_hand_over(history: CaseHistory) -> FirstHandOver | None:
    """The first acceptance since the backup, where the case had not left before it."""
    before = history.before
    known = before.first_hand_over if before is not None else None
    left = before is not None and len(before.path) > 1
    taken = min((one for one in history.all(k.Accepted) if not one.data.bid), key=lambda one: one.time, default=None)
    if left or taken is None:
        return known
    known = known or FirstHandOver()
    declined = any(one.time < taken.time for one in history.all(k.Declined))
    by = None if known.failed or declined else taken.source
    contacted = _first(one for one in history.all(k.Progressed) if one.data.stage == CONTACTED)
    return known.model_copy(update={"taken_at": taken.time, "taken_by": by, "contacted_at": contacted})


def _of_hand(history: CaseHistory, record: Record) -> Moments:
    """The moments that go with the holder: those of the backup only while the same one holds the case."""
    before = history.before
    known = before if before is not None and before.version == record.version else None
    hand_over = _first(one for one in history.messages if claim(one) == (record.version, record.holder))
    begun = record.case.received_at if record.case.origin == record.me and record.mine else None
    asked = _first(one for one in history.all(k.ArbitrationRequested) if one.data.version == record.version)
    contacted = _contacted(history, record.version)
    return {
        "since": (known.since if known else None) or hand_over or begun,
        "contacted_at": (known.contacted_at if known else None) or contacted,
        "arbitration_at": ((known.arbitration_at if known else None) or asked) if record.arbitration else None,
    }


def _of_round(history: CaseHistory, record: Record) -> dict[str, datetime | None]:
    """The moments that go with the round: those of the backup only in the same one."""
    before, round_ = history.before, record.round
    known = before if before is not None and before.round == round_ else None
    reopened = _first(one for one in history.all(k.Reopened) if one.data.round == round_)
    begun = record.case.received_at if round_ == 1 else reopened
    resolved = _first(one for one in history.all(k.Resolved) if one.data.round == round_)
    closed = _first(one for one in history.all(k.Closed) if one.data.round == round_)
    is_closed = record.status is Status.CLOSED
    return {
        "round_at": (known.round_at if known else None) or begun,
        "resolved_at": ((known.resolved_at if known else None) or resolved) if _has_result(record) else None,
        "closed_at": ((known.closed_at if known else None) or closed) if is_closed else None,
    }


def _appointment(history: CaseHistory, record: Record, round_at: datetime | None) -> Appointment | None:
    """The visit that is awaited: that of the backup, and what was said of visits since, in this round."""
    if record.status is not Status.OPEN:
        return None
    before = history.before
    same = before is not None and (before.version, before.round) == (record.version, record.round)
    awaited = before.appointment if before is not None and same else None
    for one in history.all(k.Progressed):
        if one.data.version == record.version and (round_at is None or one.time >= round_at):
            awaited = appointment_after(awaited, one.data, one.time)
    return awaited


def _first_round(history: CaseHistory) -> FirstRound | None:
    """The first round, and when the resident had the answer of a later one."""
    first = _ended_first_round(history)
    if first is None or first.answered_again_at is not None:
        return first
    answered = _first(one for one in history.all(k.Closed) if one.data.round >= SECOND)
    return first.model_copy(update={"answered_again_at": answered})


def _ended_first_round(history: CaseHistory) -> FirstRound | None:
    """The first round of a case that is in a later one; None where the backup did not have the case."""
    before = history.before
    again = _first(one for one in history.all(k.Reopened) if one.data.round == SECOND)
    if before is None or before.first is not None or again is None:
        return before.first if before is not None else None
    known = first_round(before, again)
    result = next((one for one in history.all(k.Resolved) if one.data.round == 1), None)
    if known is None or result is None or known.resolved_at is not None:
        return known
    closed = _first(one for one in history.all(k.Closed) if one.data.round == 1)
    told = {"resolved_at": result.time, "by": result.source, "outcome": result.data.outcome}
    return known.model_copy(update={**told, "instant": result.data.instant, "closed_at": closed})


def _has_result(record: Record) -> bool:
    return record.status is not Status.OPEN


def _first(messages: Iterable[Message[Any]]) -> datetime | None:
    return min((one.time for one in messages), default=None)


def _contacted(history: CaseHistory, version: int) -> datetime | None:
    told = history.all(k.Progressed)
    return _first(one for one in told if one.data.version == version and one.data.stage == CONTACTED)
