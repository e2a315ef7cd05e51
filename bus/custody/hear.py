"""Messages: what this center learns about a case. Pure: (record or none, message, now) → decision, or a refusal.

Two rules keep all centers in agreement. A message about custody that is older than what is known here changes
nothing (``superseded``), or is refused as ``stale`` where its sender claims a right by it. And a newer one is
believed: whoever speaks as holder at a higher version is the holder.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from bus import kinds as k
from bus.custody.decide import result_of
from bus.custody.record import RULING_STEP, Assist, Decision, Given, OfferIn, Record, Refusal, Say, Status, news


def hear(record: Record | None, data: k.CaseKind, source: str, me: str, subject: UUID, now: datetime) -> Decision:
    """Take in what ``source`` says about case ``subject``. Raises ``Refusal``; the record is then unchanged."""
    if isinstance(data, k.Offered | k.AssistRequested | k.ArbitrationRequested | k.Ruled):
        if data.case.case_id != subject:
            raise Refusal("wrong-case", "the subject of the envelope and the case in the body differ")
        return _OPENERS[type(data)](record, data, source, me, now)
    if record is None:
        raise Refusal("unknown-case", "this center has never had this case; the sender's records are wrong")
    return _HEARERS[type(data)](record, data, source, now)


def _first(data: k.Offered | k.AssistRequested | k.ArbitrationRequested | k.Ruled, holder: str, me: str) -> Record:
    """The record of a case that this center hears of for the first time."""
    path = getattr(data, "path", ())
    return Record(
        me=me,
        case=data.case,
        holder=holder,
        version=data.version,
        path=tuple(dict.fromkeys((*path, holder))),
        round=getattr(data, "round", 1),
        returns=getattr(data, "returns", ()),
    )


def _believe(record: Record, holder: str, version: int, path: tuple[str, ...] = ()) -> Record:
    """The record after hearing that ``holder`` has the case at ``version``; unchanged if that is not newer.

    A newer version also ends every leg of an older one: it was decided, though the word of it is still on its way."""
    if version <= record.version:
        return record.with_(path=record.held_by(*path)) if path else record
    out, offer = record.offer_out, record.offer_in
    return record.with_(
        holder=holder,
        version=version,
        path=record.held_by(*path, holder),
        offer_out=out if out is not None and out.version >= version else None,
        offer_in=offer if offer is not None and offer.version >= version else None,
        arbitration=record.arbitration if record.arbiter == record.me else None,
    )


def _could_hold(record: Record, version: int) -> None:
    """Refuse a custody that cannot have come about: this center has the case and has lent the decision to nobody.

    Only a ruling takes a case from a holder who has not offered it, and a ruling begins a new thousand."""
    same_reign = version // RULING_STEP == record.version // RULING_STEP
    if record.mine and not record.lent and version > record.version and same_reign:
        raise Refusal("not-holder", f"{record.me} holds the case and has offered it to nobody")


def _superseded(record: Record) -> Decision:
    return Decision(record, superseded=True)


def _speaks_as_holder(record: Record, data: k.Said, source: str) -> None:
    _could_hold(record, data.version)
    if data.version == record.version and source != record.holder:
        raise Refusal("not-holder", f"{source} does not hold the case at this version")


def _offered(record: Record | None, data: k.Offered, source: str, me: str, now: datetime) -> Decision:
    offer = OfferIn(offer_id=data.offer_id, offerer=source, mode=data.mode, version=data.version, at=now)
    if record is None:
        first = _first(data, source, me)
        return Decision(first.with_(arbiter=data.arbiter, offer_in=offer), desk=True)
    if data.version < record.version:
        raise Refusal("stale", "the case has moved on since this offer; its sender no longer holds it")
    _speaks_as_holder(record, data, source)
    known = _believe(record, source, data.version, data.path)
    # who offers has the matter before him: his copy of the case is the newest, but never less than what we know
    case = data.case if data.case.resident is not None or record.case.resident is None else record.case
    changed = known.with_(
        case=case,
        offer_in=offer,
        returns=data.returns,
        arbiter=record.arbiter or data.arbiter,
        round=max(record.round, data.round),
        status=Status.OPEN if data.round >= record.round else record.status,
    )
    return Decision(changed, desk=True)


def _assist_requested(record: Record | None, data: k.AssistRequested, source: str, me: str, _now: datetime) -> Decision:
    assist = Assist(assist_id=data.assist_id, asker=source, assistant=me, ask=data.ask)
    known = _first(data, source, me) if record is None else record
    if record is not None:
        if data.version < record.version:
            raise Refusal("stale", "the case has moved on; its sender no longer holds it")
        _speaks_as_holder(record, data, source)
        known = _believe(record, source, data.version)
    return Decision(known.with_(assists=(*known.assists, assist)), desk=True)


def _arbitration_requested(
    record: Record | None, data: k.ArbitrationRequested, source: str, me: str, _now: datetime
) -> Decision:
    if record is not None and record.arbiter is not None and record.arbiter != me:
        raise Refusal("not-arbiter", f"the arbiter of this case is {record.arbiter}")
    if record is None:
        known = _first(data, source, me)
    elif data.version < record.version and data.ground is not k.Ground.SILENT:
        raise Refusal("stale", "the case has moved on; its sender no longer holds it")
    else:
        known = _believe(record, source, data.version, data.path)
        known = known.with_(returns=data.returns if data.version >= record.version else record.returns)
    changed = known.with_(arbiter=me, arbitration=source, concerned=(*known.concerned, *data.offered_to)[-200:])
    return Decision(changed, desk=True)


def _ruled(record: Record | None, data: k.Ruled, source: str, me: str, now: datetime) -> Decision:
    if record is None:
        first = _first(data, data.holder, me)
        return Decision(first.with_(arbiter=source), desk=True)
    if record.arbiter is not None and record.arbiter != source:
        raise Refusal("not-arbiter", f"only {record.arbiter} rules on this case")
    if data.version <= record.version:
        return _superseded(record)
    answered = record.status is Status.CLOSED or (record.case.origin == me and record.status is Status.RESOLVED)
    changed = _believe(record, data.holder, data.version, data.path).with_(
        arbitration=None,
        status=record.status if answered else Status.OPEN,
        returns=data.returns,
        round=max(record.round, data.round),
    )
    says: tuple[Say, ...] = ()
    if record.case.origin == me and record.status is Status.CLOSED and data.holder != me:
        # ruled on while the resident was being answered: the new holder must hear that all is done
        says = (Say(data.holder, k.Closed(version=data.version, round=record.round, replied_at=now)),)
    return Decision(changed, says, desk=True)


def _accepted(record: Record, data: k.Accepted, source: str, _now: datetime) -> Decision:
    if data.bid:
        return _bid(record, data, source)
    if data.version < record.version:
        return _superseded(record)  # the acceptor will hear the ruling that overtook him
    _speaks_as_holder(record, data, source)
    out = record.offer_out
    if out is not None and data.version == out.version + 1 and source not in out.pending:
        raise Refusal("no-offer", "this center was not offered the case, or has answered already")
    known = _believe(record, source, data.version, data.path)
    return Decision(known.with_(due=data.due or known.due), desk=known.version != record.version)


def _bid(record: Record, data: k.Accepted, source: str) -> Decision:
    out = record.offer_out
    if out is None or out.offer_id != data.offer_id or out.withdrawing:
        return _superseded(record)  # decided already, or asked back: the bidder was told, or is being told
    if source not in out.pending or out.mode is not k.Mode.OPEN:
        raise Refusal("no-offer", "this center was not asked, or has answered already")
    given = record.with_(
        holder=source,
        version=record.version + 1,
        path=record.held_by(source),
        offer_out=None,
        due=data.due or record.due,
    )
    granted = k.Granted(version=given.version, offer_id=out.offer_id, to=source)
    lost = k.Lost(version=given.version, offer_id=out.offer_id)
    others = tuple(Say(center, lost) for center in out.pending if center != source)
    return Decision(given, (*news(given, granted), *others), desk=True)


def _declined(record: Record, data: k.Declined, source: str, now: datetime) -> Decision:
    out = record.offer_out
    if out is None or out.offer_id != data.offer_id:
        return _superseded(record)
    if source not in out.pending:
        raise Refusal("no-offer", "this center was not asked, or has answered already")
    returned = k.Return(offer_id=data.offer_id, by=source, reason=data.reason, text=data.text, at=now)
    pending = tuple(center for center in out.pending if center != source)
    open_still = out.model_copy(update={"pending": pending}) if pending else None
    return Decision(record.with_(offer_out=open_still, returns=(*record.returns, returned)[-50:]), desk=True)


def _granted(record: Record, data: k.Granted, source: str, _now: datetime) -> Decision:
    _could_hold(record, data.version)
    if data.version <= record.version:
        return _superseded(record)
    return Decision(_believe(record, data.to, data.version, (source,)), desk=True)


def _lost(record: Record, data: k.Lost, source: str, _now: datetime) -> Decision:
    offer = record.offer_in
    if offer is None or offer.offer_id != data.offer_id:
        return _superseded(record)
    if offer.offerer != source:
        raise Refusal("no-offer", "only the offerer says who lost")
    return Decision(record.with_(offer_in=None), desk=True)


def _withdrawal_requested(record: Record, data: k.WithdrawalRequested, source: str, _now: datetime) -> Decision:
    offer = record.offer_in
    if offer is None or offer.offer_id != data.offer_id:
        return _superseded(record)  # decided already, and the answer is on its way
    if offer.offerer != source:
        raise Refusal("no-offer", "only the offerer withdraws")
    withdrawn = k.Withdrawn(version=offer.version, offer_id=offer.offer_id)
    return Decision(record.with_(offer_in=None), (Say(source, withdrawn),), desk=True)


def _withdrawn(record: Record, data: k.Withdrawn, source: str, _now: datetime) -> Decision:
    out = record.offer_out
    if out is None or out.offer_id != data.offer_id:
        return _superseded(record)
    if source not in out.pending:
        raise Refusal("no-offer", "this center was not asked, or has answered already")
    pending = tuple(center for center in out.pending if center != source)
    left = out.model_copy(update={"pending": pending}) if pending else None
    return Decision(record.with_(offer_out=left), desk=True)


def _progressed(record: Record, data: k.Progressed, source: str, _now: datetime) -> Decision:
    _speaks_as_holder(record, data, source)
    if data.version < record.version:
        return _superseded(record)
    known = _believe(record, source, data.version)
    return Decision(known.with_(due=data.due or known.due), desk=True)


def _assist_answered(record: Record, data: k.AssistAnswered, source: str, _now: datetime) -> Decision:
    assists = tuple(
        a.model_copy(update={"done": data.done}) if a.assist_id == data.assist_id and a.assistant == source else a
        for a in record.assists
    )
    if assists == record.assists and not any(a.assist_id == data.assist_id for a in assists) and not record.mine:
        raise Refusal("no-assist", "no such help was asked for here")
    changed = record.with_(assists=assists)
    if record.mine:
        return Decision(changed, desk=True)
    return Decision(changed, (Say(record.holder, data),), desk=True)  # the case has moved on: so does the answer


def _urged(record: Record, data: k.Urged, _source: str, _now: datetime) -> Decision:
    changed = record.with_(urges=record.urges + 1)
    if record.mine or record.offer_in is not None:
        return Decision(changed, desk=True)
    if record.version > data.version:
        return Decision(changed, (Say(record.holder, k.Urged(version=record.version, text=data.text)),))
    return _superseded(changed)


def _resolved(record: Record, data: k.Resolved, source: str, _now: datetime) -> Decision:
    _speaks_as_holder(record, data, source)
    answered = record.status is not Status.OPEN and data.round == record.round
    if data.version < record.version or data.round < record.round or answered:
        return _superseded(record)
    known = _believe(record, source, data.version)
    changed = known.with_(status=Status.RESOLVED, round=data.round, result=result_of(data, source))
    return Decision(changed, desk=True)


def _from_origin(record: Record, source: str) -> None:
    if source != record.case.origin:
        raise Refusal("not-origin", f"only {record.case.origin} speaks for the resident")


def _rated(record: Record, data: k.Rated, source: str, _now: datetime) -> Decision:
    _from_origin(record, source)
    if any(g.round == data.round and g.rater is data.rater for g in record.ratings):
        return _superseded(record)
    given = Given(round=data.round, rater=data.rater, grade=data.grade)
    return Decision(record.with_(ratings=(*record.ratings, given)), desk=True)


def _reopened(record: Record, data: k.Reopened, source: str, _now: datetime) -> Decision:
    _from_origin(record, source)
    if data.round <= record.round:
        return _superseded(record)
    return Decision(record.with_(status=Status.OPEN, round=data.round, result=None), desk=True)


def _closed(record: Record, data: k.Closed, source: str, _now: datetime) -> Decision:
    _from_origin(record, source)
    if data.round < record.round:
        return _superseded(record)
    changed = record.with_(
        status=Status.CLOSED, round=data.round, offer_out=None, offer_in=None, arbitration=None, concerned=()
    )
    return Decision(changed, desk=True)


def _published(record: Record, _data: k.Published, source: str, _now: datetime) -> Decision:
    if source not in record.path:
        raise Refusal("not-holder", "only a center that has held the case publishes it")
    return Decision(record, desk=True)


_OPENERS: dict[type, Callable[[Record | None, Any, str, str, datetime], Decision]] = {
    k.Offered: _offered,
    k.AssistRequested: _assist_requested,
    k.ArbitrationRequested: _arbitration_requested,
    k.Ruled: _ruled,
}
_HEARERS: dict[type, Callable[[Record, Any, str, datetime], Decision]] = {
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
    k.Rated: _rated,
    k.Reopened: _reopened,
    k.Closed: _closed,
    k.Published: _published,
}
