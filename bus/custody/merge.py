"""Rules for merging a peer's custody claim into the record, shared by every message."""

from collections.abc import Set as AbstractSet
from datetime import datetime

from bus.contract import messages as k
from bus.contract.case import Case
from bus.custody.record import RULING_STEP, Decision, Record, Refusal, Status


def first_record(
    data: k.Offered | k.AssistRequested | k.ArbitrationRequested | k.Ruled | k.ExtensionRequested | k.Escalated,
    holder: str,
    me: str,
    said_at: datetime,
) -> Record:
    """The first record of a case at this center. The origin has always held it.

    What another center tells of a case begins when it was told; at the origin it began when the resident was heard."""
    path, round_ = getattr(data, "path", ()), getattr(data, "round", 1)
    begun = data.case.received_at
    return Record(
        me=me,
        case=data.case,
        holder=holder,
        version=data.version,
        path=tuple(dict.fromkeys((data.case.origin, *path, holder))),
        round=round_,
        returns=getattr(data, "returns", ()),
        since=begun if data.case.origin == me else said_at,
        round_at=begun if round_ == 1 else said_at,
    )


def merge(record: Record, holder: str, version: int, path: tuple[str, ...] = ()) -> Record:
    """The record after hearing that ``holder`` has the case at ``version``; unchanged if that is not newer.

    A newer version also ends every older offer: it was decided, though the message about it is still on its way. A
    ruling also undoes a result that it has overtaken, except at the origin, which may have told the resident."""
    if version <= record.version:
        return record.with_(path=record.held_by(*path)) if path else record
    out, offer = record.offer_out, record.offer_in
    undone = overruled(record.version, version) and record.status is Status.RESOLVED and record.case.origin != record.me
    return record.with_(
        holder=holder,
        version=version,
        path=record.held_by(*path, holder),
        status=Status.OPEN if undone else record.status,
        result=None if undone else record.result,
        offer_out=out if out is not None and out.version >= version else None,
        offer_in=offer if offer is not None and offer.version >= version else None,
        arbitration=record.arbitration if record.arbiter == record.me else None,
    )


def overruled(older: int, newer: int) -> bool:
    """Whether a ruling lies between two versions: a ruling begins a new thousand."""
    return older // RULING_STEP < newer // RULING_STEP


def in_round(record: Record, round_: int) -> Record:
    """The record after hearing of ``round_``: a later round begins open and without a result. A ruling awaited in an
    earlier round will not come: the close between them has told the arbiter."""
    if round_ <= record.round:
        return record
    awaited = record.arbitration if record.arbiter == record.me else None
    return record.with_(round=round_, status=Status.OPEN, result=None, arbitration=awaited)


def fuller_case(known: Case, told: Case) -> Case:
    """The newest copy of the case, which is the holder's, without losing anything that is known here: a masked resident
    never replaces a whole one, and none replaces neither."""
    return told if _fullness(told) >= _fullness(known) else known


def _fullness(case: Case) -> int:
    return 0 if case.resident is None else 1 if case.resident.masked else 2


def all_returns(known: tuple[k.Return, ...], told: tuple[k.Return, ...]) -> tuple[k.Return, ...]:
    """The returns of both, each once: a center's ignorance does not reduce the count."""
    return tuple(dict.fromkeys((*known, *told)))[-50:]


def could_hold(record: Record, data: k.CaseMessage, source: str) -> None:
    """Refuse a custody claim that cannot have come about; postpone one that needs another center's message first.

    Between two rulings a case leaves a holder only through a center that the holder has asked. A ruling is told to
    every center that has held the case, by the arbiter or by the origin that passes it on. There a later claim waits
    for the ruling, unless it comes from one of these two: the ruling may follow it, or the replaced offerer may be gone
    for good. A center that was asked hears from the offerer that the offer is over. Any other center is told of no
    ruling, and has nothing that could be taken."""
    if data.version <= record.version:
        return
    crosses, offer = overruled(record.version, data.version), record.offer_in
    if crosses and source in (record.arbiter, record.case.origin):
        return
    if crosses and record.me in record.path:
        raise Refusal("early-news", f"no ruling of {record.arbiter or 'an arbiter'} has come for this: it may yet")
    if offer is not None and source != offer.offerer:
        cure = "answer it, or wait until it is taken back; where that center is gone, decline it, a bid too"
        raise Refusal("early-news", f"an offer of {offer.offerer} waits here: {cure}")
    if crosses:
        return
    if record.mine and not record.decision_pending:
        raise Refusal("not-holder", f"{record.me} holds the case and has offered it to nobody")
    if record.mine and not _by_way_of_one_asked(record, data, source):
        raise Refusal("early-news", "no center that was asked has taken the case yet: its word may still come")


def _by_way_of_one_asked(record: Record, data: k.CaseMessage, source: str) -> bool:
    """Whether a center that was asked claims the case, or has handed it on."""
    asked = record.offer_out.pending if record.offer_out is not None else ()
    return not {source, *getattr(data, "path", ())}.isdisjoint(asked)


def may_rule(record: Record | None, data: k.Ruled, source: str, arbiters: AbstractSet[str] | None) -> None:
    """Refuse a ruling from any center but the case's arbiter, or the origin that passes it on.

    Where the arbiter of the case is unknown here, one of ``arbiters`` is believed. None: any center is, since the
    county has named no arbiters."""
    known, origin = (record.arbiter, record.case.origin) if record is not None else (None, data.case.origin)
    if source in (origin, known):
        return
    if known is not None:
        raise Refusal("not-arbiter", f"only {known} rules on this case, or the origin passes it on")
    if arbiters is not None and source not in arbiters:
        raise Refusal("unknown-arbiter", f"the directory does not mark {source} as an arbiter: bus keys mark, if it is")


def may_be_asked(record: Record | None, me: str, arbiters: AbstractSet[str] | None) -> None:
    """Refuse the role of arbiter if the county has named other arbiters."""
    unknown = record is None or record.arbiter is None
    if unknown and arbiters is not None and me not in arbiters:
        raise Refusal("unknown-arbiter", f"the directory does not mark {me} as an arbiter: bus keys mark, if it is")


def speaks_as_holder(record: Record, data: k.CaseMessage, source: str) -> None:
    """Refuse a claim of ``source`` that this center's record contradicts."""
    could_hold(record, data, source)
    if data.version == record.version and source != record.holder:
        raise Refusal("not-holder", f"{source} does not hold the case at this version")


def superseded(record: Record) -> Decision:
    """The decision that changes nothing: the message is right, but older than the record."""
    return Decision(record, superseded=True)
