"""What the command platform says, in its own words."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field
from pydantic.alias_generators import to_camel

from bus import Division, Line, NativeId, Text
from bus import workorders as w


class Matter(StrEnum):
    """诉求类别; the name is our category code in capitals."""

    ENVIRONMENT = "市容环境"
    ROAD = "道路交通"
    PROPERTY = "物业"
    LIVELIHOOD = "民生"
    UTILITIES = "水电气暖"
    HEALTH = "医疗卫生"
    SOCIAL_SECURITY = "社会保障"
    VOLUNTEER = "志愿服务"
    OTHER = "其他"


class Ticket(w.CamelForm):
    """诉求工单: form ``ticket``."""

    ticket_no: NativeId = Field(title="工单编号")
    caller: Line | None = Field(default=None, title="来电人")
    phone: w.Phone | None = Field(default=None, title="联系电话")
    address: Line | None = Field(default=None, title="住址（上门办理）")
    anonymous: bool = Field(default=False, title="要求保密")
    matter: Matter = Field(default=Matter.OTHER, title="诉求类别")
    title: Line | None = Field(default=None, title="标题；没有则取正文开头")
    text: Text = Field(title="诉求内容")
    division: Division = Field(title="区划代码 6、9 或 12 位")
    place: Line | None = Field(default=None, title="地点文字；只给人看，不用于派单")
    files: w.Photos = ()
    urgent: bool = Field(default=False, title="紧急")
    created_at: w.LocalMoment | None = Field(default=None, title="受理时间，如 2021-06-01 09:30")
    dispatch_to: w.Centers = Field(default=(), title="派给的中心；多个则抢单，没有则按路由")


ACTS = (
    w.act(w.Accepting, "签收", promise="承诺", due=w.As(type=w.LocalMoment | None), spell=to_camel),
    w.act(w.Returning, "退单", suggested="建议转给", spell=to_camel),
    w.act(w.Dispatching, "派单、再次派单", note="派单说明，居民看不到", spell=to_camel),
    w.act(w.Progressing, "进展", visible="居民可见", due=w.As(type=w.LocalMoment | None), spell=to_camel),
    w.act(w.AskingAssist, "请求协办", show_resident="协办单位可见居民信息（如上门送物）", spell=to_camel),
    w.act(w.AnsweringAssist, "协办答复", spell=to_camel),
    w.act(w.Resolving, "办结", reply="给居民的答复", internal="内部备注", spell=to_camel),
    w.act(w.Urging, "催办", spell=to_camel),
    w.act(w.Rating, "回访评价: 5 非常满意 … 1 非常不满意", spell=to_camel),
    w.act(w.AskingExtension, "申请延期、挂起", until=w.As(type=w.LocalMoment), reason="理由", spell=to_camel),
    w.act(w.AnsweringExtension, "答复延期申请", until=w.As(type=w.LocalMoment | None), spell=to_camel),
)


class TicketAct(w.CamelForm):
    """What staff did: form ``ticket-act``."""

    event_id: NativeId = Field(title="操作流水号")
    ticket_no: NativeId | None = Field(default=None, title="本中心受理的工单编号")
    case_id: UUID | None = Field(default=None, title="总线案件编号；外来工单由我们建单时给出")
    event: Annotated[w.Act, w.one_of(ACTS), Field(title="操作")]
