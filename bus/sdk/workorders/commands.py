"""What acts have alike on their way to a command: to whom it goes, until when, with which papers, how it ends."""

from collections.abc import Iterable
from datetime import datetime
from enum import Enum
from uuid import UUID

from bus.contract.case import Attachment
from bus.contract.labels import Grade
from bus.contract.messages import Mode, Outcome
from bus.contract.working_days import due_after
from bus.custody import Record, Status
from bus.custody.commands import Command, Offer, Resolve, Urge, Withdraw
from bus.sdk.center import IntakeContext, Reject
from bus.sdk.codes import RejectCode
from bus.sdk.workorders.levels import neighbour

CANCELLED = "已按您的要求撤销。 / Your request was withdrawn as you asked."


def offer(case_id: UUID, to: tuple[str, ...], note: str | None = None, sign_by: datetime | None = None) -> Offer:
    """转办 to one center; 抢单 where several are named."""
    mode = Mode.EXCLUSIVE if len(to) == 1 else Mode.OPEN
    return Offer(case_id=case_id, to=to, mode=mode, note=note, sign_by=sign_by)


def responsible(context: IntakeContext, case_id: UUID, level: str | None = None) -> tuple[str, ...]:
    """The center whose duty the matter is: by the county's routes, or the one of our own kind a ``level`` up or down.

    Raises ``Reject``: ``no-route``, ``no-such-level``."""
    case = context.record(case_id).case
    if level is not None:
        found = neighbour(context.me, case.place.division, level)
        if found is None:
            raise Reject(RejectCode.NO_SUCH_LEVEL, "the place names no center on that level: name one in to")
        return (found,)
    return (context.route(case.category, case.place.division),)


def attachments(context: IntakeContext, papers: Iterable[str]) -> tuple[Attachment, ...]:
    """The papers and photos of a form, each uploaded before under its SHA-256."""
    return tuple(context.attachment(paper) for paper in papers)


def deadline(due: datetime | int | None, now: datetime) -> datetime | None:
    """A date as it was promised: a moment, or a number of working days from today."""
    return due_after(now, due) if isinstance(due, int) else due


def grade_of(said: int | Enum) -> int:
    """The number of a grade: as stars, or by its name."""
    return Grade[said.name].value if isinstance(said, Enum) else said


def cancel(record: Record, reply: str = CANCELLED) -> list[Command]:
    """居民撤销诉求: resolved here if the decision is here, else whoever has the matter is asked to end it."""
    case_id = record.case.case_id
    if record.status is not Status.OPEN:
        return []
    if record.mine and record.offer_out is not None:
        return [] if record.offer_out.withdrawing else [Withdraw(case_id=case_id, reason="居民撤销诉求")]
    if record.mine and record.decision_pending:
        return []  # the arbiter's word is awaited; what it brings asks again
    if record.mine:
        return [Resolve(case_id=case_id, outcome=Outcome.CANCELLED, public_reply=reply)]
    return [Urge(case_id=case_id, text="居民已撤销诉求，请核实后办结 / the resident takes the request back")]
