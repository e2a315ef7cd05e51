"""The state of a case as the county's ledger is told it: made from the record, with nothing of the matter or the
resident."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from bus.contract.facts import LANES, CaseState
from bus.custody import Record
from bus.figures.facts import facts_of

STREET = 9
"""The digits of a division down to its township or street."""


def state_of(record: Record) -> CaseState:
    """The state that this center's record tells. What figures count of a case stands at its origin alone."""
    case, offer = record.case, record.offer_out
    counted = _counted(record) if case.origin == record.me else {}
    return CaseState.model_construct(
        case_id=case.case_id,
        origin=case.origin,
        holder=record.holder,
        version=record.version,
        round=record.round,
        status=record.status.value,
        category=case.category,
        urgency=case.urgency,
        opened=case.received_at,
        offered_to=offer.pending if offer is not None else (),
        offered=offer.at if offer is not None else None,
        sign_by=offer.sign_by if offer is not None else None,
        **counted,
    )


def _counted(record: Record) -> dict[str, Any]:
    facts = facts_of(record)
    moments = {
        "due": facts.due_ms,
        "resolved": facts.resolved_ms,
        "closed": facts.closed_ms,
        "reopened": facts.reopened_ms,
        "rated": facts.rated_ms,
        "claimed": facts.claimed_ms,
    }
    return {
        **{name: _moment(at_ms) for name, at_ms in moments.items() if at_ms is not None},
        "division": facts.division[:STREET] if facts.division is not None else None,
        "project": _hidden(record.case.origin, facts.project) if facts.project is not None else None,
        "grade": facts.grade,
        "outcome": facts.outcome,
        "instant": facts.instant,
        "hand_overs": facts.hand_overs,
    }


def _hidden(origin: str, project: str) -> UUID:
    """The same id for the same project; its name may say more than a ledger should know."""
    return uuid5(LANES, f"{origin} {project}")


def _moment(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC)
