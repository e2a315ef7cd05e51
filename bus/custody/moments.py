"""Moments that a record keeps of its own changes: since when the holder has the case, when it was resolved. Pure.

They follow from what changed, in one place, so that no command and no message can forget one."""

from datetime import datetime

from bus.custody.first import FirstHandOver, FirstRound
from bus.custody.more_time import resumed
from bus.custody.record import RULING_STEP, Record, Status


def with_moments(before: Record | None, after: Record, said_at: datetime) -> Record:
    """Return ``after`` with the moments of what has changed since ``before``.

    ``said_at`` is when the change was said, not when it was heard: a message may be days on its way."""
    if after is before:
        return after
    if before is None:  # `first_record` and `register` have set since when
        return after if after.arbitration is None else after.with_(arbitration_at=said_at)
    changes: dict[str, datetime | FirstRound | FirstHandOver | None] = {}
    if after.version > before.version:
        changes |= {"since": said_at, "contacted_at": None}
    if after.round > before.round:
        changes |= {"round_at": said_at, "resolved_at": None, "closed_at": None}
        changes |= {"called_back_at": None, "solved": None}
        changes |= {"term": after.term if after.term != before.term else None}  # a ruling may name one with the round
        changes |= {"first": after.first or first_round(before, said_at)}
    if after.status is not before.status or after.round > before.round:
        changes |= _of_status(after, said_at)
        changes |= _answered_again(after, said_at)
    changes |= _first_hand_over(before, after, said_at)
    if after.version > before.version or after.round > before.round or after.status is not Status.OPEN:
        after = resumed(after, said_at)  # a hold is its holder's, and of one round
    if after.arbitration != before.arbitration:
        changes["arbitration_at"] = said_at if after.arbitration is not None else None
    if after.appointment is not None and _is_of_before(before, after):
        changes["appointment"] = None
    return after.with_(**changes) if changes else after


def _is_of_before(before: Record, after: Record) -> bool:
    """Whether the appointed visit was another holder's, or another round's, or the result has come without it."""
    moved = (after.version, after.round) != (before.version, before.round)
    return after.status is not Status.OPEN or (moved and after.appointment == before.appointment)


def first_round(before: Record, reopened_at: datetime) -> FirstRound | None:
    """The first round of a case that is opened again; None at other centers than its origin, and in later rounds."""
    if before.case.origin != before.me or before.round > 1:
        return None
    result = before.result
    return FirstRound(
        due=before.term or before.case.due,
        resolved_at=before.resolved_at,
        closed_at=before.closed_at,
        reopened_at=reopened_at,
        outcome=result.outcome if result is not None else None,
        instant=result is not None and result.instant,
        hand_overs=len(before.path) - 1,
        claimed_at=before.claim.at if before.claim is not None else None,
        by=result.by if result is not None else None,
        called_back_at=before.called_back_at,
        solved=before.solved,
    )


def _answered_again(after: Record, said_at: datetime) -> dict[str, FirstRound]:
    """At the origin: what its first round is followed by, once a later round has an answer for the resident."""
    first = after.first
    if first is None or first.answered_again_at is not None or after.status is not Status.CLOSED:
        return {}
    return {"first": first.model_copy(update={"answered_again_at": said_at})}


def _first_hand_over(before: Record, after: Record, said_at: datetime) -> dict[str, FirstHandOver]:
    """At the origin, in the first round: what its first offer has come to, and the first word with the resident."""
    if after.case.origin != after.me or after.round > 1:
        return {}
    known = after.first_hand_over or FirstHandOver()
    told: dict[str, object] = {}
    if len(before.path) == 1 and len(after.path) > 1:
        ruled = after.version >= RULING_STEP
        told = {"taken_at": said_at, "taken_by": None if known.failed or ruled else after.path[1]}
    elif len(after.path) == 1 and _is_over(before, after):
        told = {"failed": True}
    elif known.taken_at is not None and known.contacted_at is None and after.version == before.version:
        told = {"contacted_at": after.contacted_at} if after.contacted_at is not None else {}
    return {"first_hand_over": known.model_copy(update=told)} if told else {}


def _is_over(before: Record, after: Record) -> bool:
    """Whether the offer of before is open no more."""
    made, now = before.offer_out, after.offer_out
    return made is not None and (now is None or now.offer_id != made.offer_id)


def _of_status(record: Record, said_at: datetime) -> dict[str, datetime | None]:
    if record.status is Status.OPEN:
        return {"resolved_at": None, "closed_at": None}
    if record.status is Status.CLOSED:
        return {"closed_at": said_at, "resolved_at": record.resolved_at or said_at}
    return {"resolved_at": said_at}
