"""Facts: what figures count of a case, and nothing of the matter or of the resident.

The figures of cases count the first round; a case that is opened again counts as reopened, and stays resolved when it
was. Moments are whole milliseconds since 1970, as the store has them.
"""

from datetime import datetime
from typing import NamedTuple

from bus.contract.messages import Rater
from bus.custody import Record


class CaseFacts(NamedTuple):
    """The facts of one case at its origin; None: it has not happened, or nobody knows when."""

    due_ms: int | None
    """By when the first round must be resolved, extensions included."""
    resolved_ms: int | None
    closed_ms: int | None
    reopened_ms: int | None
    rated_ms: int | None
    """When the resident rated the first round."""
    grade: int | None
    """The resident's grade: 5 is the best."""
    outcome: str | None
    instant: bool | None
    """Whether the resident was answered on the spot."""
    hand_overs: int | None
    """How often the case came to a center that had not had it: accepted, or imposed by a ruling."""
    division: str | None
    project: str | None
    """The center's project that the demand belongs to."""
    claimed_ms: int | None
    """When somebody claimed the matter."""


NOT_COUNTED = CaseFacts(*(None,) * 12)
"""What a center has of another center's case: each figure counts a case at its origin alone."""


def facts_of(record: Record) -> CaseFacts:
    """The facts that a record tells."""
    rated = next((one for one in record.ratings if one.rater is Rater.RESIDENT and one.round == 1), None)
    rated_ms, grade = (_ms(rated.at), rated.grade) if rated is not None else (None, None)
    first, result, place = record.first, record.result, (record.case.place.division, record.project)
    claimed_ms = _ms(record.claim.at) if record.claim is not None else None
    if first is not None:
        moments = (_ms(first.due), _ms(first.resolved_at), _ms(first.closed_at), _ms(first.reopened_at))
        ended = (first.outcome.value if first.outcome is not None else None, first.instant, first.hand_overs)
        return CaseFacts(*moments, rated_ms, grade, *ended, *place, _ms(first.claimed_at))
    if record.round > 1:  # at other centers than the origin, or by an older program: its first round is not known
        return CaseFacts(None, None, None, None, rated_ms, grade, None, None, len(record.path) - 1, *place, None)
    return CaseFacts(
        due_ms=_ms(record.term or record.case.due),
        resolved_ms=_ms(record.resolved_at),
        closed_ms=_ms(record.closed_at),
        reopened_ms=None,
        rated_ms=rated_ms,
        grade=grade,
        outcome=result.outcome.value if result is not None else None,
        instant=result.instant if result is not None else None,
        hand_overs=len(record.path) - 1,
        division=place[0],
        project=place[1],
        claimed_ms=claimed_ms,
    )


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp() * 1000)
