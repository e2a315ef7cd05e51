"""What people do with a matter in any center's system, and the command that each act becomes.

An adapter says them in its own words (``wording.act``); what is its own alone is an ``Act`` that it writes itself.
"""

from typing import Annotated, ClassVar, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from bus.contract.messages import Ground, Outcome, Rater, Reason
from bus.contract.types import CenterName, Code, Line, Moment, Sha256, Strict, Text
from bus.custody import commands as c
from bus.sdk.center import Commands, IntakeContext, Link
from bus.sdk.workorders.commands import CANCELLED, attachments, cancel, deadline, grade_of, offer, responsible

Centers = Annotated[tuple[CenterName, ...], Field(max_length=20, fail_fast=True)]
Phone = Annotated[str, StringConstraints(pattern=r"^[0-9+() -]{3,30}$")]
Photos = Annotated[tuple[Sha256, ...], Field(max_length=20, fail_fast=True, description="照片 SHA-256，先上传后引用")]
THANKS = "thanks"
"""Under this name a word of thanks is kept: it belongs to the case, and nothing opens again."""


class Act(Strict):
    """One act of staff or of a resident, as a form tells it."""

    model_config = ConfigDict(serialize_by_alias=True)
    said: ClassVar[str] = ""
    """The action's usual word."""
    rare: ClassVar[tuple[str, ...]] = ()
    """Fields that an adapter has only where it names them."""
    action: str

    def commands(self, context: IntakeContext, case_id: UUID, event_id: str) -> Commands:
        """What the act asks of the bus; ``event_id`` is the form's own number."""
        return [self.command(context, case_id)]

    def command(self, context: IntakeContext, case_id: UUID) -> c.Command:
        """The one command of an act that has one."""
        raise NotImplementedError(f"{type(self).__name__} says no command: give it one, or commands")


class Accepting(Act):
    """接单"""

    said = "accept"
    promise: Text | None = None
    due: Moment | None = None

    def command(self, context: IntakeContext, case_id: UUID) -> c.Command:
        """Accept."""
        return c.Accept(case_id=case_id, commitment=self.promise, due=deadline(self.due, context.now))


class Returning(Act):
    """退单"""

    said = "decline"
    reason: Reason
    text: Text | None = None
    suggested: CenterName | None = None

    def command(self, context: IntakeContext, case_id: UUID) -> c.Command:
        """Decline."""
        return c.Decline(case_id=case_id, reason=Reason[self.reason.name], text=self.text, suggested=self.suggested)


class Progressing(Act):
    """进展"""

    said = "progress"
    stage: Code = "handling"
    text: Text
    visible: bool = True
    due: Moment | None = None

    def command(self, context: IntakeContext, case_id: UUID) -> c.Command:
        """Report."""
        due = deadline(self.due, context.now)
        return c.Report(case_id=case_id, stage=self.stage, text=self.text, public=self.visible, due=due)


class Resolving(Act):
    """办结"""

    said = "resolve"
    outcome: Outcome = Outcome.DONE
    reply: Text
    internal: Text | None = None
    lawful_route: Text | None = None
    photos: Photos = ()

    def command(self, context: IntakeContext, case_id: UUID) -> c.Command:
        """Resolve."""
        return c.Resolve(
            case_id=case_id,
            outcome=Outcome[self.outcome.name],
            public_reply=self.reply,
            internal_note=self.internal_note(),
            lawful_route=self.lawful_route,
            attachments=attachments(context, self.photos),
        )

    def internal_note(self) -> str | None:
        """What the own staff keep of it."""
        return self.internal


class AskingAssist(Act):
    """请求协办"""

    said = "ask-assist"
    rare = ("show_resident",)
    to: CenterName
    ask: Text
    due: Moment | None = None
    show_resident: bool = False

    def command(self, context: IntakeContext, case_id: UUID) -> c.Command:
        """AskAssist."""
        due = deadline(self.due, context.now)
        return c.AskAssist(case_id=case_id, to=self.to, ask=self.ask, due=due, show_resident=self.show_resident)


