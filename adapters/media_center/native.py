"""What the media center's app and newsroom say, in their own words: the forms they send and the records they keep."""

from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from bus import CenterName, Code, Division, Ground, Line, Moment, NativeId, Outcome, Rater, Sha256, Strict, Text

Phone = Annotated[str, StringConstraints(pattern=r"^[0-9+() -]{3,30}$")]
Photos = Annotated[tuple[Sha256, ...], Field(max_length=9, fail_fast=True, description="照片 SHA-256，先上传后引用")]
Centers = Annotated[tuple[CenterName, ...], Field(max_length=20, fail_fast=True)]


class Topic(StrEnum):
    """留言分类 as the app shows it; the name is our category code in capitals."""

    ENVIRONMENT = "市容环境"
    ROAD = "道路交通"
    PROPERTY = "物业"
    LIVELIHOOD = "民生"
    UTILITIES = "水电气暖"
    EDUCATION = "教育"
    HEALTH = "医疗卫生"
    SOCIAL_SECURITY = "社会保障"
    GOVERNMENT_SERVICE = "政务服务"
    VOLUNTEER = "志愿服务"
    SUGGESTION = "建言献策"
    OTHER = "其他"


class ReturnReason(StrEnum):
    """退单原因 as the newsroom writes it; the names are those of ``bus.Reason``."""

    NOT_TERRITORY = "属地不符"
    NOT_DUTY = "职责不符"
    UNCLEAR_OWNERSHIP = "权属不清"
    INCOMPLETE = "信息不全"
    DUPLICATE = "重复"
    NO_CAPACITY = "无承接能力"
    LEGAL_ROUTE = "应走法定程序"
    EMERGENCY = "应转紧急"
    UNLAWFUL = "不合法理"
    ALREADY_CLOSED = "已办结"
    OTHER = "其他"


class ResidentMessage(Strict):
    """居民留言: form ``message``."""

    message_id: NativeId = Field(title="留言编号")
    client_name: Line = Field(title="昵称或姓名")
    phone: Phone | None = Field(default=None, title="手机号")
    anonymous: bool = Field(default=False, title="匿名：只有融媒体中心知道是谁")
    category: Topic = Field(default=Topic.OTHER, title="分类")
    title: Line | None = Field(default=None, title="标题；没有则取正文开头")
    text: Text = Field(title="留言内容")
    division: Division = Field(title="区划代码 6、9 或 12 位")
    place: Line | None = Field(default=None, title="地点文字；只给人看，不用于派转")
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = Field(default=None, title="经度")
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = Field(default=None, title="纬度")
    photos: Photos = ()
    urgent: bool = Field(default=False, title="加急")
    left_at: Moment | None = Field(default=None, title="留言时间")
    to: Centers = Field(default=(), title="编辑指定的中心；多个则抢单")
    handled_here: bool = Field(default=False, title="本中心自办，不转办")


class MessageBatch(Strict):
    """One event, several messages, each a matter of its own: form ``message-batch``."""

    batch_id: NativeId = Field(title="活动批次编号")
    occasion: Line = Field(title="活动名称：居民议事会、直播问政…")
    messages: Annotated[tuple[ResidentMessage, ...], Field(min_length=1, max_length=200, fail_fast=True, title="留言")]


class Urging(Strict):
    """催办"""

    action: Literal["urge"]
    text: Text


class Rating(Strict):
    """评价: 5 非常满意 … 1 非常不满意"""

    action: Literal["rate"]
    stars: Annotated[int, Field(ge=1, le=5)]
    text: Text | None = None
    rater: Rater = Field(default=Rater.RESIDENT, title="谁评的；满意度调查不与居民一事一评混算")


class Reopening(Strict):
    """不满意，要求重办"""

    action: Literal["reopen"]
    text: Text


class Cancelling(Strict):
    """居民撤销留言"""

    action: Literal["cancel"]


class Thanking(Strict):
    """致谢: a note; it never opens the matter again"""

    action: Literal["thank"]
    text: Text


