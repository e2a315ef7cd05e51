"""More time: extensions and holds, who may grant them, and what a grant changes. Pure.

Only own commands are bound: where the clocks are on, and the center that may grant more time can be asked. What another
center says is heard. A term moves only by what was granted; a later date alone is a promise.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bus.contract import messages as k
from bus.contract.ids import new_id
from bus.custody import commands as c
from bus.custody.bounds import MOST_EXTENSIONS, MOST_HOLDS, with_told
from bus.custody.grants import Extension, Hold
from bus.custody.record import Decision, Outgoing, Reads, Record, Refusal, Status, notify_path

EXTENDED, ON_HOLD, RESUMED = "extended", "on-hold", "resumed"
"""Stages of progress (延期, 挂起, 解挂)."""


@dataclass(frozen=True, slots=True)
class Granting:
    """What a center whose clocks are on must know of the county's terms."""

    term_ends: Callable[[Record], datetime]
    """When the case must be resolved."""
    latest: Callable[[datetime], datetime]
    """The latest moment to which a term that ends then may be moved."""
    reads: Reads


def approver(record: Record, what: k.MoreTime, holder: str) -> str:
    """Return who grants ``holder`` more time: the origin the first, the arbiter the next; itself where nobody else
    could."""
    origin = record.case.origin if record.case.origin != holder else None
    arbiter = record.arbiter if record.arbiter != holder else None
    first = record.extended == 0 if what is k.MoreTime.EXTENSION else not record.holds
    return ((origin or arbiter) if first else (arbiter or origin)) or holder


def can_be_asked(record: Record, what: k.MoreTime, granting: Granting) -> bool:
    """Return whether another center can grant it: the one that may, reads such questions."""
    center = approver(record, what, record.me)
    return center != record.me and granting.reads(center, k.ExtensionRequested.kind)


# -- what the holder asks ----------------------------------------------------------------------------------------------


def ask(record: Record, command: c.AskExtension, now: datetime, granting: Granting | None) -> Decision:
    """The holder's question; a grant at once where nobody else could give it."""
    if granting is None:
        raise Refusal("clocks-off", "no term binds here while the clocks are off: report it as progress")
    ends, center = granting.term_ends(record), approver(record, command.what, record.me)
    _in_time(record, command, now, granting)
    asked = Extension(
        extension_id=new_id(), what=command.what, by=record.me, approver=center, at=now, until=command.until, due=ends,
        round=record.round,
    )  # fmt: skip
    if center == record.me:
        granted = asked.model_copy(update={"granted": True, "answered_at": now})
        changed = record.with_(extensions=with_extension(record, granted))
        return _extended(changed, granted, command.reason) if _is_extension(granted) else Decision(changed)
    if not granting.reads(center, k.ExtensionRequested.kind):
        raise Refusal("cannot-be-asked", f"the program of {center} reads no such question: agree, and report it")
    question = k.ExtensionRequested(
        version=record.version, extension_id=asked.extension_id, what=command.what, until=command.until, due=ends,
        reason=command.reason, case=record.case.without_resident(), path=record.path, round=record.round,
    )  # fmt: skip
    told = record.told if center in record.path else with_told(record.told, center)
    changed = record.with_(extensions=with_extension(record, asked), told=told)
    return Decision(changed, (Outgoing(center, question),))


def _in_time(record: Record, command: c.AskExtension, now: datetime, granting: Granting) -> None:
    ends = granting.term_ends(record)
    if now > ends:
        raise Refusal("too-late", "the term has ended: more time is asked for before")
    if any(one.granted is None and one.by == record.me and one.round == record.round for one in record.extensions):
        raise Refusal("extension-asked", "more time has been asked for; the answer will come")
    if command.until <= (ends if command.what is k.MoreTime.EXTENSION else now):
        raise Refusal("not-later", "the moment that is asked for is not later")
    if command.what is k.MoreTime.EXTENSION and command.until > granting.latest(ends):
        raise Refusal("too-long", "a term is moved no further at once: [clocks] longest_extension")


