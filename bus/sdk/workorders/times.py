"""Acts about time: more of it is asked for and granted, work is put on hold and taken up again."""

from typing import Any
from uuid import UUID

from bus.contract.messages import MoreTime
from bus.contract.types import Moment, Text
from bus.custody import commands as c
from bus.sdk.center import IntakeContext
from bus.sdk.workorders.acts import Act


class AskingExtension(Act):
    """申请延期、申请挂起: before the term ends; the origin grants the first, the arbiter the next"""

    said = "ask-extension"
    until: Moment
    reason: Text
    what: MoreTime = MoreTime.EXTENSION

    def command(self, context: IntakeContext, case_id: UUID) -> c.Command:
        """AskExtension."""
        return c.AskExtension(case_id=case_id, until=self.until, reason=self.reason, what=self.what)


class AnsweringExtension(Act):
    """答复延期申请"""

    said = "answer-extension"
    granted: bool
    text: Text | None = None
    until: Moment | None = None
    extension_id: UUID | None = None

    def command(self, context: IntakeContext, case_id: UUID) -> c.Command:
        """AnswerExtension."""
        told: dict[str, Any] = {"text": self.text, "until": self.until, "extension_id": self.extension_id}
        return c.AnswerExtension(case_id=case_id, granted=self.granted, **told)


class Holding(Act):
    """挂起: with the reason and, where it is known, until when"""

    said = "hold"
    reason: Text
    until: Moment | None = None

    def command(self, context: IntakeContext, case_id: UUID) -> c.Command:
        """Hold."""
        return c.Hold(case_id=case_id, text=self.reason, until=self.until)


class Resuming(Act):
    """解挂"""

    said = "resume"
    text: Text

    def command(self, context: IntakeContext, case_id: UUID) -> c.Command:
        """Resume."""
        return c.Resume(case_id=case_id, text=self.text)
