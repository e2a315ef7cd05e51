"""Rules for a peer's message about a case. Pure: (record or none, message, now) → decision, or a refusal.

Two rules keep all centers in agreement. A message about custody that is older than the record changes nothing
(``superseded``), or is refused as ``stale`` if its sender claims a right by it. A newer message is believed if its
sender may say it (``merge.could_hold``): the center that speaks as holder at a higher version is the holder.
"""

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any
from uuid import UUID

from bus.contract import messages as k
from bus.custody import more_time
from bus.custody.follow_ups import follow_ups
from bus.custody.handing import AWAITED, asked, handed, with_handing
from bus.custody.hear_origin import closed, rated, reopened
from bus.custody.initiating import INITIATING
from bus.custody.merge import (
    could_hold,
    in_round,
    may_be_asked,
    may_rule,
    merge,
    overruled,
    speaks_as_holder,
    superseded,
)
from bus.custody.moments import with_moments
from bus.custody.plans import go_on
from bus.custody.progress import CONTACTED, result_of
from bus.custody.record import (
    HIGHEST_VERSION,
    RULING_STEP,
    Decision,
    Outgoing,
    Reads,
    Record,
    Refusal,
    Status,
    nobody_reads,
    notify_path,
)
from bus.custody.visits import appointment_after

REACH = 1000
"""Rulings, or rounds, by which a message may be ahead of the record."""
HIGHEST_ROUND = 2**31 - 2 * REACH
"""Highest round that leaves enough room for reopening a case."""


def hear_message(
    record: Record | None,
    data: k.CaseKind,
    source: str,
    me: str,
    subject: UUID,
    said_at: datetime,
    arbiters: AbstractSet[str] | None = None,
    reads: Reads = nobody_reads,
    now: datetime | None = None,
    *,
    masking: bool = False,
) -> Decision:
    """The decision on what ``source`` said at ``said_at`` about case ``subject``; ``now`` is when a plan asks its next
    step, without it ``said_at``.

    Raises ``Refusal``; the record is then unchanged.

    Refusals in ``record.EARLY`` are not final: the message that must come first may still be on its way. ``arbiters``:
    the centers that may be arbiter where the arbiter of the case is unknown; None means any center. ``reads``: which
    center reads kinds that v0.1.0 does not know. ``masking``: as in ``decide``."""
    _within_reach(record, data)
    if type(data) in INITIATING:
        if data.case.case_id != subject:  # type: ignore[union-attr]  # each of these kinds names its case
            raise Refusal("wrong-case", "the subject of the envelope and the case in the body differ")
        if isinstance(data, k.Ruled):
            may_rule(record, data, source, arbiters)
        elif isinstance(data, k.ArbitrationRequested | k.Escalated) or _asks_an_arbiter(data, me):
            may_be_asked(record, me, arbiters)
        decision = INITIATING[type(data)](record, data, source, me, said_at)
    elif record is None:
        raise Refusal(
            "unknown-case", "what opens this case here may still be on its way: try again, then ask the sender"
        )
    else:
        decision = _HANDLERS[type(data)](record, data, source, said_at)
    decision = go_on(decision, now or said_at)
    decision = decision.with_record(with_moments(record, decision.record, said_at))
    if record is not None:
        decision = follow_ups(record, decision, data, said_at, reads)
    return with_handing(record, decision, data, masking=masking)


def _asks_an_arbiter(data: k.CaseKind, me: str) -> bool:
    return isinstance(data, k.ExtensionRequested) and data.case.origin != me


def _within_reach(record: Record | None, data: k.CaseKind) -> None:
    """Refuse a version or a round that no county reaches: above the highest, no ruling and no next round is possible.
    Both the step and the sum are bounded; an offer leads to one version further."""
    version, round_ = (record.version, record.round) if record is not None else (0, 0)
    told = getattr(data, "round", 0)
    if data.version > version + REACH * RULING_STEP or told > round_ + REACH:
        raise Refusal("out-of-reach", "no honest center is so far ahead in custody versions or rounds")
    leads_to = data.version + isinstance(data, k.Offered)
    if (leads_to > max(version, HIGHEST_VERSION) and not isinstance(data, k.Ruled)) or told > HIGHEST_ROUND:
        raise Refusal(
            "out-of-reach", "the case could not be ruled on, or reopened, any more: tell the sender's operator"
        )


