"""Opinions of many (群众评议、满意度调查): kept beside the record, each pseudonym once a round. Pure."""

from datetime import datetime

from bus.custody.commands import Assess
from bus.custody.record import Decision, Opinion, Record
from bus.custody.settle import in_order

MOST_OPINIONS = 10_000
"""Opinions of one kind of rater on one round of a matter."""


def assess(record: Record, command: Assess, now: datetime) -> Decision:
    """The opinion of a matter that may be rated. Whether its pseudonym is new, the store says."""
    if command.at is not None:
        in_order(record.case.received_at, command.at, now)
    said = Opinion(record.round, command.rater, command.pseudonym, command.grade, command.at or now)
    return Decision(record, opinion=said)
