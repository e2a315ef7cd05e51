"""What we write into the civilization practice platform: work orders, notes, replies, bulletins."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from adapters.civilization_center.native import MenuItem, Phone, ReturnReason
from bus import CenterName, Code, Division, Line, Moment, Outcome, Sha256, Strict, Text

Purpose = Literal["handle", "imposed", "assist", "arbitrate", "notice"]


class WorkOrder(Strict):
    """工单: a matter of another center, to be handled, helped with, ruled on, or known."""

    case_id: UUID
    number: Code
    purpose: Purpose
    sent_by: CenterName
    title: Line
    text: Text
    item: MenuItem
    division: Division
    place: Line | None = None
    resident: Line | None = None
    phone: Phone | None = None
    photos: tuple[Sha256, ...] = ()
    urgent: bool = False
    open_to_several: bool = Field(default=False, title="抢单：先接先得")
    due: Moment | None = None
    ask: Text | None = Field(default=None, title="派单说明、协办请求或提请理由")
    assist_id: UUID | None = None
    returned_by: tuple[CenterName, ...] = Field(default=(), title="此前退单的中心")


class Note(Strict):
    """动态: what another center did, and whether the resident reads it."""

    case_id: UUID | None
    status: Code
    headline: Line
    headline_en: Line
    by: CenterName
    at: Moment
    visible: bool = False
    text: Text | None = None
    reason: ReturnReason | None = None
    suggested: CenterName | None = None
    due: Moment | None = None
    stars: int | None = None


class Reply(Strict):
    """答复: what the resident reads under the order or the wish."""

    case_id: UUID
    number: Code
    by: CenterName
    outcome: Outcome
    text: Text
    lawful_route: Text | None = None
    photos: tuple[Sha256, ...] = ()


class Bulletin(Strict):
    """公示 on the center's board."""

    case_id: UUID
    by: CenterName
    title: Line
    text: Text
