"""The messages that can be a center's first of a case: offer, request for help, question to the arbiter, ruling,
request for more time, escalation.

Pure: (record or none, message, source, me, now) → decision, or a refusal.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from bus.contract import messages as k
from bus.custody.bounds import with_assist, with_told
from bus.custody.grants import Extension
from bus.custody.merge import (
    all_returns,
    could_hold,
    first_record,
    fuller_case,
    in_round,
    merge,
    speaks_as_holder,
    superseded,
)
from bus.custody.more_time import ruled_until, with_extension
from bus.custody.record import Assist, Decision, ReceivedOffer, Record, Refusal


def _offered(record: Record | None, data: k.Offered, source: str, me: str, now: datetime) -> Decision:
    offer = ReceivedOffer(
        offer_id=data.offer_id, offerer=source, mode=data.mode, version=data.version, at=now, sign_by=data.sign_by
    )
    if record is None:
        known = first_record(data, source, me, now)
        return Decision(known.with_(arbiter=data.arbiter, offer_in=offer), needs_handling=True)
    if data.version < record.version:
        raise Refusal("stale", "the case has moved on since this offer; its sender no longer holds it")
    speaks_as_holder(record, data, source)
    known = in_round(merge(record, source, data.version, data.path), data.round)
    changed = known.with_(
        case=fuller_case(record.case, data.case),
        offer_in=offer,
        returns=all_returns(record.returns, data.returns),
        arbiter=record.arbiter or data.arbiter,
        informed=False,
    )
    return Decision(changed, needs_handling=True)


def _assist_requested(record: Record | None, data: k.AssistRequested, source: str, me: str, now: datetime) -> Decision:
    assist = Assist(assist_id=data.assist_id, asker=source, assistant=me, ask=data.ask, at=now, due=data.due)
    if record is None:
        known = first_record(data, source, me, now)
    elif data.version < record.version:
        known = record  # asked while the sender held the case; help claims no right and may still be given
    else:
        speaks_as_holder(record, data, source)
        known = merge(record, source, data.version)
    return Decision(known.with_(assists=with_assist(known.assists, assist)), needs_handling=True)


def _arbitration_requested(
    record: Record | None, data: k.ArbitrationRequested, source: str, me: str, now: datetime
) -> Decision:
    if record is not None and record.arbiter is not None and record.arbiter != me:
        raise Refusal("not-arbiter", f"the arbiter of this case is {record.arbiter}")
    silent = data.ground is k.Ground.SILENT
    # a complaint about a silent holder names the holder last; a center waiting for its own offer's answer is the holder
    holder = data.path[-1] if silent and not data.offered_to and data.path else source
    if record is None:
        known = first_record(data, holder, me, now)
    elif data.version < record.version and not silent:
        raise Refusal("stale", "the case has moved on; its sender no longer holds it")
    else:
        could_hold(record, data, source)
        known = in_round(merge(record, holder, data.version, data.path), data.round)
        known = known.with_(case=fuller_case(record.case, data.case), returns=all_returns(record.returns, data.returns))
    concerned, told = (*known.concerned, *data.offered_to)[-200:], with_told(known.told, source)
    changed = known.with_(arbiter=me, arbitration=source, concerned=concerned, told=told, informed=False)
    return Decision(changed, needs_handling=True)


def _ruled(record: Record | None, data: k.Ruled, source: str, me: str, now: datetime) -> Decision:
    if record is None:
        first = first_record(data, data.holder, me, now).with_(arbiter=source)
        return Decision(ruled_until(first, data.due), needs_handling=True)
    if data.version <= record.version:  # a holder was heard first; the path still counts
        known = in_round(record, data.round)
        known = known.with_(path=known.held_by(*data.path), arbiter=known.arbiter or source)
        return superseded(record) if known == record else Decision(known)
    known = in_round(merge(record, data.holder, data.version, data.path), data.round)
    changed = known.with_(
        case=fuller_case(record.case, data.case),
        arbiter=record.arbiter or source,
        arbitration=None,
        returns=all_returns(record.returns, data.returns),
    )
    due = data.due if changed.round == data.round else None  # a term is of one round
    return Decision(ruled_until(changed, due), needs_handling=True)


def _extension_requested(
    record: Record | None, data: k.ExtensionRequested, source: str, me: str, said_at: datetime
) -> Decision:
    if record is None:
        record = _informed(data, source, source, me, said_at)
    elif data.version < record.version or any(one.extension_id == data.extension_id for one in record.extensions):
        return superseded(record)
    speaks_as_holder(record, data, source)
    known = in_round(merge(record, source, data.version, data.path), data.round)
    asked = Extension(
        extension_id=data.extension_id, what=data.what, by=source, approver=me, at=said_at, until=data.until,
        due=data.due, round=data.round,
    )  # fmt: skip
    told = known.told if me in known.path else with_told(known.told, source)
    return Decision(known.with_(extensions=with_extension(known, asked), told=told), needs_handling=True)


def _escalated(record: Record | None, data: k.Escalated, source: str, me: str, said_at: datetime) -> Decision:
    """It claims nothing: what is known here stays."""
    if record is None:
        return Decision(_informed(data, data.holder, source, me, said_at), needs_handling=True)
    told = record.told if me in record.path else with_told(record.told, source)
    return Decision(record.with_(arbiter=record.arbiter or me, told=told), needs_handling=True)


def _informed(data: k.ExtensionRequested | k.Escalated, holder: str, source: str, me: str, said_at: datetime) -> Record:
    """The record of a center that learns of a case without the resident. Its origin knows it, or will again."""
    if data.case.origin == me:
        raise Refusal("unknown-case", "a case of this center is not known here: it may yet be recovered")
    if holder == me:
        raise Refusal("not-holder", "a center that does not know the case does not hold it")
    return first_record(data, holder, me, said_at).with_(arbiter=me, informed=True, told=(source,))


INITIATING: dict[type, Callable[[Record | None, Any, str, str, datetime], Decision]] = {
    k.Offered: _offered,
    k.AssistRequested: _assist_requested,
    k.ArbitrationRequested: _arbitration_requested,
    k.Ruled: _ruled,
    k.ExtensionRequested: _extension_requested,
    k.Escalated: _escalated,
}
"""Kind of message → the function that decides on it."""
