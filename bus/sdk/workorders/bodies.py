"""What an adapter sends into the center's own system, as models: what ``shown``, ``kept_at`` and ``posted_at`` write.

A simulator takes these bodies and no others, and the vendor's OpenAPI document is made of them. An adapter adds what it
says in its own words. What is not known is left out, and is never null.
"""

from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from bus.contract.messages import Outcome
from bus.contract.types import CenterName, Code, CreditCode, Division, IdCard, Line, Moment, NativeId, Sha256, Text
from bus.sdk.workorders.acts import Phone
from bus.sdk.workorders.lights import Light
from bus.sdk.workorders.notes import Headlines
from bus.sdk.workorders.orders import AWAITED, Purpose

Papers = Annotated[
    tuple[Sha256, ...],
    Field(
        title="照片与材料（SHA-256）",
        description="Photos and papers by their hashes; the bytes come by calls of their own, before this or after it",
        max_length=20,
    ),
]
CaseId = Annotated[UUID, Field(title="总线案件编号", description="The case's id on the bus; the same in every call")]
CaseNumber = Annotated[Line, Field(title="受理编号", description="The case's number as people say it")]
By = Annotated[CenterName, Field(title="操作单位", description="The center that did it")]
Due = Annotated[Moment, Field(title="办理时限", description="Until when it is promised")]
Suggested = Annotated[CenterName, Field(title="建议转给", description="Who should have it instead")]
ReasonWord = Annotated[Line, Field(title="退单原因", description="Why it was sent back, in Chinese")]
Stars = Annotated[int, Field(ge=1, le=5, title="评分", description="5 is the best")]


ENDED = frozenset({"resolved", "closed", "ended", "taken", "taken-back"})
"""What becomes of a record for which nobody is waited for any more."""


class Body(BaseModel):
    """The body of a call. Another field than these is an error of the adapter, and a simulator refuses it."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    def plain(self) -> dict[str, Any]:
        """The JSON as it came: names as they were sent, nothing that was not."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)


class Order(Body):
    """A work order for a case of another center."""

    case_id: CaseId
    number: CaseNumber
    purpose: Purpose = Field(
        title="建单目的",
        description="handle: ours to take or to return; imposed: ours by a ruling; assist: help is asked for; "
        "arbitrate: a ruling is asked for; notice: to know of",
    )
    sent_by: CenterName = Field(title="派出单位", description="The center that it comes from")
    title: Line = Field(title="标题", description="One line")
    text: Text = Field(title="内容", description="What the resident asks for")
    division: Division = Field(title="区划代码", description="County 6, township 9, village 12 digits")
    place: Line | None = Field(default=None, title="地点", description="The place in words")
    urgent: bool = Field(title="紧急", description="To be taken up before others")
    due: Due | None = None
    ask: Text | None = Field(default=None, title="附言", description="What the sender's staff say with it")
    assist_id: UUID | None = Field(default=None, title="协办编号", description="To be named in the answer to an assist")
    returned_by: tuple[CenterName, ...] = Field(title="曾退单的单位", description="Who has sent it back before")
    phone_tail: str | None = Field(
        default=None,
        title="电话尾号",
        description="The last four digits, until the matter is ours and the resident is made known",
        pattern=r"^[0-9]{4}$",
    )
    resident_awaited: Line | None = Field(
        default=None,
        title="居民信息状态",
        description=f"{AWAITED}: who the resident is comes by a call of its own, once the matter is ours",
    )


class Resident(Body):
    """Who asks, besides the name, as far as this center may know it."""

    phone: Phone | None = Field(default=None, title="联系电话", description="Telephone")
    id_card: IdCard | None = Field(default=None, title="身份证号", description="Identity card, GB 11643")
    credit_code: CreditCode | None = Field(default=None, title="统一社会信用代码", description="Credit code, GB 32100")
    address: Line | None = Field(default=None, title="住址", description="Home address")
    agent: Line | None = Field(default=None, title="代办人", description="Who speaks for the resident")


class Handed(Body):
    """Who the resident of an order is, told once the matter is ours. An adapter adds what its system has room for."""

    case_id: CaseId
    by: By


class Note(Body):
    """A line of news on a record; an adapter says its ``status`` by ``statuses``."""

    status: Code
    headline: Line = Field(title="动态标题", description="In Chinese")
    headline_en: Line = Field(title="动态标题（英文）", description="In English")
    by: By
    at: Moment = Field(title="发生时间", description="When it was done")
    visible: bool = Field(title="居民可见", description="Whether the resident may read the line")
    text: Text | None = Field(default=None, title="说明", description="What was said with it")
    light: Light | None = Field(
        default=None,
        title="亮灯",
        description="yellow: the term ends soon; red: it has ended. Only where the county has its clocks on",
    )

    def light_up(self, record: dict[str, Any]) -> None:
        """Put the light on the record; it goes out once nobody is waited for any more."""
        if self.status in ENDED:
            record.pop("light", None)
        elif self.light is not None:
            record["light"] = self.light.value


class CustodyNote(Note):
    """A note that also says why a case was sent back, who should have it instead, and until when it is promised."""

    reason: ReasonWord | None = None
    suggested: Suggested | None = None
    due: Due | None = None


class Reply(Body):
    """The answer that the resident is told."""

    case_id: CaseId
    number: CaseNumber
    by: By
    text: Text = Field(title="给居民的答复", description="What the resident reads")
    lawful_route: Text | None = Field(
        default=None, title="法定途径", description="The way that stays open to the resident where it is not accepted"
    )


class OutcomeReply(Reply):
    """An answer that names the outcome as the bus does."""

    outcome: Outcome = Field(title="办理结果", description="How it ended")


class Published(Body):
    """What another center has told the public; nobody can be known by it."""

    case_id: CaseId
    by: By
    title: Line = Field(title="标题", description="One line")
    text: Text = Field(title="内容", description="What the public reads")


class Paper(Body):
    """The bytes of a photo or paper. The same one may come again, for another record."""

    sha256: Sha256 = Field(title="SHA-256", description="The name under which records speak of it")
    media_type: Line = Field(title="媒体类型", description="Such as image/jpeg")
    content: str = Field(
        title="内容（Base64）", description="The bytes", json_schema_extra={"contentEncoding": "base64"}
    )


class Opened(BaseModel):
    """The record that was made."""

    id: NativeId = Field(title="记录编号", description="Kept by the adapter, which names the record by it from then on")


class Done(BaseModel):
    """It is done. Nothing of this is read: any object will do, or no body at all."""

    id: NativeId | None = Field(default=None, title="记录编号", description="The record")


class Kept(BaseModel):
    """The photo or paper is kept. Nothing of this is read: any object will do, or no body at all."""

    sha256: Sha256 | None = Field(default=None, title="SHA-256", description="The name under which it is kept")


def statuses(headlines: Headlines) -> Any:  # noqa: ANN401 - as pydantic's own Field
    """The field ``status`` of a note that is headed by one of these."""
    words = sorted({headline.status for headline in headlines.values()})
    told = "What becomes of the record; later versions may say a word more"
    return Field(title="状态", description=told, examples=words)
