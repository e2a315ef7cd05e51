"""Moments of a rebuilt record: from the backup where nothing has changed since, otherwise from the times of messages.

Pure. What was heard keeps the time at which it was said, as ``bus.custody.moments`` has it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from bus.contract import messages as k
from bus.contract.envelope import Message
from bus.custody import Record, Status
from bus.custody.decide import CONTACTED
from bus.custody.moments import first_round
from bus.custody.record import FirstRound
from bus.recovery.case_history import CaseHistory, claim


def moments(history: CaseHistory, record: Record) -> dict[str, datetime | FirstRound | None]:
    """Return the moments of ``record`` by field; None where nobody knows."""
    before = history.before
    same_hand = before is not None and before.version == record.version
    same_round = before is not None and before.round == record.round
    known = before if before is not None else record
    own, first = record.case.origin == record.me, record.round == 1
    begun = record.case.received_at
    hand_over = _first(one for one in history.messages if claim(one) == (record.version, record.holder))
    reopened = _first(one for one in history.all(k.Reopened) if one.data.round == record.round)
    resolved = _first(one for one in history.all(k.Resolved) if one.data.round == record.round)
    closed = _first(one for one in history.all(k.Closed) if one.data.round == record.round)
    asked = _first(one for one in history.all(k.ArbitrationRequested) if one.data.version == record.version)
    return {
        "since": (known.since if same_hand else None) or hand_over or (begun if own and record.mine else None),
        "round_at": (known.round_at if same_round else None) or (begun if first else reopened),
        "contacted_at": (known.contacted_at if same_hand else None) or _contacted(history, record.version),
        "resolved_at": (known.resolved_at if same_round else None) or resolved if _has_result(record) else None,
        "closed_at": (known.closed_at if same_round else None) or closed if record.status is Status.CLOSED else None,
        "arbitration_at": (known.arbitration_at if same_hand else None) or asked if record.arbitration else None,
        "first": known.first or (first_round(known, reopened) if reopened and not same_round else None),
    }


def _has_result(record: Record) -> bool:
    return record.status is not Status.OPEN


def _first(messages: Iterable[Message[Any]]) -> datetime | None:
    return min((one.time for one in messages), default=None)


def _contacted(history: CaseHistory, version: int) -> datetime | None:
    told = history.all(k.Progressed)
    return _first(one for one in told if one.data.version == version and one.data.stage == CONTACTED)
