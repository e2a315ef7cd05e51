"""What the party service centers say, in their own words: the forms that their platform sends in."""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from adapters.party_service.words import Channel, Finding, Judge, Plea, ReturnReason, Satisfaction, Sphere
from bus import CenterName, Code, Division, Line, Moment, NativeId, Sha256, Strict, Text

Phone = Annotated[str, StringConstraints(pattern=r"^[0-9+() -]{3,30}$")]
Number = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z]{18}$")]
Photos = Annotated[tuple[Sha256, ...], Field(max_length=20, fail_fast=True, description="照片 SHA-256，先上传后引用")]
Papers = Annotated[tuple[Annotated[Line, Field(max_length=60)], ...], Field(max_length=20, fail_fast=True)]
Centers = Annotated[tuple[CenterName, ...], Field(max_length=20, fail_fast=True)]
Grid = Annotated[Line, Field(max_length=40, title="网格")]
Spot = Annotated[Line, Field(max_length=140, title="地点文字；只给人看，不用于派转")]


class Matter(Strict):
    """What one resident asks for: in the ledger, and as one suggestion of a meeting."""

    resident: Line | None = Field(default=None, title="居民姓名")
    phone: Phone | None = Field(default=None, title="联系电话")
    anonymous: bool = Field(default=False, title="要求保密")
    sphere: Sphere = Field(default=Sphere.OTHER, title="类别")
    title: Line | None = Field(default=None, title="标题；没有则取内容开头")
    text: Text = Field(title="内容")
    place: Spot | None = None
    photos: Photos = ()
    urgent: bool = Field(default=False, title="紧急")
    due: Moment | None = Field(default=None, title="办理时限")
    to: Centers = Field(default=(), title="指定承办中心；多个则抢单")
    handled_here: bool = Field(default=False, title="本中心自办")
    board: bool = Field(default=False, title="挂认领榜，由领导或党员认领；留在本中心")


class Entry(Matter):
    """台账登记、来电、走访、随手拍: form ``entry``."""

    matter_no: NativeId = Field(title="事项编号")
    channel: Channel = Field(default=Channel.LEDGER, title="来源")
    agent: Line | None = Field(default=None, title="代办人")
    id_card: Number | None = Field(default=None, title="居民身份证号")
    credit_code: Number | None = Field(default=None, title="统一社会信用代码（单位提出）")
    address: Line | None = Field(default=None, title="住址")
    papers: Papers = Field(default=(), title="代办所带材料清单")
    division: Division = Field(title="区划代码 6、9 或 12 位")
    grid: Grid | None = None
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = Field(default=None, title="经度")
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = Field(default=None, title="纬度")
    received_at: Moment | None = Field(default=None, title="登记时间")
    answer: Text | None = Field(default=None, title="即时办结：当场给出的答复")


class Suggestion(Matter):
    """One suggestion of a meeting."""

    no: Annotated[int, Field(ge=1, le=999, title="建议序号，会议内不变")]


class Meeting(Strict):
    """居民议事会: one meeting, several matters, each its own: form ``meeting``."""

    event_id: NativeId = Field(title="报送流水号")
    meeting_no: Annotated[NativeId, Field(max_length=100)] = Field(title="会议编号")
    occasion: Line = Field(title="会议名称")
    division: Division = Field(title="区划代码 6、9 或 12 位")
    grid: Grid | None = None
    held_at: Moment | None = Field(default=None, title="召开时间")
    suggestions: Annotated[tuple[Suggestion, ...], Field(min_length=1, max_length=200, fail_fast=True, title="建议")]

    @model_validator(mode="after")
    def _each_its_own_number(self) -> Self:
        if len({one.no for one in self.suggestions}) != len(self.suggestions):
            raise ValueError("two suggestions have one number: number them within the meeting")
        return self


class Accepting(Strict):
    """接单"""

    action: Literal["accept"]
    promise: Text | None = Field(default=None, title="承诺")
    due: Moment | None = Field(default=None, title="承诺期限")


