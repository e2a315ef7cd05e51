"""Rules for what the origin says for the resident: rated, reopened, closed. Pure."""

from datetime import datetime

from bus.contract import messages as k
from bus.custody.bounds import with_rating
from bus.custody.merge import in_round, superseded
from bus.custody.record import Decision, Outgoing, Rating, Record, Refusal, Status


def _from_origin(record: Record, source: str) -> None:
    """Refuse what only the origin says, unless it is passed on to an arbiter by the center that told it of the case."""
    passed_on = record.me not in record.path and source in record.told
    if source != record.case.origin and not passed_on:
        raise _not_origin(record)


def _not_origin(record: Record) -> Refusal:
    return Refusal("not-origin", f"only {record.case.origin} speaks for the resident")


def rated(record: Record, data: k.Rated, source: str, said_at: datetime) -> Decision:
    """评价: each kind of rater once a round."""
    if source != record.case.origin:
        raise _not_origin(record)
    if any(g.round == data.round and g.rater is data.rater for g in record.ratings):
        return superseded(record)
    given = Rating(round=data.round, rater=data.rater, grade=data.grade, at=said_at)
    return Decision(record.with_(ratings=with_rating(record.ratings, given)), needs_handling=True)


def reopened(record: Record, data: k.Reopened, source: str, _now: datetime) -> Decision:
    """重办: the last holder has the case again."""
    _from_origin(record, source)
    if data.round <= record.round:
        return superseded(record)
    return Decision(record.with_(status=Status.OPEN, round=data.round, result=None), needs_handling=True)


def closed(record: Record, data: k.Closed, source: str, said_at: datetime) -> Decision:
    """结案: the resident was told; what is offered on is asked back."""
    _from_origin(record, source)
    if data.round < record.round or (data.round == record.round and record.status is Status.CLOSED):
        return superseded(record)
    known = in_round(record, data.round).with_(status=Status.CLOSED, arbitration=None, concerned=())
    out = record.offer_out
    if out is None or out.withdrawing:
        return Decision(known, needs_handling=True)
    # offered on by a holder that did not know yet: ask back, since the recipient may have decided meanwhile
    asked = k.WithdrawalRequested(version=out.version, offer_id=out.offer_id)
    known = known.with_(offer_out=out.model_copy(update={"withdrawing": True, "asked_back_at": said_at}))
    return Decision(known, tuple(Outgoing(center, asked) for center in out.pending), needs_handling=True)
