"""What a desk does between taking a matter and answering it: it speaks to the resident, comes, asks units in order, and
looks at papers. ``center.casework()`` gives an adapter one form for all of it.

The place of a visit, who comes, and what staff found there, never enter the bus: they stay in the center's own system.
Only the stage, the day and the hour travel."""

from datetime import date, datetime, time
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from bus.contract.envelope import Message
from bus.contract.messages import AssistAnswered
from bus.contract.types import CenterName, Moment, NativeId, Strict
from bus.contract.working_days import CHINA
from bus.custody import Record
from bus.custody import commands as c
from bus.custody.casework import MOST_PAPERS, MOST_STEPS, Ask, ListedPaper, PaperTitle, PlanStep
from bus.custody.plans import step_of
from bus.custody.progress import CONTACTED
from bus.custody.visits import APPOINTED, UNMET, VISITED
from bus.sdk.center import IntakeContext
from bus.sdk.workorders.acts import Act
from bus.sdk.workorders.wording import act, one_of

Hour = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
"""As it stands in a diary: ``09:30``, in China time."""
LONGEST_TEXT = 8000
"""Signs of a ``Text``."""


class Contacting(Act):
    """先行联系: somebody has spoken to the resident."""

    said = "contact"

    def command(self, context: IntakeContext, case_id: UUID) -> c.Command:
        """Report."""
        return c.Report(case_id=case_id, stage=CONTACTED, text="已与居民联系 / the resident was spoken to")


class Appointing(Act):
    """预约上门: the place, and who comes, stay in the own system; with an hour, its clock runs."""

    said = "appoint"
    day: date = Field(title="上门日期", ge=date(1901, 1, 1), le=date(2199, 12, 31))
    hour: Hour | None = Field(default=None, title="上门时间，如 09:30；没有约定则不填")

    def command(self, context: IntakeContext, case_id: UUID) -> c.Command:
        """Report."""
        when = f"{self.day} {self.hour}" if self.hour is not None else f"{self.day}"
        at = datetime.combine(self.day, time.fromisoformat(self.hour), CHINA) if self.hour is not None else None
        text = f"已预约 {when} 上门 / a visit is appointed for {when}"
        return c.Report(case_id=case_id, stage=APPOINTED, text=text, at=at)


class Visiting(Act):
    """上门服务."""

    said = "visit"
    met: bool = Field(default=True, title="见到居民")

    def command(self, context: IntakeContext, case_id: UUID) -> c.Command:
        """Report."""
        text = "已上门办理 / somebody came" if self.met else "已上门，未能见面 / somebody came, and met nobody"
        return c.Report(case_id=case_id, stage=VISITED if self.met else UNMET, text=text)


class StepToAsk(Strict):
    """计划中的一步: what is asked of which unit."""

    to: CenterName = Field(title="承担单位")
    ask: Ask = Field(title="事项")
    due: Moment | None = Field(default=None, title="希望完成时间")
    show_resident: bool = Field(default=False, title="该单位可见居民信息")


class Planning(Act):
    """制定计划: units are asked one after the other; without steps the plan is taken back."""

    said = "plan"
    steps: Annotated[tuple[StepToAsk, ...], Field(max_length=MOST_STEPS, fail_fast=True, title="步骤，按顺序")] = ()

    def command(self, context: IntakeContext, case_id: UUID) -> c.Command:
        """MakePlan."""
        steps = (
            PlanStep(unit=step.to, ask=step.ask, due=step.due, show_resident=step.show_resident) for step in self.steps
        )
        return c.MakePlan(case_id=case_id, steps=tuple(steps))


class PaperLookedAt(Strict):
    """材料清单中的一项."""

    title: PaperTitle = Field(title="材料名称")
    there: bool = Field(default=True, title="已有")


class CheckingPapers(Act):
    """核对材料清单: the resident is asked for what is missing (补正); what comes later is told in the same way."""

    said = "check-papers"
    papers: Annotated[
        tuple[PaperLookedAt, ...], Field(min_length=1, max_length=MOST_PAPERS, fail_fast=True, title="材料清单")
    ]

    def command(self, context: IntakeContext, case_id: UUID) -> c.Command:
        """CheckPapers."""
        papers = (ListedPaper(title=paper.title, there=paper.there) for paper in self.papers)
        return c.CheckPapers(case_id=case_id, papers=tuple(papers))


CASEWORK = tuple(act(one, one.__doc__ or "") for one in (Contacting, Appointing, Visiting, Planning, CheckingPapers))


class Casework(Strict):
    """承办过程: what the desk does with a matter that it has: form ``casework``."""

    event_id: NativeId = Field(title="操作流水号")
    record: NativeId | None = Field(default=None, title="本中心受理的记录编号")
    case_id: UUID | None = Field(default=None, title="总线案件编号；外来工单由我们建单时给出")
    event: Annotated[Act, one_of(CASEWORK), Field(title="操作")]

    @model_validator(mode="after")
    def _about_one_record(self) -> Self:
        if (self.record is None) == (self.case_id is None):
            raise ValueError("name one: the record, or the case_id of a work order")
        return self


def told_of_plan(record: Record, message: Message[Any]) -> Message[Any]:
    """The answer of a helper as the desk reads it: of a step, with its number and what becomes of the plan."""
    answer = message.data
    if not isinstance(answer, AssistAnswered):
        return message
    word = _of_plan(record, answer)
    text = f"{word}{answer.text}"[:LONGEST_TEXT]
    return message.model_copy(update={"data": answer.model_copy(update={"text": text})}) if word else message


def _of_plan(record: Record, answer: AssistAnswered) -> str:
    place = record.plan.place_of(answer.assist_id) if record.plan is not None else None
    if place is None:
        asks = (one.ask for one in record.assists if one.assist_id == answer.assist_id)
        place = step_of(next(asks, ""))
        word = "该计划已不在进行，其余步骤请另立计划 / its plan runs no more: plan the rest anew"
    elif not answer.done:
        word = "未办成，计划停止 / not done: the plan stops"
    else:
        word = "已完成，计划结束 / done: the plan ends" if place[0] == place[1] else "已完成 / done"
    return f"【第 {place[0]}/{place[1]} 步{word}】" if place is not None else ""
