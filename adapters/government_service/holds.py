"""承诺时限、挂起、解挂、延期: the promised date of a work order, and how its clock is suspended, resumed or
extended; and 好差评, which comes by itself."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from bus import Code, Command, IntakeContext, Line, Moment, NativeId, Record, Report, Strict, Text, due_after
from bus import workorders as w

Satisfaction = w.chinese(w.Grade, "Satisfaction", "好差评: the five grades, best first.")
WorkingDays = Annotated[int, Field(ge=0, le=250)]
HEADLINES: w.Headlines = {
    "case.progressed:on-hold": w.Headline("on-hold", "挂起", "On hold", visible=True),
    "case.progressed:resumed": w.Headline("handling", "解除挂起", "Taken up again", visible=True),
    "case.progressed:extended": w.Headline("handling", "延期", "Extended", visible=True),
}


class ServiceItem(Strict):
    """事项 from the hall's catalogue, with the time that the center promises the public for it."""

    code: Code = Field(title="事项编码")
    title: Line = Field(title="事项名称")
    promised_days: WorkingDays = Field(title="承诺办结时限（工作日）")


class Evaluation(w.Rated):
    """好差评 from the county's rating system, which may be faster than the order's own ledger: form ``rating``."""

    rating_no: NativeId = Field(title="评价流水号")
    order_no: NativeId = Field(title="工单编号")
    grade: Satisfaction = Field(title="满意度", alias="satisfaction")  # type: ignore[valid-type]  # an enum made of labels


class Holding(w.Act):
    """挂起: the clock is told to wait, with a reason and, where it is known, until when"""

    action: Literal["hold"]
    reason: Text
    until: Moment | None = None

    def command(self, context: IntakeContext, case_id: UUID) -> Command:
        """Progress, with the day on which work resumes."""
        return Report(case_id=case_id, stage="on-hold", text=self.reason, due=self.until)


class Resuming(w.Act):
    """解挂"""

    action: Literal["resume"]
    text: Text
    working_days: WorkingDays | None = Field(default=None, title="自今日起还需工作日")

    def command(self, context: IntakeContext, case_id: UUID) -> Command:
        """Progress, with a new date if one is promised."""
        due = w.deadline(self.working_days, context.now)
        return Report(case_id=case_id, stage="resumed", text=self.text, due=due)


class Extending(w.Act):
    """延期: that many working days more than was promised"""

    action: Literal["extend"]
    reason: Text
    working_days: Annotated[int, Field(ge=1, le=250)]

    def command(self, context: IntakeContext, case_id: UUID) -> Command:
        """Progress, with the later date."""
        due = later(context.record(case_id), self.working_days, context.now)
        return Report(case_id=case_id, stage="extended", text=self.reason, due=due)


def later(record: Record, working_days: int, now: datetime) -> datetime:
    """``working_days`` after the promised date; without one, counted from today."""
    return due_after(record.due or record.case.due or now, working_days)


def promised(due: datetime | None, item: ServiceItem | None, heard: datetime) -> datetime | None:
    """The order's own deadline, else the service item's promised time, counted from the caller's request."""
    return due_after(heard, item.promised_days) if due is None and item is not None else due
