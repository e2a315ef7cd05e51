"""What a case's row tells apart from its record: what figures count, and by what a console finds it. Pure."""

from typing import Any, NamedTuple

from bus.custody import Record
from bus.figures.facts import NOT_COUNTED, CaseFacts, facts_of
from bus.figures.states import STREET


class FoundBy(NamedTuple):
    """By what a console finds a case, apart from its custody and its moments."""

    category: str
    street: str
    offered_ms: int | None
    """Since when nobody has answered this center's offer."""


DERIVED = (*CaseFacts._fields, *FoundBy._fields)
"""The columns that follow from the record, in their order in a row."""


def derived(record: Record) -> tuple[Any, ...]:
    """Their values. None: it is not counted at this center, or it has not happened."""
    facts = facts_of(record) if record.case.origin == record.me else NOT_COUNTED
    return (*facts, *_found_by(record))


def _found_by(record: Record) -> FoundBy:
    case, offer = record.case, record.offer_out
    offered_ms = int(offer.at.timestamp() * 1000) if offer is not None and offer.pending else None
    return FoundBy(case.category, case.place.division[:STREET], offered_ms)
