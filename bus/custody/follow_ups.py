"""Follow-up messages: what must be said besides the answer, so that crossing messages leave no center uninformed.

There are three duties, each with one bearer. An offerer tells the centers it asked when a ruling ends their offer. The
origin hears of every hand-over; it tells holders that it learns of late, and an arbiter whose ruling crossed the end,
about an earlier ruling, the closing reply and the new round. Who told an arbiter of a case passes on how it ends, where
the arbiter takes it from another than the origin.
"""

from dataclasses import replace
from datetime import datetime

from bus.contract import messages as k
from bus.custody.merge import overruled
from bus.custody.record import Decision, Outgoing, Reads, Record, Status


def follow_ups(before: Record, decision: Decision, data: k.CaseKind, now: datetime, reads: Reads) -> Decision:
    """``decision`` with its follow-up messages."""
    if decision.superseded and not isinstance(data, k.Ruled):
        return decision
    after = decision.record
    says = (*decision.outgoing, *_offer_ended(before, after))
    if after.case.origin == after.me:
        newcomers = tuple(center for center in after.path if center not in before.path)
        says = (*says, *_ruling_passed_on(before, after, data, newcomers), *_standing_told(after, newcomers, now))
        says = (*says, *_end_told(before, after, data, now))
    elif isinstance(data, k.Closed | k.Reopened):
        says = (*says, *_end_passed_on(after, data, reads))
    return replace(decision, outgoing=says, superseded=decision.superseded and not says)


def _offer_ended(before: Record, after: Record) -> tuple[Outgoing, ...]:
    """Messages to the centers that were asked: a ruling has ended the offer without an answer."""
    out = before.offer_out
    if out is None or after.offer_out is not None or not overruled(before.version, after.version):
        return ()
    return tuple(Outgoing(center, k.Lost(version=after.version, offer_id=out.offer_id)) for center in out.pending)


def _ruling_passed_on(
    before: Record, after: Record, data: k.CaseKind, newcomers: tuple[str, ...]
) -> tuple[Outgoing, ...]:
    """The ruling for holders unknown to the arbiter: a hand-over may have gone further than the arbiter knew."""
    if isinstance(data, k.Ruled):
        unseen = tuple(c for c in before.path if c not in (*data.path, after.me, after.arbiter))
        return tuple(Outgoing(center, data) for center in unseen)
    if not overruled(data.version, after.version):
        return ()
    return tuple(Outgoing(center, ruling_passed_on(after)) for center in newcomers)


def ruling_passed_on(after: Record) -> k.Ruled:
    """The ruling as the origin passes it on to a holder unknown to the arbiter."""
    return k.Ruled(
        version=after.version,
        ruling=k.Ruling.IMPOSED,
        holder=after.holder,
        text="裁定在先，此前的接单不再有效 / a ruling came before this hand-over",
        case=after.case.as_shown(),
        path=after.path,
        returns=after.returns,
        round=after.round,
        due=after.term,
    )


def standing(record: Record, now: datetime) -> k.Closed | k.Reopened | None:
    """The message that tells how the case stands for the resident; None in the first round of an open case."""
    if record.status is Status.CLOSED:
        return k.Closed(version=record.version, round=record.round, replied_at=record.closed_at or now)
    if record.round > 1:
        text = f"第 {record.round} 轮办理 / round {record.round}"
        return k.Reopened(version=record.version, round=record.round, text=text)
    return None


def _standing_told(after: Record, newcomers: tuple[str, ...], now: datetime) -> tuple[Outgoing, ...]:
    """The case's standing, for holders that were not on the path when it was told."""
    word = standing(after, now)
    return () if word is None else tuple(Outgoing(center, word) for center in newcomers)


def _end_told(before: Record, after: Record, data: k.CaseKind, now: datetime) -> tuple[Outgoing, ...]:
    """The case's standing for an arbiter whose ruling has crossed the close, or the new round."""
    word = standing(after, now)
    crossed = isinstance(word, k.Closed) or (isinstance(data, k.Ruled) and data.round < after.round)
    if word is None or not crossed:
        return ()
    late = (center for center in after.hear_the_end if center not in (*before.hear_the_end, *after.path, after.me))
    return tuple(Outgoing(center, word) for center in late)


def _end_passed_on(after: Record, data: k.Closed | k.Reopened, reads: Reads) -> tuple[Outgoing, ...]:
    """The origin's word for a center that this one has told of the case: the origin does not know that it did. A
    program of v0.1.0 would refuse it."""
    others = (center for center in after.told if center not in (*after.path, after.me))
    return tuple(Outgoing(center, data) for center in others if reads(center, k.Escalated.kind))