def _overtaken(record: Record, version: int, claimant: str) -> Decision:
    """The decision on a hand-over that is older than the record. A ruling may have overtaken it without the new holder
    knowing; the origin must learn of that holder, to tell it."""
    unseen = overruled(version, record.version) and claimant not in record.path and record.case.origin == record.me
    return Decision(record.with_(path=record.held_by(claimant))) if unseen else superseded(record)


def _accepted(record: Record, data: k.Accepted, source: str, _now: datetime) -> Decision:
    if data.bid:
        return _bid(record, data, source)
    if data.version < record.version:
        return _overtaken(record, data.version, source)
    out = record.offer_out
    if out is not None and data.version == out.version + 1 and source not in out.pending:
        raise Refusal("no-offer", "this center was not offered the case, or has answered already")
    speaks_as_holder(record, data, source)
    known = merge(record, source, data.version, data.path)
    return Decision(known.with_(due=data.due or known.due), needs_handling=known.version != record.version)


def silence_broken(record: Record) -> str | None:
    """The ruling that is still awaited once a center has answered that was complained of as silent: none.

    Only that complaint can be under way here: for any other ground the holder itself asks, and hears no answer then.
    A ruling on the complaint may still come, and counts."""
    return record.arbitration if record.arbiter == record.me else None


def _bid(record: Record, data: k.Accepted, source: str) -> Decision:
    out = record.offer_out
    if out is None or out.offer_id != data.offer_id or out.withdrawing:
        return superseded(record)  # already decided or asked back: the bidder was told, or will be
    if source not in out.pending or out.mode is not k.Mode.OPEN:
        raise Refusal("no-offer", "this center was not asked, or has answered already")
    given = record.with_(
        holder=source,
        version=record.version + 1,
        path=record.held_by(source),
        offer_out=None,
        arbitration=silence_broken(record),
        due=data.due or record.due,
    )
    granted = k.Granted(version=given.version, offer_id=out.offer_id, to=source)
    lost = k.Lost(version=given.version, offer_id=out.offer_id)
    others = tuple(Outgoing(center, lost) for center in out.pending if center != source)
    return Decision(given, (*notify_path(given, granted), *others), needs_handling=True)


def _declined(record: Record, data: k.Declined, source: str, now: datetime) -> Decision:
    out = record.offer_out
    if out is None or out.offer_id != data.offer_id:
        return superseded(record)
    if source not in out.pending:
        raise Refusal("no-offer", "this center was not asked, or has answered already")
    returned = k.Return(offer_id=data.offer_id, by=source, reason=data.reason, text=_first_line(data.text), at=now)
    pending = tuple(center for center in out.pending if center != source)
    open_still = out.model_copy(update={"pending": pending}) if pending else None
    awaited = record.arbitration if pending else silence_broken(record)
    returns = (*record.returns, returned)[-50:]
    return Decision(record.with_(offer_out=open_still, returns=returns, arbitration=awaited), needs_handling=True)


def _first_line(text: str | None) -> str | None:
    return " ".join(text.split())[:200] or None if text else None


def _granted(record: Record, data: k.Granted, source: str, _now: datetime) -> Decision:
    could_hold(record, data, source)
    if data.version <= record.version:
        return _overtaken(record, data.version, data.to)
    return Decision(merge(record, data.to, data.version, (source,)), needs_handling=True)


def _lost(record: Record, data: k.Lost, source: str, _now: datetime) -> Decision:
    offer = record.offer_in
    if offer is None or offer.offer_id != data.offer_id:
        return superseded(record)
    if offer.offerer != source:
        raise Refusal("no-offer", "only the offerer says who lost")
    return Decision(record.with_(offer_in=None), needs_handling=True)


def _withdrawal_requested(record: Record, data: k.WithdrawalRequested, source: str, _now: datetime) -> Decision:
    offer = record.offer_in
    if offer is None or offer.offer_id != data.offer_id:
        return superseded(record)  # already decided, and the answer is on its way
    if offer.offerer != source:
        raise Refusal("no-offer", "only the offerer withdraws")
    withdrawn = k.Withdrawn(version=offer.version, offer_id=offer.offer_id)
    return Decision(record.with_(offer_in=None), (Outgoing(source, withdrawn),), needs_handling=True)


