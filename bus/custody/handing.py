"""Masking, and the hand-over of the resident (居民信息移交). Pure.

Where masking is on, a center learns who the resident is once it holds the case, and not before. Whoever has the whole
resident tells the new holder: the offerer after a hand-over, the origin after a ruling. A holder that waits in vain
urges both.
"""

from dataclasses import replace
from datetime import datetime

from bus.contract import messages as k
from bus.contract.case import Person
from bus.custody.merge import overruled, superseded
from bus.custody.record import Decision, Outgoing, Record, Refusal, Status

AWAITED = "居民信息待移交 / the resident's details are awaited"
"""The text by which a holder urges whoever may tell it who the resident is."""
_SHOWS_CASE = (k.Offered, k.ArbitrationRequested, k.Ruled)


def with_handing(before: Record | None, decision: Decision, heard: k.CaseKind | None, *, masking: bool) -> Decision:
    """``decision`` with its cases masked, if ``masking``, and with the hand-over of the resident that is due by it.

    ``heard``: the message that was decided on; None for an own command."""
    after, says = decision.record, decision.outgoing
    if not (masking or isinstance(heard, k.Ruled) or after.case.awaits_resident or _masked_offer(before)):
        return decision  # the resident is known to all who are told of the case, and was so before
    if masking:
        says = tuple(_masked(one, after.me) for one in says)
    out = after.offer_out
    if out is not None and any(isinstance(one.data, k.Offered) and one.data.case.awaits_resident for one in says):
        after = after.with_(offer_out=out.model_copy(update={"masked": True}))
    ruling = heard if isinstance(heard, k.Ruled) else next((o.data for o in says if isinstance(o.data, k.Ruled)), None)
    due = (*_to_new_holder(before, after), *_ruled(after, ruling, masking=masking), *_begins_to_wait(before, after))
    if not due and after is decision.record and says == decision.outgoing:
        return decision
    return replace(decision, record=after, outgoing=(*says, *due), superseded=decision.superseded and not due)


def _masked_offer(before: Record | None) -> bool:
    return before is not None and before.offer_out is not None and before.offer_out.masked


def _masked(one: Outgoing, me: str) -> Outgoing:
    """The message without who the resident is; what a center tells itself stays whole."""
    data = one.data
    if one.to == me or not isinstance(data, _SHOWS_CASE):
        return one
    return Outgoing(one.to, data.model_copy(update={"case": data.case.as_masked()}))


def _to_new_holder(before: Record | None, after: Record) -> tuple[Outgoing, ...]:
    """A masked offer of this center has led to another holder. A ruling between the two is the origin's to follow."""
    out = before.offer_out if before is not None else None
    if before is None or out is None or not out.masked or after.mine or after.version <= before.version:
        return ()
    return () if overruled(before.version, after.version) else tell(after)


def _ruled(after: Record, ruling: k.Ruled | None, *, masking: bool) -> tuple[Outgoing, ...]:
    if ruling is None or after.case.origin != after.me or after.mine or ruling.version != after.version:
        return ()
    told = ruling.case.resident
    unknown = masking if told is None else told.masked
    return tell(after) if unknown else ()


def tell(record: Record) -> tuple[Outgoing, ...]:
    """The whole resident for the holder; nothing where it is not known here, or is anonymous."""
    resident = record.case.whole_resident
    if resident is None:
        return ()
    return (Outgoing(record.holder, k.Handed(version=record.version, resident=resident)),)


def _begins_to_wait(before: Record | None, after: Record) -> tuple[Outgoing, ...]:
    if before is not None and waits(before):
        return ()
    return waiting(after)


def waits(record: Record) -> bool:
    """Whether this center holds the case and does not know yet who the resident is."""
    return record.mine and record.case.awaits_resident and record.status is not Status.CLOSED


def waiting(record: Record) -> tuple[Outgoing, ...]:
    """The task by which this center waits for the resident: a message to itself, with what is known; none if nothing is
    awaited."""
    resident = record.case.resident
    if resident is None or not waits(record):
        return ()
    return (Outgoing(record.me, k.Handed(version=record.version, resident=resident)),)


def ask(record: Record) -> tuple[Outgoing, ...]:
    """The urging of whoever may know the resident: the last holder, and the origin."""
    others = [center for center in record.path if center != record.me]
    asked = dict.fromkeys((*others[-1:], record.case.origin))
    urged = k.Urged(version=record.version, text=AWAITED)
    return tuple(Outgoing(center, urged) for center in asked if center != record.me)


def asked(record: Record, source: str) -> Decision:
    """The decision on a holder's urging: it is told once more, by a center that has held the case."""
    may_tell = source == record.holder and not record.mine and record.me in record.path
    told = tell(record) if may_tell else ()
    return Decision(record, told) if told else superseded(record)


def registered_again(record: Record, resident: Person | None) -> Decision | None:
    """The decision on a case of this center that its own system hands in once more: after a restore peers may have told
    no more than a hint of the resident, and the form tells it. None if nothing is new."""
    known = record.case.resident
    if resident is None or record.case.origin != record.me or (known is not None and not known.masked):
        return None
    after = record.with_(case=record.case.model_copy(update={"resident": resident}))
    return Decision(after, () if after.mine else tell(after))


def handed(record: Record, data: k.Handed, source: str, _now: datetime) -> Decision:
    """The decision on the resident as ``source`` has told it."""
    if data.version > record.version:
        raise Refusal("early-news", "the hand-over or the ruling that this follows has not come yet: it may")
    known = record.case.resident
    if data.resident.masked or (known is not None and not known.masked):
        return superseded(record)
    if source not in record.path:
        raise Refusal("not-holder", "only a center that has held the case tells who the resident is")
    if record.mine:
        case = record.case.model_copy(update={"resident": data.resident})
        return Decision(record.with_(case=case), needs_handling=True)
    if data.version == record.version or overruled(data.version, record.version):
        return superseded(record)
    passed_on = data.model_copy(update={"version": record.version})  # it rises each time: no circle
    return Decision(record, (Outgoing(record.holder, passed_on),))
