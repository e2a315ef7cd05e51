"""Settled entries (补录): matters that were settled before they were entered, with their own moments. Pure."""

from datetime import datetime, timedelta
from itertools import pairwise

from bus.custody.commands import Settle
from bus.custody.record import Decision, Rating, Record, Refusal, Result, Status

CLOCKS_APART = timedelta(minutes=5)
"""By how much a moment that a form tells may lie ahead of this center's clock."""


def in_order(*moments: datetime) -> None:
    """Refuse moments that come before the one that they follow; the last one is now."""
    *told, now = moments
    for earlier, later in pairwise((*told, now + CLOCKS_APART)):
        if later < earlier:
            raise Refusal("moments-disordered", "heard, resolved, answered, rated: in this order, and none after now")


def settle(record: Record, command: Settle, now: datetime) -> Decision:
    """The close of an open case that its origin holds. No message, and no work for the center's own system."""
    if record.path != (record.me,) or record.assists or record.round > 1:
        raise Refusal("not-alone", "other centers know this case, or it was reopened: resolve it, and they are told")
    heard, closed_at = record.case.received_at, command.closed_at or command.resolved_at
    in_order(heard, command.resolved_at, closed_at, now)
    if len({given.rater for given in command.ratings}) != len(command.ratings):
        raise Refusal("already-rated", "one matter, one rating (一事一评)")
    for given in command.ratings:
        in_order(heard, given.at, now)
    result = Result(
        by=record.me,
        outcome=command.outcome,
        public_reply=command.public_reply,
        lawful_route=command.lawful_route,
        instant=command.instant,
    )
    ratings = tuple(Rating(round=1, rater=one.rater, grade=one.grade, at=one.at) for one in command.ratings)
    return Decision(
        record.with_(
            status=Status.CLOSED,
            result=result,
            ratings=ratings,
            resolved_at=command.resolved_at,
            closed_at=closed_at,
            entered_at=now,
        )
    )
