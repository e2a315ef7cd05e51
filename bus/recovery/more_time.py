"""More time of a rebuilt record: requests, grants, holds and terms of the backup, and those that were said since. Pure.

They are heard again in their order, by the rules of ``bus.custody.more_time``; what was granted, stands."""

from typing import Any

from bus.contract import messages as k
from bus.contract.envelope import Message
from bus.custody import Record, Status
from bus.custody import more_time as m
from bus.custody.bounds import with_told
from bus.custody.grants import Extension
from bus.recovery.case_history import CaseHistory
from bus.recovery.order import in_order

_TOLD = (k.ArbitrationRequested, k.ExtensionRequested, k.Escalated)


def with_more_time(history: CaseHistory, record: Record) -> Record:
    """Return ``record`` with what was asked, granted and held, and with the centers that hear how the case ends."""
    known = _of_backup(history, record)
    for message in in_order((*history.said, *history.heard)):
        known = _heard(known, message)
    running = record.status is Status.OPEN
    ended = known if running else m.resumed(known, record.resolved_at or record.closed_at or record.case.received_at)
    return ended.with_(told=_told(history, record), informed=_is_informed(history, record))


def _of_backup(history: CaseHistory, record: Record) -> Record:
    before = history.before
    if before is None:
        return record
    term = before.term if before.round == record.round else None
    return record.with_(extended=before.extended, extensions=before.extensions, holds=before.holds, term=term)


def _heard(known: Record, message: Message[Any]) -> Record:
    data = message.data
    if isinstance(data, k.ExtensionRequested):
        asked = Extension(
            extension_id=data.extension_id,
            what=data.what,
            by=message.source,
            approver=message.recipient,
            at=message.time,
            until=data.until,
            due=data.due,
            round=data.round,
        )
        return known.with_(extensions=m.with_extension(known, asked))
    if isinstance(data, k.ExtensionAnswered):
        return _answered(known, data, message)
    if isinstance(data, k.Ruled) and data.round == known.round:
        return m.ruled_until(known, data.due)
    return _progressed(known, data, message) if isinstance(data, k.Progressed) else known


def _progressed(known: Record, data: k.Progressed, message: Message[Any]) -> Record:
    """The same news to several centers counts once."""
    if data.stage == m.RESUMED:
        return m.resumed(known, data.at or message.time)
    if data.term is None:
        return known
    if data.stage == m.EXTENDED and known.term != data.term:
        return m.with_term(known, data.term)
    if data.stage == m.ON_HOLD and not any(one.begins == data.at for one in known.holds):
        return m.held(known, message.source, data.at or message.time, data.term)
    return known


def _answered(known: Record, data: k.ExtensionAnswered, message: Message[Any]) -> Record:
    for one in known.extensions:
        if one.extension_id == data.extension_id:
            granted = data.granted and message.time <= one.due
            until = min(data.until or one.until, one.until)
            answered = one.model_copy(update={"granted": granted, "answered_at": message.time, "until": until})
            return known.with_(extensions=m.with_extension(known, answered))
    return known


def _told(history: CaseHistory, record: Record) -> tuple[str, ...]:
    before = history.before.told if history.before is not None else ()
    said = [one.recipient for kind in _TOLD for one in history.ours(kind)]
    heard = [one.source for kind in _TOLD for one in history.theirs(kind) if record.me not in record.path]
    return with_told(before, *(center for center in said if center not in record.path), *heard)


def _is_informed(history: CaseHistory, record: Record) -> bool:
    """Whether nothing but an escalation, or a request for more time, has told of the case."""
    if history.before is not None and not history.before.informed:
        return False
    whole = (k.Offered, k.ArbitrationRequested, k.Ruled, k.AssistRequested)
    informs = any(isinstance(one.data, k.Escalated | k.ExtensionRequested) for one in history.heard)
    known = history.before is not None or informs
    return known and record.case.origin != record.me and not any(isinstance(one.data, whole) for one in history.heard)
