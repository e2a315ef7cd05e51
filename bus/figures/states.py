"""The state of a case as the county's ledger is told it: made from the record, with nothing of the matter or the
resident."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid5

from bus.contract.facts import LANES
from bus.custody import Record
from bus.figures.facts import facts_of

STREET = 9
"""The digits of a division down to its township or street."""
Json = dict[str, Any]


def state_of(record: Record, sign_by: datetime | None = None, waits: Sequence[Json] = ()) -> Json:
    """The fields of a ``CaseState`` in their order, without those that are not set. What figures count of a case
    stands at its origin alone. It is made at each commit, so it is no model: a test compares both.

    ``sign_by``, ``waits``: what the center waits for, which the clocks know."""
    case, offer = record.case, record.offer_out
    told: Json = {
        "case_id": case.case_id,
        "origin": case.origin,
        "holder": record.holder,
        "version": record.version,
        "round": record.round,
        "status": record.status,
        "category": case.category,
        "urgency": case.urgency,
        "opened": case.received_at,
    }
    counted = dict(_counted(record)) if case.origin == record.me else {}
    for name in ("division", "project"):
        if name in counted:
            told[name] = counted.pop(name)
    if offer is not None:
        if offer.pending:
            told["offered_to"] = offer.pending
        told["offered"] = offer.at
    if sign_by is not None:
        told["sign_by"] = sign_by
    if waits:
        told["waits"] = waits
    return told | counted


def _counted(record: Record) -> Iterator[tuple[str, object]]:
    facts = facts_of(record)
    if facts.division is not None:
        yield "division", facts.division[:STREET]
    if facts.project is not None:
        # the same id for the same project; its name may say more than a ledger should know
        yield "project", uuid5(LANES, f"{record.case.origin} {facts.project}")
    for name, at_ms in (
        ("due", facts.due_ms),
        ("resolved", facts.resolved_ms),
        ("closed", facts.closed_ms),
        ("reopened", facts.reopened_ms),
        ("rated", facts.rated_ms),
        ("claimed", facts.claimed_ms),
        ("taken", facts.taken_ms),
        ("contacted", facts.contacted_ms),
        ("called_back", facts.called_back_ms),
        ("answered_again", facts.answered_again_ms),
    ):
        if at_ms is not None:
            yield name, datetime.fromtimestamp(at_ms / 1000, UTC)
    for name, value in (
        ("grade", facts.grade),
        ("outcome", facts.outcome),
        ("instant", facts.instant),
        ("hand_overs", facts.hand_overs),
        ("first_right", facts.first_right),
        ("solved", facts.solved),
    ):
        if value is not None:
            yield name, value
