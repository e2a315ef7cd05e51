"""What the service hall and the 12345 hotline say, in their own words: the forms they send, the records they keep."""

from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from bus import CenterName, Code, Division, Ground, Line, Moment, NativeId, Outcome, Rater, Sha256, Strict, Text

Phone = Annotated[str, StringConstraints(pattern=r"^[0-9+() -]{3,30}$")]
Number = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z]{18}$")]
Materials = Annotated[
    tuple[Sha256, ...], Field(max_length=20, fail_fast=True, description="材料、照片 SHA-256，先上传后引用")
]
Centers = Annotated[tuple[CenterName, ...], Field(max_length=20, fail_fast=True)]
WorkingDays = Annotated[int, Field(ge=0, le=250)]


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


class ReturnReason(StrEnum):
    """退单原因 of the hotline's rules; the names are those of ``bus.Reason``."""

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


class Satisfaction(StrEnum):
    """好差评: the five grades, best first."""

    DELIGHTED = "非常满意"
    SATISFIED = "满意"
    MOSTLY = "基本满意"
    UNSATISFIED = "不满意"
    VERY_UNSATISFIED = "非常不满意"


class ServiceItem(Strict):
    """事项 from the hall's catalogue, with the time that the center promises the public for it."""

    code: Code = Field(title="事项编码")
    title: Line = Field(title="事项名称")
    promised_days: WorkingDays = Field(title="承诺办结时限（工作日）")


class WorkOrder(Strict):
    """工单: form ``work-order``."""

    order_no: NativeId = Field(title="工单编号")
    channel: Channel = Field(default=Channel.PHONE, title="受理方式")
    item: ServiceItem | None = Field(default=None, title="对应事项；没有则为一般诉求")
    caller: Line | None = Field(default=None, title="来电人或申请人")
    phone: Phone | None = Field(default=None, title="联系电话")
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
    to: Centers = Field(default=(), title="话务员指定的承办中心；多个则抢单")
    handled_here: bool = Field(default=False, title="本中心自办")
    answer: Text | None = Field(default=None, title="即时办结：当场给出的答复")


class Accepting(Strict):
    """签收"""

    action: Literal["accept"]
    promise: Text | None = Field(default=None, title="承诺")
    working_days: WorkingDays | None = Field(default=None, title="承诺工作日")


class Returning(Strict):
    """退单"""

    action: Literal["return"]
    reason: ReturnReason
    text: Text | None = None
    suggested: CenterName | None = Field(default=None, title="建议承办中心")


class Progressing(Strict):
    """办理进展"""

    action: Literal["progress"]
    stage: Code = "handling"
    text: Text
    visible: bool = Field(default=True, title="来电人可见")


class Holding(Strict):
    """挂起: the clock is told to wait, with a reason and, where it is known, until when"""

    action: Literal["hold"]
    reason: Text
    until: Moment | None = None


class Resuming(Strict):
    """解挂"""

    action: Literal["resume"]
    text: Text
    working_days: WorkingDays | None = Field(default=None, title="自今日起还需工作日")


class Extending(Strict):
    """延期: that many working days more than was promised"""

    action: Literal["extend"]
    reason: Text
    working_days: Annotated[int, Field(ge=1, le=250)]


class Resolving(Strict):
    """办结"""

    action: Literal["resolve"]
    outcome: Outcome = Outcome.DONE
    reply: Text = Field(title="给来电人的答复")
    internal: Text | None = Field(default=None, title="内部备注")
    lawful_route: Text | None = Field(default=None, title="不予受理时：可以走的法定途径")
    materials: Materials = ()


class AskingAssist(Strict):
    """请求协办"""

    action: Literal["ask-assist"]
    to: CenterName
    ask: Text
    working_days: WorkingDays | None = None


class AnsweringAssist(Strict):
    """协办答复"""

    action: Literal["answer-assist"]
    done: bool
    text: Text
    assist_id: UUID | None = None
    materials: Materials = ()


class Dispatching(Strict):
    """派单、重新派单: to the centers named, else to the one whose duty it is"""

    action: Literal["dispatch"]
    to: Centers = ()
    note: Text | None = Field(default=None, title="派单说明，来电人看不到")


class TakingBack(Strict):
    """撤回派单"""

    action: Literal["withdraw"]
    reason: Text | None = None


class Urging(Strict):
    """催单"""

    action: Literal["urge"]
    text: Text


class Rating(Strict):
    """好差评: one matter, one rating"""

    action: Literal["rate"]
    satisfaction: Satisfaction
    text: Text | None = None
    rater: Rater = Field(default=Rater.RESIDENT, title="谁评的；回访调查不与一事一评混算")


class Reopening(Strict):
    """不满意，重办"""

    action: Literal["reopen"]
    text: Text


class Thanking(Strict):
    """表扬、致谢: a note; it never opens the matter again"""

    action: Literal["thank"]
    text: Text


class AskingArbiter(Strict):
    """提请裁定"""

    action: Literal["ask-arbiter"]
    ground: Ground = Ground.RETURNED
    text: Text | None = None


class RulingOn(Strict):
    """裁定承办单位"""

    action: Literal["rule"]
    holder: CenterName
    text: Text


class Publishing(Strict):
    """公示典型案例: de-identified"""

    action: Literal["publish"]
    title: Line
    text: Text


Act = (
    Accepting
    | Returning
    | Progressing
    | Holding
    | Resuming
    | Extending
    | Resolving
    | AskingAssist
    | AnsweringAssist
    | Dispatching
    | TakingBack
    | Urging
    | Rating
    | Reopening
    | Thanking
    | AskingArbiter
    | RulingOn
    | Publishing
)


class OrderEvent(Strict):
    """What staff or the caller did with a work order: form ``order-event``."""

    event_id: NativeId = Field(title="流转流水号")
    order_no: NativeId = Field(title="工单编号")
    case_id: UUID | None = Field(default=None, title="总线案件编号；外来工单由我们建单时给出")
    event: Annotated[Act, Field(discriminator="action", title="操作")]
