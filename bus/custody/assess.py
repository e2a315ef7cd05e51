"""Opinions of many (群众评议、满意度调查): kept beside the record, each pseudonym once a round. Pure."""

from datetime import datetime

from bus.custody.commands import Assess
from bus.custody.record import Decision, Opinion, Record, Refusal, Status
from bus.custody.settle import in_order

MOST_OPINIONS = 10_000
"""Opinions of one kind of rater on one round of a matter."""


def assess(record: Record, command: Assess, now: datetime) -> Decision:
    """The opinion, at the origin, of a matter that has a result. Whether its pseudonym is new, the store says."""
    if record.case.origin != record.me:
        raise Refusal("not-origin", f"only the center that heard the resident may do this: {record.case.origin}")
    if record.status is Status.OPEN:
        raise Refusal("not-resolved", "there is no result to rate yet")
    if command.at is not None:
        in_order(record.case.received_at, command.at, now)
    said = Opinion(record.round, command.rater, command.pseudonym, command.grade, command.at or now)
    return Decision(record, opinion=said)
