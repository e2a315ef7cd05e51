"""The forms of the service hall and the 12345 hotline, in their own terms."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from adapters.government_service.holds import Extending, Holding, Resuming, Satisfaction, ServiceItem, WorkingDays
from bus import Division, Line, Moment, NativeId, Sha256, Strict, Text
from bus import workorders as w

Number = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z]{18}$")]
Materials = Annotated[
    tuple[Sha256, ...], Field(max_length=20, fail_fast=True, description="材料、照片 SHA-256，先上传后引用")
]


class Sphere(StrEnum):
    """诉求领域 of the hotline; the name is our category code in capitals."""

    ENVIRONMENT = "市容环境"
    ROAD = "道路交通"
    PROPERTY = "物业"
    LIVELIHOOD = "民生"
    UTILITIES = "水电气暖"
    EDUCATION = "教育"
    HEALTH = "医疗卫生"
    SOCIAL_SECURITY = "社会保障"
    IDENTITY = "户籍证件"
    REAL_ESTATE = "不动产登记"
    MARKET = "市场监管"
    GOVERNMENT_SERVICE = "政务服务"
    VOLUNTEER = "志愿服务"
    SUGGESTION = "建言献策"
    OTHER = "其他"


class Channel(StrEnum):
    """受理方式; the name is our channel in capitals."""

    PHONE = "来电"
    COUNTER = "窗口"
    ONLINE = "网上"
    VISIT = "上门"
    PROACTIVE = "主动服务"


ReturnReason = w.chinese(
    w.Reason, "ReturnReason", "退单原因 of the hotline's rules; the names are those of ``bus.Reason``."
)


class WorkOrder(Strict):
    """工单: form ``work-order``."""

    order_no: NativeId = Field(title="工单编号")
    channel: Channel = Field(default=Channel.PHONE, title="受理方式")
    item: ServiceItem | None = Field(default=None, title="对应事项；没有则为一般诉求")
    caller: Line | None = Field(default=None, title="来电人或申请人")
    phone: w.Phone | None = Field(default=None, title="联系电话")
    id_card: Number | None = Field(default=None, title="居民身份证号")
    credit_code: Number | None = Field(default=None, title="统一社会信用代码（单位申请）")
    address: Line | None = Field(default=None, title="住址（上门服务）")
    agent: Line | None = Field(default=None, title="代办人")
    anonymous: bool = Field(default=False, title="要求保密：承办单位看不到来电人")
    sphere: Sphere = Field(default=Sphere.OTHER, title="诉求领域")
    title: Line = Field(title="标题")
    text: Text = Field(title="诉求内容")
    division: Division = Field(title="区划代码 6、9 或 12 位")
    place: Line | None = Field(default=None, title="事发地点文字；只给人看，不用于派单")
    materials: Materials = ()
    urgent: bool = Field(default=False, title="紧急")
    received_at: Moment | None = Field(default=None, title="受理时间")
    due: Moment | None = Field(default=None, title="办结期限；没有则按事项承诺时限计算")
    to: w.Centers = Field(default=(), title="话务员指定的承办中心；多个则抢单")
    handled_here: bool = Field(default=False, title="本中心自办")
    answer: Text | None = Field(default=None, title="即时办结：当场给出的答复")


class LedgerLine(w.Ended, WorkOrder):
    """台账补录: an order of an old ledger, with its end if it has one: form ``ledger``."""


ACTS = (
    w.act(w.Accepting, "签收", promise="承诺", due=w.As("working_days", WorkingDays | None, "承诺工作日")),
    w.act(w.Returning, "退单", said="return", reason=w.As(type=ReturnReason), suggested="建议承办中心"),
    w.act(w.Progressing, "办理进展", of=("stage", "text", "visible"), visible="来电人可见"),
    Holding,
    Resuming,
    Extending,
    w.act(w.Resolving, "办结", reply="给来电人的答复", internal="内部备注",
          lawful_route="不予受理时：可以走的法定途径", photos=w.As("materials", Materials)),
    w.act(w.AskingAssist, "请求协办", due=w.As("working_days", WorkingDays | None)),
    w.act(w.AnsweringAssist, "协办答复", photos=w.As("materials", Materials)),
    w.act(w.Dispatching, "派单、重新派单: to the centers named, else to the one whose duty it is",
          note="派单说明，来电人看不到"),
    w.act(w.TakingBack, "撤回派单"),
    w.act(w.Urging, "催单"),
    w.act(w.Rating, "好差评: one matter, one rating", grade=w.As("satisfaction", Satisfaction),
          rater="谁评的；回访调查不与一事一评混算"),
    w.act(w.Reopening, "不满意，重办"),
    w.act(w.Thanking, "表扬、致谢: a note; it never opens the matter again"),
    w.act(w.AskingArbiter, "提请裁定"),
    w.act(w.RulingOn, "裁定承办单位"),
    w.act(w.Publishing, "公示典型案例: de-identified"),
)  # fmt: skip


class OrderEvent(Strict):
    """What staff or the caller did with a work order: form ``order-event``."""

    event_id: NativeId = Field(title="流转流水号")
    order_no: NativeId = Field(title="工单编号")
    case_id: UUID | None = Field(default=None, title="总线案件编号；外来工单由我们建单时给出")
    event: Annotated[w.Act, w.one_of(ACTS, w.ASKING), Field(title="操作")]
