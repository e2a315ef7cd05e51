"""What we write into the party service platform: matters of other centers, and what happens to any matter."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from adapters.party_service.native import Phone
from adapters.party_service.words import Finding, Judge, ReturnReason, Satisfaction, Sphere
from bus import CenterName, Code, Division, Line, Moment, Sha256, Strict, Text

Purpose = Literal["handle", "imposed", "assist", "arbitrate", "notice"]
Level = Literal["county", "township", "village"]


class SentMatter(Strict):
    """外来事项: a matter of another center, to be handled, helped with, ruled on, or known."""

    case_id: UUID
    number: Code
    purpose: Purpose
    sent_by: CenterName
    level: Level = Field(title="事发地所在层级")
    title: Line
    text: Text
    sphere: Sphere
    division: Division
    place: Line | None = None
    resident: Line | None = None
    phone: Phone | None = None
    id_card: str | None = None
    credit_code: str | None = None
    address: Line | None = None
    agent: Line | None = None
    photos: tuple[Sha256, ...] = ()
    urgent: bool = False
    open_to_several: bool = Field(default=False, title="抢单：先接先得")
    due: Moment | None = None
    ask: Text | None = Field(default=None, title="派单说明、协办请求或提请理由")
    assist_id: UUID | None = None
    returned_by: tuple[CenterName, ...] = Field(default=(), title="此前退单的中心")


class Step(Strict):
    """流转记录: what another center did, and whether the resident reads it."""

    status: Code
    headline: Line
    headline_en: Line
    by: CenterName
    at: Moment
    visible: bool = False
    text: Text | None = None
    reason: ReturnReason | None = None
    times_returned: int | None = None
    suggested: CenterName | None = None
    due: Moment | None = None
    satisfaction: Satisfaction | None = None
    judge: Judge | None = None


class Notice(Strict):
    """整改通知单: what was promised, by whom, and until when."""

    case_id: UUID
    by: CenterName
    text: Text
    due: Moment


class Reply(Strict):
    """答复: what the resident is told."""

    case_id: UUID
    number: Code
    by: CenterName
    finding: Finding
    text: Text
    lawful_route: Text | None = None
    instant: bool = False
    photos: tuple[Sha256, ...] = ()


class Bulletin(Strict):
    """公示 on the board of the center."""

    case_id: UUID
    by: CenterName
    title: Line
    text: Text