class Returning(Strict):
    """退单"""

    action: Literal["decline"]
    reason: ReturnReason
    text: Text | None = None
    suggested: CenterName | None = Field(default=None, title="建议转给")


class Claiming(Strict):
    """认领: a leader or party member takes the matter from the board; the first one has it"""

    action: Literal["claim"]
    claimant: Annotated[Line, Field(max_length=60)] = Field(title="认领人")
    post: Annotated[Line, Field(max_length=60)] | None = Field(default=None, title="职务或党员身份")
    due: Moment | None = Field(default=None, title="承诺期限")


class Progressing(Strict):
    """进展; with ``due`` a commitment: the platform issues a 整改通知单"""

    action: Literal["progress"]
    stage: Code = "handling"
    text: Text
    visible: bool = Field(default=True, title="居民可见")
    due: Moment | None = Field(default=None, title="整改或承诺期限")


class Resolving(Strict):
    """办结"""

    action: Literal["resolve"]
    finding: Finding = Finding.DONE
    reply: Text = Field(title="给居民的答复")
    internal: Text | None = Field(default=None, title="内部备注")
    lawful_route: Text | None = Field(default=None, title="不予受理时：居民还可以走的法定途径")
    photos: Photos = ()


class AskingAssist(Strict):
    """请求协办 (吹哨)"""

    action: Literal["ask-assist"]
    to: CenterName
    ask: Text
    due: Moment | None = None
    show_resident: bool = Field(default=False, title="协办单位可见居民信息（如上门送物）")


class AnsweringAssist(Strict):
    """协办答复 (报到)"""

    action: Literal["answer-assist"]
    done: bool
    text: Text
    assist_id: UUID | None = None
    photos: Photos = ()


class Dispatching(Strict):
    """派单: to the centers named; or one level down (下派) or up (上报); else to the one whose duty it is"""

    action: Literal["dispatch"]
    to: Centers = ()
    level: Literal["down", "up"] | None = Field(default=None, title="下派到下一级、上报到上一级")
    note: Text | None = Field(default=None, title="派单说明，居民看不到")

    @model_validator(mode="after")
    def _one_way_to_say_it(self) -> Self:
        if self.to and self.level is not None:
            raise ValueError("name centers in to, or a level, not both")
        return self


class TakingBack(Strict):
    """撤回派单"""

    action: Literal["withdraw"]
    reason: Text | None = None


class Urging(Strict):
    """催办"""

    action: Literal["urge"]
    text: Text


class AskingArbiter(Strict):
    """提请裁定"""

    action: Literal["ask-arbiter"]
    plea: Plea = Plea.RETURNED
    text: Text | None = None


class RulingOn(Strict):
    """裁定 (at the county's arbiter)"""

    action: Literal["rule"]
    holder: CenterName
    text: Text


class Rating(Strict):
    """评议"""

    action: Literal["rate"]
    satisfaction: Satisfaction
    judge: Judge = Judge.RESIDENT
    text: Text | None = None


class Reopening(Strict):
    """不满意，重办"""

    action: Literal["reopen"]
    text: Text


class Publishing(Strict):
    """公示: de-identified"""

    action: Literal["publish"]
    title: Line
    text: Text


Act = (
    Accepting | Returning | Claiming | Progressing | Resolving | AskingAssist | AnsweringAssist | Dispatching
    | TakingBack | Urging | AskingArbiter | RulingOn | Rating | Reopening | Publishing
)  # fmt: skip


class OrderEvent(Strict):
    """What staff, leaders or the resident did with a matter: form ``order-event``."""

    event_id: NativeId = Field(title="操作流水号")
    matter_no: NativeId = Field(title="事项编号")
    case_id: UUID | None = Field(default=None, title="总线案件编号；外来事项建单时由我们给出")
    event: Annotated[Act, Field(discriminator="action", title="操作")]