def answer(record: Record, command: c.AnswerExtension, now: datetime) -> Decision:
    """The approver's word."""
    waiting = [one for one in record.extensions if _waits_here(record, one, command)]
    if not waiting:
        raise Refusal("no-extension", "no request for more time waits here for this case, or it was answered")
    asked = waiting[0]
    if command.granted and now > asked.due:
        raise Refusal("too-late", "the term has ended meanwhile: a grant would count for nothing")
    until = min(command.until or asked.until, asked.until)
    changed = {"granted": command.granted, "answered_at": now, "until": until}
    said = k.ExtensionAnswered(
        version=record.version,
        extension_id=asked.extension_id,
        granted=command.granted,
        until=until if command.granted and until != asked.until else None,
        text=command.text,
    )
    answered = with_extension(record, asked.model_copy(update=changed))
    return Decision(record.with_(extensions=answered), (Outgoing(asked.by, said),))


def _waits_here(record: Record, one: Extension, command: c.AnswerExtension) -> bool:
    ours = one.approver == record.me and one.by != record.me and one.granted is None
    return ours and command.extension_id in (None, one.extension_id)


# -- what the holder does with it --------------------------------------------------------------------------------------


def check_report(record: Record, command: c.Report, granting: Granting) -> None:
    """Refuse a new date that was not granted, where somebody could have been asked."""
    moves = command.stage == EXTENDED and command.due is not None
    if moves and can_be_asked(record, k.MoreTime.EXTENSION, granting):
        raise Refusal("needs-approval", "a later term is granted by the origin, then by the arbiter: ask for it first")


def hold(record: Record, command: c.Hold, now: datetime, granting: Granting | None) -> Decision:
    """The begin of a hold: with its grant where the clocks are on, otherwise news alone."""
    running = open_hold(record)
    if running is not None and running.until > now:
        raise Refusal("on-hold", "the case is on hold already; resume it first")
    grant = _grant(record, now)
    until = command.until
    if granting is not None and grant is None and can_be_asked(record, k.MoreTime.HOLD, granting):
        raise Refusal("needs-approval", "a hold is granted by the origin, then by the arbiter: ask for it first")
    if granting is not None and grant is None and approver(record, k.MoreTime.HOLD, record.me) == record.me:
        until = until or granting.latest(now)
        grant = Extension(
            extension_id=new_id(), what=k.MoreTime.HOLD, by=record.me, approver=record.me, at=now, until=until,
            due=granting.term_ends(record), round=record.round, granted=True, answered_at=now,
        )  # fmt: skip
    data = k.Progressed(version=record.version, stage=ON_HOLD, text=command.text, public=command.public, due=until)
    if grant is None:
        return Decision(record.with_(due=until or record.due), notify_path(record, data))
    until = min(until or grant.until, grant.until)
    data = data.model_copy(update={"due": until, "at": now, "term": until})
    used = with_extension(record, grant.model_copy(update={"used": True}))
    begun = held(record.with_(extensions=used, due=until), record.me, now, until)
    return Decision(begun, notify_path(begun, data))


def _grant(record: Record, now: datetime) -> Extension | None:
    """The grant of a hold that has not begun."""
    for one in record.extensions:
        is_hold = one.what is k.MoreTime.HOLD and one.by == record.me and one.round == record.round
        if is_hold and one.granted and not one.used and one.until > now:
            return one
    return None


def resume(record: Record, command: c.Resume, now: datetime) -> Decision:
    """The end of a hold."""
    at = now if open_hold(record) is not None else None
    data = k.Progressed(
        version=record.version, stage=RESUMED, text=command.text, public=command.public, due=command.due, at=at
    )
    changed = resumed(record, now).with_(due=command.due or record.due)
    return Decision(changed, notify_path(changed, data))


# -- what is heard -----------------------------------------------------------------------------------------------------