class AnsweringAssist(Act):
    """协办答复"""

    said = "answer-assist"
    done: bool
    text: Text
    assist_id: UUID | None = None
    photos: Photos = ()

    def command(self, context: IntakeContext, case_id: UUID) -> c.Command:
        """AnswerAssist."""
        papers = attachments(context, self.photos)
        return c.AnswerAssist(
            case_id=case_id, done=self.done, text=self.text, assist_id=self.assist_id, attachments=papers
        )


class Dispatching(Act):
    """转办、再次转办: to the centers named, else to the one whose duty it is"""

    said = "dispatch"
    rare = ("level", "sign_by")
    to: Centers = ()
    level: Literal["down", "up"] | None = None
    note: Text | None = None
    sign_by: Moment | None = None

    @model_validator(mode="after")
    def _one_way_to_say_it(self) -> Self:
        if self.to and self.level is not None:
            raise ValueError("name centers in to, or a level, not both")
        return self

    def command(self, context: IntakeContext, case_id: UUID) -> c.Command:
        """Offer."""
        to = self.to or responsible(context, case_id, self.level)
        return offer(case_id, to, self.note, self.sign_by)


class TakingBack(Act):
    """撤回转办"""

    said = "withdraw"
    reason: Text | None = None

    def command(self, context: IntakeContext, case_id: UUID) -> c.Command:
        """Withdraw."""
        return c.Withdraw(case_id=case_id, reason=self.reason)


class Urging(Act):
    """催办"""

    said = "urge"
    text: Text

    def command(self, context: IntakeContext, case_id: UUID) -> c.Command:
        """Urge."""
        return c.Urge(case_id=case_id, text=self.text)


class Rating(Act):
    """评价: 5 … 1, or the five grades by their names"""

    said = "rate"
    grade: Annotated[int, Field(ge=1, le=5)]
    text: Text | None = None
    rater: Rater = Rater.RESIDENT

    def command(self, context: IntakeContext, case_id: UUID) -> c.Command:
        """Rate."""
        return c.Rate(case_id=case_id, grade=grade_of(self.grade), rater=Rater[self.rater.name], text=self.text)


class CallingBack(Act):
    """回访: the resident was called about the result"""

    said = "call-back"
    solved: bool

    def command(self, context: IntakeContext, case_id: UUID) -> c.Command:
        """CallBack."""
        return c.CallBack(case_id=case_id, solved=self.solved)


class Reopening(Act):
    """不满意，要求重办"""

    said = "reopen"
    text: Text

    def command(self, context: IntakeContext, case_id: UUID) -> c.Command:
        """Reopen."""
        return c.Reopen(case_id=case_id, text=self.text)


class Thanking(Act):
    """致谢: a note; it never opens the matter again"""

    said = "thank"
    text: Text

    def commands(self, context: IntakeContext, case_id: UUID, event_id: str) -> Commands:
        """A link that keeps it."""
        return [Link(case_id=case_id, system=THANKS, native_id=event_id)]


class Cancelling(Act):
    """居民撤销诉求"""

    said = "cancel"
    told: ClassVar[str] = CANCELLED
    """What the resident reads at the end."""

    def commands(self, context: IntakeContext, case_id: UUID, event_id: str) -> Commands:
        """What ends the matter where the decision is."""
        return cancel(context.record(case_id), self.told)


class Publishing(Act):
    """公示: de-identified"""

    said = "publish"
    title: Line
    text: Text

    def command(self, context: IntakeContext, case_id: UUID) -> c.Command:
        """Publish."""
        return c.Publish(case_id=case_id, title=self.title, text=self.text)


class AskingArbiter(Act):
    """提请裁定"""

    said = "ask-arbiter"
    ground: Ground = Ground.RETURNED
    text: Text | None = None

    def command(self, context: IntakeContext, case_id: UUID) -> c.Command:
        """AskArbiter."""
        return c.AskArbiter(case_id=case_id, ground=Ground[self.ground.name], text=self.text)


class RulingOn(Act):
    """裁定 (only where the county made this center its arbiter)"""

    said = "rule"
    rare = ("due",)
    holder: CenterName
    text: Text
    due: Moment | None = None

    def command(self, context: IntakeContext, case_id: UUID) -> c.Command:
        """Rule."""
        due = deadline(self.due, context.now)
        return c.Rule(case_id=case_id, holder=self.holder, text=self.text, due=due)
