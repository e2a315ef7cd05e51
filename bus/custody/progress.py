"""Decisions of the holder on its work: reported, held, resumed, resolved. Pure."""

from datetime import datetime
from typing import TypeVar

from bus.contract import messages as k
from bus.custody import commands as c
from bus.custody import more_time
from bus.custody.more_time import Granting
from bus.custody.record import Decision, Outgoing, Record, Result, Status, notify_path
from bus.custody.rights import must_hold
from bus.custody.visits import appointment_after

CONTACTED = "contacted"
"""The stage of progress that says: the holder has spoken to the resident (先行联系)."""

_Told = TypeVar("_Told", c.Report, c.Hold, c.Resume)

WITHHELD = "内部办理，内容不转告 / handled internally"
"""The text that former holders get for progress that is not public."""


def _shown(record: Record, command: _Told) -> _Told:
    """The command as others are told of it: stage and date are the status; a text that is not public, or is about a
    child or a patient, stays the holder's own."""
    if command.public and not record.case.sensitive:
        return command
    return command.model_copy(update={"text": WITHHELD, "public": False})


def report(record: Record, command: c.Report, now: datetime, granting: Granting | None) -> Decision:
    """Tell stage, text and term of the work, for the path to hear."""
    if granting is not None:
        if command.stage == more_time.ON_HOLD:
            told = c.Hold(case_id=command.case_id, text=command.text, until=command.due, public=command.public)
            return more_time.hold(record, _shown(record, told), now, granting)
        more_time.check_report(record, command, granting)
    shown = _shown(record, command)
    progressed = k.Progressed(
        version=record.version, stage=command.stage, text=shown.text, public=shown.public, due=command.due,
        at=command.at,
    )  # fmt: skip
    contacted = record.contacted_at or now if command.stage == CONTACTED else record.contacted_at
    visit = appointment_after(record.appointment, progressed, now)
    changed = record.with_(due=command.due or record.due, contacted_at=contacted, appointment=visit)
    changed = more_time.resumed(changed, now) if command.stage == more_time.RESUMED else changed
    if shown is not command:  # the hour of a visit is no status
        progressed = progressed.model_copy(update={"at": None})
    return Decision(changed, notify_path(record, progressed))


def hold(record: Record, command: c.Hold, now: datetime, granting: Granting | None) -> Decision:
    """Hold the case: its term stands still."""
    return more_time.hold(record, _shown(record, command), now, granting)


def resume(record: Record, command: c.Resume, now: datetime, _granting: Granting | None) -> Decision:
    """Resume the work after a hold."""
    return more_time.resume(record, _shown(record, command), now)


def resolve(record: Record, command: c.Resolve, _now: datetime) -> Decision:
    """Resolve the case (办结); the origin replies to the resident."""
    must_hold(record)
    resolved = k.Resolved(
        version=record.version,
        round=record.round,
        outcome=command.outcome,
        public_reply=command.public_reply,
        internal_note=command.internal_note,
        lawful_route=command.lawful_route,
        attachments=command.attachments,
        instant=command.instant,
    )
    changed = record.with_(status=Status.RESOLVED, result=result_of(resolved, record.me))
    told = resolved.model_copy(update={"internal_note": None})
    says = notify_path(changed, told, also=record.hear_the_end)
    if record.case.origin == record.me:
        says = (Outgoing(record.me, resolved), *says)  # its own system replies to the resident
    return Decision(changed, says)


def result_of(resolved: k.Resolved, by: str) -> Result:
    """The part of a resolution that the record keeps."""
    return Result(
        by=by,
        outcome=resolved.outcome,
        public_reply=resolved.public_reply,
        lawful_route=resolved.lawful_route,
        instant=resolved.instant,
    )
