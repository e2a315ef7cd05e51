"""The forms of the media center's app and newsroom, in their own terms."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from bus import Division, Line, Moment, NativeId, Sha256, Strict, Text
from bus import workorders as w

Photos = Annotated[tuple[Sha256, ...], Field(max_length=9, fail_fast=True, description="照片 SHA-256，先上传后引用")]
ReturnReason = w.chinese(
    w.Reason, "ReturnReason", "退单原因 as the newsroom writes it; the names are those of ``bus.Reason``."
)


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


class ResidentMessage(Strict):
    """居民留言: form ``message``."""

    message_id: NativeId = Field(title="留言编号")
    client_name: Line = Field(title="昵称或姓名")
    phone: w.Phone | None = Field(default=None, title="手机号")
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
    to: w.Centers = Field(default=(), title="编辑指定的中心；多个则抢单")
    handled_here: bool = Field(default=False, title="本中心自办，不转办")


class PrivateMessage(w.Marked, ResidentMessage):
    """敏感诉求、异地办理: what is medical or of a child, told apart from other messages: form ``private-message``."""


class SurveyAnswer(w.Opined):
    """满意度调查、群众评议: one answer, under a pseudonym; it may come before its message: form ``survey``."""

    answer_no: NativeId = Field(title="答卷编号")
    message_id: NativeId = Field(title="留言编号")


class MessageBatch(Strict):
    """One event, several messages, each a matter of its own: form ``message-batch``."""

    batch_id: NativeId = Field(title="活动批次编号")
    occasion: Line = Field(title="活动名称：居民议事会、直播问政…")
    messages: Annotated[tuple[ResidentMessage, ...], Field(min_length=1, max_length=200, fail_fast=True, title="留言")]


class Cancelling(w.Cancelling):
    """居民撤销留言"""

    told = "已按您的要求撤销此条留言。 / Your message was withdrawn as you asked."


NOTE = "给承办单位的话，居民看不到"
ROUTE = "不予受理时：居民还可以走的法定途径"
RATER = "谁评的；满意度调查不与居民一事一评混算"
RESIDENT = (
    w.act(w.Rating, "评价: 5 非常满意 … 1 非常不满意", grade=w.As("stars"), rater=RATER),
    w.act(w.Reopening, "不满意，要求重办"),
    w.act(Cancelling, "居民撤销留言"),
    w.act(w.Thanking, "致谢: a note; it never opens the matter again"),
)
STAFF = (
    w.act(w.Accepting, "接单", promise="承诺", due="承诺期限"),
    w.act(w.Returning, "退单", reason=w.As(type=ReturnReason), suggested="建议转给"),
    w.act(w.RulingOn, "裁定 (only where the county made this center its arbiter)"),
)
HANDLING = (
    w.act(w.Dispatching, "转办、再次转办: to the centers named, else to the one whose duty it is", note=NOTE),
    w.act(w.TakingBack, "撤回转办"),
    w.act(w.AskingArbiter, "提请裁定"),
    w.act(w.Publishing, "跟踪报道: de-identified"),
    w.act(w.Progressing, "进展", visible="居民可见"),
    w.act(w.Resolving, "办结", reply="给居民的答复", internal="内部备注", lawful_route=ROUTE, photos=w.As(type=Photos)),
    w.act(w.AskingAssist, "请求协办"),
    w.act(w.AnsweringAssist, "协办答复", photos=w.As(type=Photos)),
    w.act(w.Urging, "催办"),
)


class MessageEvent(Strict):
    """What happened to a message in the app: form ``message-event``."""

    event_id: NativeId = Field(title="操作流水号")
    message_id: NativeId = Field(title="留言编号")
    event: Annotated[w.Act, w.one_of(RESIDENT, HANDLING, w.TIMES), Field(title="操作")]


class OrderEvent(Strict):
    """What our staff did with an order of another center: form ``order-event``."""

    event_id: NativeId = Field(title="操作流水号")
    case_id: UUID = Field(title="总线案件编号，建单时由我们给出")
    event: Annotated[w.Act, w.one_of(STAFF, HANDLING, w.TIMES), Field(title="操作")]
