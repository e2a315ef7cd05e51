"""A work order, a reply and a report in the bus's words; an adapter says them in those of its own system."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from bus.contract.case import Case, Person, Urgency
from bus.contract.envelope import Message
from bus.contract.messages import (
    ArbitrationRequested,
    AssistRequested,
    Handed,
    Mode,
    Offered,
    Outcome,
    Resolved,
    Return,
    Ruled,
)
from bus.sdk.workorders.cases import WHO

Purpose = Literal["handle", "imposed", "assist", "arbitrate", "notice"]


AWAITED = "居民信息待移交"
"""What an order says of the resident while only a masked one is known."""


def present(**values: object) -> dict[str, Any]:
    """Those values that there are: what is not known is not sent."""
    return {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Order:
    """A matter of another center that staff shall handle, help with, rule on, or know of."""

    case: Case
    purpose: Purpose
    sent_by: str
    ask: str | None = None
    """What the sender's staff say with it: the note of an offer, the help asked for, the reason for a ruling."""
    assist_id: UUID | None = None
    due: datetime | None = None
    several: bool = False
    """Whether it was offered to several at once: the first bid has it (抢单)."""
    returns: tuple[Return, ...] = ()
    news: Message[Any] | None = None
    """Of a notice: the message by which the matter became known here."""

    @property
    def resident(self) -> Person:
        """Who asks, as far as this center may know it."""
        return self.case.resident or Person()

    @property
    def papers(self) -> tuple[str, ...]:
        """The papers and photos of the matter, by SHA-256."""
        return tuple(paper.sha256 for paper in self.case.attachments)

    @property
    def urgent(self) -> bool:
        """Whether it must be taken up before others."""
        return self.case.urgency is not Urgency.NORMAL

    def who(self, name: str) -> dict[str, Any]:
        """All that is known of the resident, whose name the other system calls ``name``."""
        return {name: self.resident.name, **{field: getattr(self.resident, field) for field in WHO}}

    @property
    def awaited(self) -> str | None:
        """What the order says of the resident where staff will be told more; None where nothing will come."""
        return AWAITED if self.resident.masked and self.purpose in ("handle", "imposed") else None

    def shown(self, **more: object) -> dict[str, Any]:
        """What every system of ours calls alike, and ``more`` in the words of this one."""
        case = self.case
        return present(
            case_id=case.case_id,
            number=case.number,
            purpose=self.purpose,
            sent_by=self.sent_by,
            title=case.title,
            text=case.text,
            division=case.place.division,
            place=case.place.text,
            urgent=self.urgent,
            due=self.due,
            ask=self.ask,
            assist_id=self.assist_id,
            returned_by=[one.by for one in self.returns],
            phone_tail=self.resident.phone_tail,
            resident_awaited=self.awaited,
            **more,
        )


def handed(message: Message[Handed], name: str, *fields: str, **theirs: str) -> dict[str, Any]:
    """The body that completes an order: the resident's name as ``name``, and of the rest those ``fields`` that the
    other system has room for; ``theirs`` are fields that it calls otherwise."""
    called = {name: "name", **{field: field for field in fields}, **theirs}
    known = {there: getattr(message.data.resident, ours) for there, ours in called.items()}
    return present(case_id=message.subject, by=message.source, **known)


def order_of(message: Message[Any]) -> Order:
    """The order that a message asks for. Raises ``TypeError`` for a kind that asks for none."""
    data, by = message.data, message.source
    match data:
        case Offered():
            several = data.mode is Mode.OPEN
            return Order(data.case, "handle", by, data.note, None, data.case.due, several, data.returns)
        case AssistRequested():
            return Order(data.case, "assist", by, data.ask, data.assist_id, data.due or data.case.due)
        case ArbitrationRequested():
            return Order(data.case, "arbitrate", by, data.text, due=data.case.due, returns=data.returns)
        case Ruled():
            return Order(data.case, "imposed", by, data.text, due=data.case.due, returns=data.returns)
        case _:
            raise TypeError(f"{data.kind} asks for no order: let otherwise hear it")


def notice(case: Case, message: Message[Any]) -> Order:
    """The order by which staff learn of a matter of which they have no record."""
    return Order(case, "notice", message.source, due=case.due, news=message)


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer that the resident is told."""

    case: Case
    by: str
    outcome: Outcome
    text: str
    lawful_route: str | None
    instant: bool
    papers: tuple[str, ...]

    def shown(self, **more: object) -> dict[str, Any]:
        """What every system of ours calls alike, and ``more`` in the words of this one."""
        return present(
            case_id=self.case.case_id,
            number=self.case.number,
            by=self.by,
            text=self.text,
            lawful_route=self.lawful_route,
            **more,
        )


def reply_of(case: Case, message: Message[Resolved]) -> Reply:
    """The answer that stands in a result."""
    data = message.data
    papers = tuple(paper.sha256 for paper in data.attachments)
    return Reply(case, message.source, data.outcome, data.public_reply, data.lawful_route, data.instant, papers)
