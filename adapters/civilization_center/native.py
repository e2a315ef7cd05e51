"""What the civilization practice platform says, in its own words: orders from its menu, small wishes, what is done."""

from enum import StrEnum
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from bus import CenterName, Code, Division, Ground, Line, Moment, NativeId, Outcome, Rater, Sha256, Strict, Text

Phone = Annotated[str, StringConstraints(pattern=r"^[0-9+() -]{3,30}$")]
Photos = Annotated[tuple[Sha256, ...], Field(max_length=9, fail_fast=True, description="照片 SHA-256，先上传后引用")]
Centers = Annotated[tuple[CenterName, ...], Field(max_length=20, fail_fast=True)]
Words = Annotated[Text, Field(max_length=7000)]
"""Leaves room in the bus's text for the team that is written before it."""
Hours = Annotated[float, Field(ge=0, le=10_000)]


class MenuItem(StrEnum):
    """服务菜单; the name is our category code in capitals. The first nine are volunteers' work, the others come from
    other centers."""

    THEORY = "理论宣讲"
    CULTURE = "文化文艺"
    EDUCATION = "助学支教"
    HEALTH = "医疗健身"
    SCIENCE = "科学普及"
    LAW = "法律服务"
    ENVIRONMENT = "卫生环保"
    LIVELIHOOD = "帮困助老"
    VOLUNTEER = "志愿服务"
    ROAD = "道路交通"
    PROPERTY = "物业"
    UTILITIES = "水电气暖"
    SOCIAL_SECURITY = "社会保障"
    GOVERNMENT_SERVICE = "政务服务"
    SUGGESTION = "建言献策"
    OTHER = "其他"


class ReturnReason(StrEnum):
    """退单原因; the names are those of ``bus.Reason``."""

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


class Request(Strict):
    """What an order and a wish have alike: where it is, what shows it, and who may take it."""

    phone: Phone | None = Field(default=None, title="手机号")
    anonymous: bool = Field(default=False, title="匿名：只有文明实践中心知道是谁")
    division: Division = Field(title="区划代码 6、9 或 12 位")
    place: Line | None = Field(default=None, title="服务地点；只给人看，不用于派单")
    photos: Photos = ()
    urgent: bool = Field(default=False, title="加急")
    made_at: Moment | None = Field(default=None, title="提出时间")
    due: Moment | None = Field(default=None, title="希望完成时间")
    to: Centers = Field(default=(), title="派给的中心；多个则抢单，先接先得")
    handled_here: bool = Field(default=False, title="本中心自办，不派单")


class ServiceOrder(Request):
    """居民点单: form ``order``."""

    order_no: NativeId = Field(title="点单编号")
    item: MenuItem = Field(title="菜单项目")
    resident: Line = Field(title="点单人")
    text: Text | None = Field(default=None, title="具体要求；没有则为菜单项目")


class Wish(Request):
    """微心愿: form ``wish``."""

    wish_no: NativeId = Field(title="心愿编号")
    client_name: Line = Field(title="许愿人")
    item: MenuItem = Field(default=MenuItem.VOLUNTEER, title="类别")
    title: Line | None = Field(default=None, title="心愿；没有则取正文开头")
    text: Text = Field(title="心愿内容")


class Accepting(Strict):
    """接单; of a wish that is open to several, a bid for it"""

    action: Literal["accept"]
    team: Line | None = Field(default=None, title="承接的志愿服务队")
    promise: Words | None = Field(default=None, title="承诺")
    due: Moment | None = Field(default=None, title="承诺期限")


class Returning(Strict):
    """退单"""

    action: Literal["decline"]
    reason: ReturnReason
    text: Text | None = None
    suggested: CenterName | None = Field(default=None, title="建议派给")


class Progressing(Strict):
    """进展"""

    action: Literal["progress"]
    stage: Code = "handling"
    text: Text
    visible: bool = Field(default=True, title="居民可见")
    due: Moment | None = None


class Resolving(Strict):
    """办结、圆梦"""

    action: Literal["resolve"]
    outcome: Outcome = Outcome.DONE
    reply: Text = Field(title="给居民的答复")
    team: Line | None = Field(default=None, title="服务的志愿服务队")
    hours: Hours | None = Field(default=None, title="服务时长，小时")
    internal: Words | None = Field(default=None, title="内部备注")
    lawful_route: Text | None = Field(default=None, title="不予受理时：居民还可以走的法定途径")
    photos: Photos = ()


class Dispatching(Strict):
    """派单、再次派单: to the centers named, else to the one whose duty it is"""

    action: Literal["dispatch"]
    to: Centers = ()
    note: Text | None = Field(default=None, title="给承接单位的话，居民看不到")


class TakingBack(Strict):
    """撤回派单"""

    action: Literal["withdraw"]
    reason: Text | None = None


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


class Urging(Strict):
    """催单"""

    action: Literal["urge"]
    text: Text


class Rating(Strict):
    """评单: 5 非常满意 … 1 非常不满意"""

    action: Literal["rate"]
    stars: Annotated[int, Field(ge=1, le=5)]
    text: Text | None = None
    rater: Rater = Field(default=Rater.RESIDENT, title="谁评的；不与居民评单混算")


class Reopening(Strict):
    """不满意，要求重办"""

    action: Literal["reopen"]
    text: Text


class Thanking(Strict):
    """致谢: a note; it never opens the matter again"""

    action: Literal["thank"]
    text: Text


class Publishing(Strict):
    """公示、风采展示: de-identified"""

    action: Literal["publish"]
    title: Line
    text: Text


class AskingArbiter(Strict):
    """提请裁定"""

    action: Literal["ask-arbiter"]
    ground: Ground = Ground.RETURNED
    text: Text | None = None


class RulingOn(Strict):
    """裁定 (only where the county made this center its arbiter)"""

    action: Literal["rule"]
    holder: CenterName
    text: Text


Act = (
    Accepting | Returning | Progressing | Resolving | Dispatching | TakingBack | AskingAssist | AnsweringAssist
    | Urging | Rating | Reopening | Thanking | Publishing | AskingArbiter | RulingOn
)  # fmt: skip


class OrderEvent(Strict):
    """What somebody did with an order, a wish, or a work order of another center: form ``order-event``."""

    event_id: NativeId = Field(title="操作流水号")
    wish_no: NativeId | None = Field(default=None, title="心愿编号")
    order_no: NativeId | None = Field(default=None, title="点单编号")
    case_id: UUID | None = Field(default=None, title="总线案件编号；外来工单建单时由我们给出")
    event: Annotated[Act, Field(discriminator="action", title="操作")]

    @model_validator(mode="after")
    def _about_one_record(self) -> Self:
        if sum(named is not None for named in (self.wish_no, self.order_no, self.case_id)) != 1:
            raise ValueError("name one record: wish_no, order_no, or the case_id of a work order")
        return self