def _withdrawn(record: Record, data: k.Withdrawn, source: str, _now: datetime) -> Decision:
    out = record.offer_out
    if out is None or out.offer_id != data.offer_id:
        return superseded(record)
    if source not in out.pending:
        raise Refusal("no-offer", "this center was not asked, or has answered already")
    pending = tuple(center for center in out.pending if center != source)
    left = out.model_copy(update={"pending": pending}) if pending else None
    awaited = record.arbitration if pending else silence_broken(record)
    return Decision(record.with_(offer_out=left, arbitration=awaited), needs_handling=True)


def _progressed(record: Record, data: k.Progressed, source: str, said_at: datetime) -> Decision:
    speaks_as_holder(record, data, source)
    if data.version < record.version:
        return superseded(record)
    known = merge(record, source, data.version)
    heard = known.contacted_at if known.version == record.version else None
    contacted = heard or said_at if data.stage == CONTACTED else heard
    visit = appointment_after(known.appointment, data, said_at)
    answered = {"contacted_at": contacted, "appointment": visit, "arbitration": silence_broken(known)}
    timed = more_time.hear_progress(known, data, source, said_at)
    return Decision(timed.with_(due=data.due or known.due, **answered), needs_handling=True)


def _assist_answered(record: Record, data: k.AssistAnswered, source: str, _now: datetime) -> Decision:
    asked_here = any(a.assist_id == data.assist_id and a.assistant == source for a in record.assists)
    assists = tuple(
        a.model_copy(update={"done": data.done}) if a.assist_id == data.assist_id and a.assistant == source else a
        for a in record.assists
    )
    changed = record.with_(assists=assists)
    if record.mine or not (asked_here or record.version > data.version):
        return Decision(changed, needs_handling=True)  # also where the offerer's grant is still on its way
    passed_on = data.model_copy(update={"version": record.version})  # it rises each time: no circle
    return Decision(changed, (Outgoing(record.holder, passed_on),), needs_handling=asked_here)


def _urged(record: Record, data: k.Urged, source: str, _now: datetime) -> Decision:
    if data.text == AWAITED:
        return asked(record, source)
    changed = record.with_(urges=record.urges + 1)
    if record.mine or record.offer_in is not None or data.version > record.version:
        return Decision(changed, needs_handling=True)
    if record.version > data.version:
        return Decision(changed, (Outgoing(record.holder, data.model_copy(update={"version": record.version})),))
    return superseded(record)


def _resolved(record: Record, data: k.Resolved, source: str, _now: datetime) -> Decision:
    speaks_as_holder(record, data, source)
    if data.version < record.version:
        return superseded(record)
    known = in_round(merge(record, source, data.version), data.round)
    if data.round < known.round or known.result is not None:
        return superseded(record) if known == record else Decision(known)
    status = Status.CLOSED if known.status is Status.CLOSED else Status.RESOLVED
    answered = {"result": result_of(data, source), "arbitration": silence_broken(known)}
    return Decision(known.with_(status=status, **answered), needs_handling=True)


def _published(record: Record, data: k.Published, source: str, _now: datetime) -> Decision:
    could_hold(record, data, source)
    if source in record.path or data.version > record.version:
        return Decision(record, needs_handling=True)
    if overruled(data.version, record.version):
        return superseded(record)
    raise Refusal("not-holder", "only a center that has held the case publishes it")


_HANDLERS: dict[type, Callable[[Record, Any, str, datetime], Decision]] = {
    k.Accepted: _accepted,
    k.Declined: _declined,
    k.Granted: _granted,
    k.Lost: _lost,
    k.WithdrawalRequested: _withdrawal_requested,
    k.Withdrawn: _withdrawn,
    k.Progressed: _progressed,
    k.AssistAnswered: _assist_answered,
    k.Urged: _urged,
    k.Resolved: _resolved,
    k.Rated: rated,
    k.Reopened: reopened,
    k.Closed: closed,
    k.Published: _published,
    k.ExtensionAnswered: more_time.hear_answer,
    k.Handed: handed,
}
