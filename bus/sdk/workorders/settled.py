"""Lines of a ledger that tell their end (补录), and ratings that come by themselves: what happened before it is
entered."""

from collections.abc import Callable, Iterator
from datetime import datetime
from enum import Enum
from typing import Annotated, Any, Self, TypeVar
from uuid import UUID

from pydantic import Field, model_validator

from bus.contract.case import Case
from bus.contract.messages import Outcome, Rater
from bus.contract.pseudonym import Pseudonym
from bus.contract.types import Moment, NativeId, Strict, Text
from bus.custody import Status
from bus.custody.commands import Assess, Command, Join, Rate, Register, Settle
from bus.sdk.center import Commands, IntakeContext, Link
from bus.sdk.workorders.commands import grade_of

UNTOLD = "补录，未载答复 / entered later, without the reply"
"""The reply where the ledger has none."""
CALLS_FOR_ACTION = ("to", "handled_here", "board", "answer")
"""Fields of other forms that ask somebody to act: a line of a ledger asks nobody."""


class Ended(Strict):
    """The end of a matter, as a ledger tells it; mixed into a form of the matter."""

    settled_at: Moment | None = Field(default=None, title="办结时间；没有则为在办")
    closed_at: Moment | None = Field(default=None, title="答复居民的时间；没有则为办结时间")
    outcome: Outcome = Field(default=Outcome.DONE, title="办理结果")
    reply: Text | None = Field(default=None, title="答复")
    lawful_route: Text | None = Field(default=None, title="不予受理时：可以走的法定途径")
    project: NativeId | None = Field(default=None, title="所属项目编号；多件诉求可属同一项目")

    @model_validator(mode="after")
    def _asks_nobody(self) -> Self:
        if any(getattr(self, name, None) for name in CALLS_FOR_ACTION):
            raise ValueError(f"a line of a ledger is handed to nobody: leave out {', '.join(CALLS_FOR_ACTION)}")
        return self

    def end(self, case_id: UUID) -> Settle | None:
        """The command that settles the case; None while the matter is in hand."""
        if self.settled_at is None:
            return None
        told: Enum = self.outcome
        return Settle(
            case_id=case_id,
            outcome=Outcome[told.name],
            public_reply=self.reply or UNTOLD,
            lawful_route=self.lawful_route,
            resolved_at=self.settled_at,
            closed_at=self.closed_at,
        )


class Rated(Strict):
    """A rating that comes by itself and not as an act on a record; a form adds its own id and the record's."""

    grade: Annotated[int, Field(ge=1, le=5, title="评分")]
    rater: Rater = Field(default=Rater.RESIDENT, title="评价人")
    rated_at: Moment | None = Field(default=None, title="评价时间")
    text: Text | None = Field(default=None, title="评语")

    def command(self, case_id: UUID) -> Rate:
        """The command that hands it on."""
        told: Enum = self.rater
        return Rate(
            case_id=case_id, grade=grade_of(self.grade), rater=Rater[told.name], text=self.text, at=self.rated_at
        )


class Opined(Strict):
    """The opinion of one of many, from a survey or a review by the masses, under a pseudonym. A form adds its own id
    and the record's. A pseudonym is a number that the survey has drawn, and never tells who it is."""

    pseudonym: Pseudonym = Field(title="匿名编号，由调查系统随机生成；不得用姓名、手机号、身份证号")
    rater: Rater = Field(default=Rater.SURVEY, title="评价人：masses 群众评议、survey 满意度调查")
    grade: Annotated[int, Field(ge=1, le=5, title="评分")]
    rated_at: Moment | None = Field(default=None, title="评价时间")

    @model_validator(mode="after")
    def _one_of_many(self) -> Self:
        if Rater[self.rater.name] not in (Rater.MASSES, Rater.SURVEY):
            raise ValueError("a pseudonym is for one of many: masses or survey; a resident rates its own matter")
        return self

    def command(self, case_id: UUID) -> Assess:
        """The command that keeps it."""
        return Assess(
            case_id=case_id,
            rater=Rater[self.rater.name],  # type: ignore[arg-type]  # one of the two, as validated
            grade=grade_of(self.grade),
            pseudonym=self.pseudonym,
            at=self.rated_at,
        )


EndedT = TypeVar("EndedT", bound=Ended)
RatedT = TypeVar("RatedT", bound=Rated | Opined)


def line_id(field: str) -> Callable[[Any], str]:
    """The own id of a line by the field of its matter. A line that tells the end has another id than the same matter in
    hand, so a later ledger settles what an earlier one has registered."""

    def own_id(form: Any) -> str:  # noqa: ANN401 - any form that tells an end
        settled_at: datetime | None = getattr(form, "settled_at", None)
        return f"{getattr(form, field)}" if settled_at is None else f"{getattr(form, field)}#settled"

    return own_id


def enter(context: IntakeContext, form: Ended, record: tuple[str, str], case: Callable[[], Case]) -> Commands:
    """Register the matter under ``record`` unless it is known, and settle it if the line tells its end. Nobody is asked
    to act, and no message is sent. What is known and settled stays as it is."""
    system, native_id = record
    known = context.known(system, native_id)
    if known is None:
        made = case()
        return [Register(case=made), *_told(form, made.case_id)]
    if form.settled_at is None or context.record(known).status is not Status.OPEN:
        return [Link(case_id=known, system=system, native_id=native_id)]
    return _told(form, known)


def _told(form: Ended, case_id: UUID) -> Iterator[Command]:
    """What a line tells of its matter: its project, and its end."""
    if form.project is not None:
        yield Join(case_id=case_id, project=form.project)
    end = form.end(case_id)
    if end is not None:
        yield end
