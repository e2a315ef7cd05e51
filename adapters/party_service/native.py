"""The forms of the party service centers' platform, in its own terms."""

from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from adapters.party_service.acts import ACTS
from bus import Division, Line, Moment, NativeId, Strict, Text
from bus import workorders as w

Number = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z]{18}$")]
Papers = Annotated[tuple[Annotated[Line, Field(max_length=60)], ...], Field(max_length=20, fail_fast=True)]
Grid = Annotated[Line, Field(max_length=40, title="网格")]
Spot = Annotated[Line, Field(max_length=140, title="地点文字；只给人看，不用于派转")]
Sphere = StrEnum("Sphere", {
    "ENVIRONMENT": "市容环境", "ROAD": "道路交通", "PROPERTY": "物业", "LIVELIHOOD": "民生", "UTILITIES": "水电气暖",
    "EDUCATION": "教育", "HEALTH": "医疗卫生", "SOCIAL_SECURITY": "社会保障", "IDENTITY": "户籍证件",
    "REAL_ESTATE": "不动产登记", "MARKET": "市场监管", "GOVERNMENT_SERVICE": "政务服务", "VOLUNTEER": "志愿服务",
    "SUGGESTION": "建言献策", "OTHER": "其他",
})  # fmt: skip
Sphere.__doc__ = "事项类别; the name is our category code in capitals."
Channel = StrEnum("Channel", {
    "LEDGER": "台账", "PHONE": "来电", "VISIT": "走访", "SNAPSHOT": "随手拍", "COUNTER": "来访", "MEETING": "议事会",
    "PROACTIVE": "主动发现",
})  # fmt: skip
Channel.__doc__ = "来源; the name is our channel in capitals."
SPHERES = w.by_name(Sphere["OTHER"])


class Matter(Strict):
    """What one resident asks for: in the ledger, and as one suggestion of a meeting."""

    resident: Line | None = Field(default=None, title="居民姓名")
    phone: w.Phone | None = Field(default=None, title="联系电话")
    anonymous: bool = Field(default=False, title="要求保密")
    sphere: Sphere = Field(default=Sphere.OTHER, title="类别")
    title: Line | None = Field(default=None, title="标题；没有则取内容开头")
    text: Text = Field(title="内容")
    place: Spot | None = None
    photos: w.Photos = ()
    urgent: bool = Field(default=False, title="紧急")
    due: Moment | None = Field(default=None, title="办理时限")
    to: w.Centers = Field(default=(), title="指定承办中心；多个则抢单")
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


class OrderEvent(Strict):
    """What staff, leaders or the resident did with a matter: form ``order-event``."""

    event_id: NativeId = Field(title="操作流水号")
    matter_no: NativeId = Field(title="事项编号")
    case_id: UUID | None = Field(default=None, title="总线案件编号；外来事项建单时由我们给出")
    event: Annotated[w.Act, w.one_of(ACTS, w.TIMES), Field(title="操作")]


class Claim(w.ClaimForm):
    """书记领办、认领: of a matter of ours, or of another center's that waits here: form ``claim``."""

    matter_no: NativeId = Field(title="事项编号")
    case_id: UUID | None = Field(default=None, title="总线案件编号；外来事项建单时由我们给出")