class Dispatching(Strict):
    """转办、再次转办: to the centers named, else to the one whose duty it is"""

    action: Literal["dispatch"]
    to: Centers = ()
    note: Text | None = Field(default=None, title="给承办单位的话，居民看不到")


class TakingBack(Strict):
    """撤回转办"""

    action: Literal["withdraw"]
    reason: Text | None = None


class AskingArbiter(Strict):
    """提请裁定"""

    action: Literal["ask-arbiter"]
    ground: Ground = Ground.RETURNED
    text: Text | None = None


class Publishing(Strict):
    """跟踪报道: de-identified"""

    action: Literal["publish"]
    title: Line
    text: Text


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


class Progressing(Strict):
    """进展"""

    action: Literal["progress"]
    stage: Code = "handling"
    text: Text
    visible: bool = Field(default=True, title="居民可见")
    due: Moment | None = None


class Resolving(Strict):
    """办结"""

    action: Literal["resolve"]
    outcome: Outcome = Outcome.DONE
    reply: Text = Field(title="给居民的答复")
    internal: Text | None = Field(default=None, title="内部备注")
    lawful_route: Text | None = Field(default=None, title="不予受理时：居民还可以走的法定途径")
    photos: Photos = ()


class AskingAssist(Strict):
    """请求协办"""

    action: Literal["ask-assist"]
    to: CenterName
    ask: Text
    due: Moment | None = None


class AnsweringAssist(Strict):
    """协办答复"""

    action: Literal["answer-assist"]
    done: bool
    text: Text
    assist_id: UUID | None = None
    photos: Photos = ()


class RulingOn(Strict):
    """裁定 (only where the county made this center its arbiter)"""

    action: Literal["rule"]
    holder: CenterName
    text: Text


Handling = (
    Dispatching
    | TakingBack
    | AskingArbiter
    | Publishing
    | Progressing
    | Resolving
    | AskingAssist
    | AnsweringAssist
    | Urging
)
MessageAct = Rating | Reopening | Cancelling | Thanking | Handling
OrderAct = Accepting | Returning | RulingOn | Handling
Act = MessageAct | OrderAct


class MessageEvent(Strict):
    """What happened to a message in the app: form ``message-event``."""

    event_id: NativeId = Field(title="操作流水号")
    message_id: NativeId = Field(title="留言编号")
    event: Annotated[MessageAct, Field(discriminator="action", title="操作")]


class OrderEvent(Strict):
    """What our staff did with an order of another center: form ``order-event``."""

    event_id: NativeId = Field(title="操作流水号")
    case_id: UUID = Field(title="总线案件编号，建单时由我们给出")
    event: Annotated[OrderAct, Field(discriminator="action", title="操作")]


class Note(Strict):
    """A line on a message or an order, written by us: what other centers did, and whether the resident reads it."""

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
    """The answer that the resident reads under the message."""

    case_id: UUID
    number: Code
    by: CenterName
    outcome: Outcome
    text: Text
    lawful_route: Text | None = None
    photos: tuple[Sha256, ...] = ()


class Order(Strict):
    """A work order in the newsroom for a case of another center."""

    case_id: UUID
    number: Code
    purpose: Literal["handle", "imposed", "assist", "arbitrate", "notice"]
    sent_by: CenterName
    title: Line
    text: Text
    category: Topic
    division: Division
    place: Line | None = None
    resident_name: Line | None = None
    resident_phone: Phone | None = None
    photos: tuple[Sha256, ...] = ()
    urgent: bool = False
    due: Moment | None = None
    ask: Text | None = Field(default=None, title="转办说明、协办请求或提请理由")
    assist_id: UUID | None = None
    returned_by: tuple[CenterName, ...] = Field(default=(), title="此前退单的中心")


class Report(Strict):
    """跟踪报道: a follow-up report for the newsroom to publish."""

    case_id: UUID
    by: CenterName
    title: Line
    text: Text
