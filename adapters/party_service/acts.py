"""The acts of people on the party service platform, in its own terms."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from bus import Accept, Command, Commands, IntakeContext, Line, Link, Moment, Reject, Report
from bus import workorders as w

Name = Annotated[Line, Field(max_length=60)]
ReturnReason = w.chinese(w.Reason, "ReturnReason", "退单原因; the names are those of ``bus.Reason``.")
Finding = w.chinese(w.Outcome, "Finding", "办理结果; the names are those of ``bus.Outcome``.")
Plea = w.chinese(w.Ground, "Plea", "提请裁定的理由; the names are those of ``bus.Ground``.")
Judge = w.chinese(w.Rater, "Judge", "评议人; the names are those of ``bus.Rater``. 三评 keeps them apart.")
Satisfaction = w.chinese(w.Grade, "Satisfaction", "满意度: the five grades, best first.")


class Claiming(w.Act):
    """认领: a leader or party member takes the matter from the board; the first one has it"""

    action: Literal["claim"]
    claimant: Name = Field(title="认领人")
    post: Name | None = Field(default=None, title="职务或党员身份")
    due: Moment | None = Field(default=None, title="承诺期限")

    def commands(self, context: IntakeContext, case_id: UUID, event_id: str) -> Commands:
        """The first claimant gets the matter; for a matter offered to this center, claiming accepts the offer."""
        record = context.record(case_id)
        ticket = f"{case_id}/{record.round}"
        if context.known("claim", ticket) is not None:
            raise Reject("claimed", "somebody has claimed this matter already; see the board for who")
        text = f"{self.claimant}（{self.post}）认领" if self.post else f"{self.claimant}认领"
        taken: Command = Report(case_id=case_id, stage="claimed", text=text, due=self.due)
        if record.offer_in is not None:
            taken = Accept(case_id=case_id, commitment=text, due=self.due)
        return [taken, Link(case_id=case_id, system="claim", native_id=ticket)]


DISPATCHING = "派单: to the centers named; or one level down (下派) or up (上报); else to the one whose duty it is"
ACTS = (
    w.act(w.Accepting, "接单", promise="承诺", due="承诺期限"),
    w.act(w.Returning, "退单", reason=w.As(type=ReturnReason), suggested="建议转给"),
    Claiming,
    w.act(w.Progressing, "进展; with ``due`` a commitment: the platform issues a 整改通知单",
          visible="居民可见", due="整改或承诺期限"),
    w.act(w.Resolving, "办结", outcome=w.As("finding", Finding), reply="给居民的答复", internal="内部备注",
          lawful_route="不予受理时：居民还可以走的法定途径"),
    w.act(w.AskingAssist, "请求协办 (吹哨)", show_resident="协办单位可见居民信息（如上门送物）"),
    w.act(w.AnsweringAssist, "协办答复 (报到)"),
    w.act(w.Dispatching, DISPATCHING, level="下派到下一级、上报到上一级", note="派单说明，居民看不到"),
    w.act(w.TakingBack, "撤回派单"),
    w.act(w.Urging, "催办"),
    w.act(w.AskingArbiter, "提请裁定", ground=w.As("plea", Plea)),
    w.act(w.RulingOn, "裁定 (at the county's arbiter)"),
    w.act(w.Rating, "评议", of=("grade", "rater", "text"), grade=w.As("satisfaction", Satisfaction),
          rater=w.As("judge", Judge)),
    w.act(w.Reopening, "不满意，重办"),
    w.act(w.Publishing, "公示: de-identified"),
)  # fmt: skip