def hear_answer(record: Record, data: k.ExtensionAnswered, source: str, said_at: datetime) -> Decision:
    """The approver's word, at the center that asked. A grant that was not said in time is none."""
    asked = next((one for one in record.extensions if one.extension_id == data.extension_id), None)
    if asked is None or asked.by != record.me or asked.granted is not None:
        return Decision(record, superseded=True)
    if asked.approver != source:
        raise Refusal("not-approver", f"only {asked.approver} answers this request")
    granted = data.granted and said_at <= asked.due
    changes = {"granted": granted, "answered_at": said_at, "until": min(data.until or asked.until, asked.until)}
    answered = asked.model_copy(update=changes)
    known = record.with_(extensions=with_extension(record, answered))
    counts = known.mine and known.status is Status.OPEN and known.round == asked.round
    if not (granted and counts and _is_extension(answered)):
        return Decision(known, needs_handling=True)
    said = _extended(known, answered, data.text or "延期已获同意 / the extension was granted")
    return Decision(said.record, said.outgoing, needs_handling=True)


def _is_extension(one: Extension) -> bool:
    return one.what is k.MoreTime.EXTENSION


def _extended(record: Record, granted: Extension, text: str) -> Decision:
    """The later term, and the progress that tells it: programs of v0.1.0 read the date."""
    data = k.Progressed(version=record.version, stage=EXTENDED, text=text, due=granted.until, term=granted.until)
    changed = with_term(record, granted.until).with_(due=granted.until)
    return Decision(changed, notify_path(changed, data))


def hear_progress(record: Record, data: k.Progressed, source: str, said_at: datetime) -> Record:
    """The record after a holder has said that it was granted more time, or that a hold ends."""
    at = min(data.at or said_at, said_at)
    if data.stage == RESUMED:
        return resumed(record, at)
    if data.term is None or not _believed(record, data, source):
        return record
    if data.stage == EXTENDED:
        return with_term(record, data.term)
    return held(record, source, at, data.term) if data.stage == ON_HOLD and data.term > at else record


def _believed(record: Record, data: k.Progressed, source: str) -> bool:
    """Whether the term was granted: who grants it must know of it, any other center believes the holder."""
    what = k.MoreTime.HOLD if data.stage == ON_HOLD else k.MoreTime.EXTENSION
    if approver(record, what, source) != record.me:
        return True
    ours = [one for one in record.extensions if one.approver == record.me and one.by == source and one.what is what]
    return any(one.granted and data.term is not None and data.term <= one.until for one in ours)


# -- the record --------------------------------------------------------------------------------------------------------


def with_extension(record: Record, one: Extension) -> tuple[Extension, ...]:
    """The requests with this one, which replaces itself; beyond the bound the oldest are forgotten."""
    others = {known.extension_id: known for known in record.extensions}
    return tuple({**others, one.extension_id: one}.values())[-MOST_EXTENSIONS:]


def with_term(record: Record, until: datetime) -> Record:
    """The record with a later term, in which the holds until now are counted already."""
    holds = tuple(one.model_copy(update={"settled": True}) for one in record.holds)
    return record.with_(term=until, extended=record.extended + 1, holds=holds)


def ruled_until(record: Record, due: datetime | None) -> Record:
    """The record with the term that a ruling names; without one it stays. It is no extension, which somebody grants."""
    if due is None:
        return record
    return with_term(record, due).with_(extended=record.extended)


def open_hold(record: Record) -> Hold | None:
    """The hold of this round that nobody has ended."""
    return next((one for one in record.holds if one.ended is None and one.round == record.round), None)


def held(record: Record, by: str, begins: datetime, until: datetime) -> Record:
    """The record with one more hold; one that still ran ends with its begin."""
    known = resumed(record, begins)
    one = Hold(begins=begins, until=until, by=by, round=record.round)
    return known.with_(holds=(*known.holds, one)[-MOST_HOLDS:])


def resumed(record: Record, at: datetime) -> Record:
    """The record in which no hold runs any more."""
    if all(one.ended is not None for one in record.holds):
        return record
    holds = (
        one if one.ended is not None else one.model_copy(update={"ended": max(one.begins, min(at, one.until))})
        for one in record.holds
    )
    return record.with_(holds=tuple(holds))
