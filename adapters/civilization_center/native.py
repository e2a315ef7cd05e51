"""The civilization practice platform's forms, in its own terms: orders from its menu, small wishes, and acts."""

from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator

from bus import Accept, Command, Division, IntakeContext, Line, Moment, NativeId, Sha256, Strict, Text
from bus import workorders as w

Photos = Annotated[tuple[Sha256, ...], Field(max_length=9, fail_fast=True, description="照片 SHA-256，先上传后引用")]
Words = Annotated[Text, Field(max_length=7000)]
"""Leaves room in the case's text for the team's name, which is written before it."""
ReturnReason = w.chinese(w.Reason, "ReturnReason", "退单原因; the names are those of ``bus.Reason``.")


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


class Request(Strict):
    """What an order and a wish have alike: where it is, what shows it, and who may take it."""

    phone: w.Phone | None = Field(default=None, title="手机号")
    anonymous: bool = Field(default=False, title="匿名：只有文明实践中心知道是谁")
    division: Division = Field(title="区划代码 6、9 或 12 位")
    place: Line | None = Field(default=None, title="服务地点；只给人看，不用于派单")
    photos: Photos = ()
    urgent: bool = Field(default=False, title="加急")
    made_at: Moment | None = Field(default=None, title="提出时间")
    due: Moment | None = Field(default=None, title="希望完成时间")
    to: w.Centers = Field(default=(), title="派给的中心；多个则抢单，先接先得")
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


class Accepting(w.Accepting):
    """接单 by a volunteer team."""

    team: Line | None = Field(default=None, title="承接的志愿服务队")
    promise: Words | None = None

    def command(self, context: IntakeContext, case_id: UUID) -> Command:
        """Acceptance with the team and its promise, as the other centers read it."""
        team = f"由{self.team}承接" if self.team else None
        commitment = "：".join(part for part in (team, self.promise) if part) or None
        return Accept(case_id=case_id, commitment=commitment, due=self.due)


class Resolving(w.Resolving):
    """办结 by a volunteer team."""

    team: Line | None = Field(default=None, title="服务的志愿服务队")
    hours: float | None = Field(default=None, ge=0, le=10_000, title="服务时长，小时")
    internal: Words | None = None

    def internal_note(self) -> str | None:
        """志愿服务记录: team, duration and staff's own notes; not shown to the resident."""
        team = f"志愿服务队：{self.team}" if self.team else None
        hours = f"服务时长：{self.hours:g} 小时" if self.hours is not None else None
        return "\n".join(part for part in (team, hours, self.internal) if part) or None


ACTS = (
    w.act(Accepting, "接单; of a wish that is open to several, a bid for it", of=("team", "promise", "due"),
          promise="承诺", due="承诺期限"),
    w.act(w.Returning, "退单", reason=w.As(type=ReturnReason), suggested="建议派给"),
    w.act(w.Progressing, "进展", visible="居民可见"),
    w.act(Resolving, "办结、圆梦", of=("outcome", "reply", "team", "hours", "internal", "lawful_route", "photos"),
          reply="给居民的答复", internal="内部备注", lawful_route="不予受理时：居民还可以走的法定途径",
          photos=w.As(type=Photos)),
    w.act(w.Dispatching, "派单、再次派单: to the centers named, else to the one whose duty it is",
          note="给承接单位的话，居民看不到"),
    w.act(w.TakingBack, "撤回派单"),
    w.act(w.AskingAssist, "请求协办"),
    w.act(w.AnsweringAssist, "协办答复", photos=w.As(type=Photos)),
    w.act(w.Urging, "催单"),
    w.act(w.Rating, "评单: 5 非常满意 … 1 非常不满意", grade=w.As("stars"), rater="谁评的；不与居民评单混算"),
    w.act(w.Reopening, "不满意，要求重办"),
    w.act(w.Thanking, "致谢: a note; it never opens the matter again"),
    w.act(w.Publishing, "公示、风采展示: de-identified"),
    w.act(w.AskingArbiter, "提请裁定"),
    w.act(w.RulingOn, "裁定 (only where the county made this center its arbiter)"),
)  # fmt: skip


class OrderEvent(Strict):
    """What somebody did with an order, a wish, or a work order of another center: form ``order-event``."""

    event_id: NativeId = Field(title="操作流水号")
    wish_no: NativeId | None = Field(default=None, title="心愿编号")
    order_no: NativeId | None = Field(default=None, title="点单编号")
    case_id: UUID | None = Field(default=None, title="总线案件编号；外来工单建单时由我们给出")
    event: Annotated[w.Act, w.one_of(ACTS, w.TIMES), Field(title="操作")]

    @model_validator(mode="after")
    def _about_one_record(self) -> Self:
        if sum(named is not None for named in (self.wish_no, self.order_no, self.case_id)) != 1:
            raise ValueError("name one record: wish_no, order_no, or the case_id of a work order")
        return self
