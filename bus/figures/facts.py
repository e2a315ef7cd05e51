"""Facts: what figures count of a case, and nothing of the matter or of the resident.

The figures of cases count the first round; a case that is opened again counts as reopened, and stays resolved when it
was. Moments are whole milliseconds since 1970, as the store has them.
"""

from datetime import datetime
from typing import NamedTuple

from bus.contract.messages import Rater
from bus.custody import Record
from bus.custody.first import FirstHandOver, FirstRound


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
    taken_ms: int | None
    """When another center had it for the first time."""
    contacted_ms: int | None
    """When a holder first spoke to the resident."""
    first_right: bool | None
    """Whether the center that accepted the first offer resolved it."""
    called_back_ms: int | None
    """When the resident was called back about the first round."""
    solved: bool | None
    """What the resident said on that call."""
    answered_again_ms: int | None
    """When the resident first had the answer of a later round."""


NOT_COUNTED = CaseFacts(*(None,) * 18)
"""What a center has of another center's case: each figure counts a case at its origin alone."""


def facts_of(record: Record) -> CaseFacts:
    """The facts that a record tells."""
    rated = next((one for one in record.ratings if one.rater is Rater.RESIDENT and one.round == 1), None)
    handed, first = record.first_hand_over or FirstHandOver(), record.first
    known = NOT_COUNTED._replace(
        rated_ms=_ms(rated.at) if rated is not None else None,
        grade=rated.grade if rated is not None else None,
        division=record.case.place.division,
        project=record.project,
        taken_ms=_ms(handed.taken_at),
        contacted_ms=_ms(handed.contacted_at),
        hand_overs=len(record.path) - 1,
    )
    if first is not None:
        return _of_first_round(known, first, handed)
    if record.round > 1:  # at other centers than the origin, or by an older program: its first round is not known
        return known
    result = record.result
    return known._replace(
        due_ms=_ms(record.term or record.case.due),
        resolved_ms=_ms(record.resolved_at),
        closed_ms=_ms(record.closed_at),
        outcome=result.outcome.value if result is not None else None,
        instant=result.instant if result is not None else None,
        claimed_ms=_ms(record.claim.at) if record.claim is not None else None,
        first_right=_right(handed, result.by if result is not None else None),
        called_back_ms=_ms(record.called_back_at),
        solved=record.solved,
    )


def _of_first_round(known: CaseFacts, first: FirstRound, handed: FirstHandOver) -> CaseFacts:
    """The facts of a case that was opened again."""
    return known._replace(
        due_ms=_ms(first.due),
        resolved_ms=_ms(first.resolved_at),
        closed_ms=_ms(first.closed_at),
        reopened_ms=_ms(first.reopened_at),
        outcome=first.outcome.value if first.outcome is not None else None,
        instant=first.instant,
        hand_overs=first.hand_overs,
        claimed_ms=_ms(first.claimed_at),
        first_right=_right(handed, first.by),
        called_back_ms=_ms(first.called_back_at),
        solved=first.solved,
        answered_again_ms=_ms(first.answered_again_at),
    )


def _right(handed: FirstHandOver, resolved_by: str | None) -> bool | None:
    """Whether the first offer went to the right center; None before the result, and of a round that nobody knows."""
    return None if resolved_by is None else handed.taken_by == resolved_by


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp() * 1000)
