"""What we write into the hall's and the hotline's system: orders of other centers, and lines on any order."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from adapters.government_service.native import Phone, ReturnReason, Satisfaction, Sphere
from bus import CenterName, Code, Division, Line, Moment, Outcome, Rater, Sha256, Strict, Text

Purpose = Literal["handle", "imposed", "assist", "arbitrate", "notice"]


class SentOrder(Strict):
    """外来工单: a work order for a case of another center."""

    case_id: UUID
    number: Code
    purpose: Purpose
    sent_by: CenterName
    title: Line
    text: Text
    sphere: Sphere
    division: Division
    place: Line | None = None
    caller: Line | None = None
    phone: Phone | None = None
    id_card: str | None = None
    credit_code: str | None = None
    address: Line | None = None
    agent: Line | None = None
    materials: tuple[Sha256, ...] = ()
    urgent: bool = False
    due: Moment | None = None
    ask: Text | None = Field(default=None, title="派单说明、协办请求或提请理由")
    assist_id: UUID | None = None
    returned_by: tuple[CenterName, ...] = Field(default=(), title="此前退单的中心")


class Step(Strict):
    """流转记录: what another center did, and whether the caller reads it."""

    status: Code
    headline: Line
    headline_en: Line
    by: CenterName
    at: Moment
    visible: bool = False
    text: Text | None = None
    due: Moment | None = None


class SentBack(Strict):
    """退单登记: who sent the order back, why, and who should have it instead."""

    by: CenterName
    at: Moment
    reason: ReturnReason
    text: Text | None = None
    suggested: CenterName | None = None
    times: int


class Answer(Strict):
    """答复: what the caller is told."""

    case_id: UUID
    number: Code
    by: CenterName
    outcome: Outcome
    text: Text
    lawful_route: Text | None = None
    instant: bool = False
    materials: tuple[Sha256, ...] = ()


class Grade(Strict):
    """好差评 of a matter that we handled, given where the resident had spoken."""

    by: CenterName
    round: int
    rater: Rater
    satisfaction: Satisfaction
    text: Text | None = None
