"""What other centers did, as a line on a record of ours: status, headline, and whether the resident reads it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from bus.contract.envelope import Message
from bus.contract.labels import Grade, label
from bus.contract.messages import (
    Accepted,
    AssistAnswered,
    Declined,
    ExtensionAnswered,
    ExtensionRequested,
    Granted,
    Progressed,
    Rated,
    Resolved,
    Ruled,
    Urged,
    WithdrawalRequested,
)
from bus.contract.rules import BY_KIND
from bus.sdk.workorders.lights import Light, light_of
from bus.sdk.workorders.orders import present


class Headline(NamedTuple):
    """How a line is headed."""

    status: str
    """What becomes of the record's status in the center's own system."""
    zh: str
    en: str
    visible: bool = False
    """Whether the resident reads the line."""


Headlines = Mapping[str, Headline]
"""News → headline. The key is a kind, or a kind and what happens in it: ``case.accepted:bid``, ``case.ruled:ours``,
``case.assist-answered:done``, ``case.progressed:<stage>``. What is more special goes before."""
USUAL: dict[str, Headline] = {
    "case.accepted": Headline("accepted", "承办单位已接单", "Taken on", True),
    "case.declined": Headline("returned", "承办单位退单，请重新转办", "Sent back: dispatch it again"),
    "case.granted": Headline("accepted", "已由中选单位承办", "Given to the first bidder", True),
    "case.lost": Headline("ended", "已由其他单位承办", "Another center has it"),
    "case.withdrawal-requested": Headline("ended", "转办单位已撤回", "Taken back by its sender"),
    "case.withdrawn": Headline("withdrawn", "转办已撤回", "The hand-over was withdrawn"),
    "case.progressed": Headline("handling", "办理进展", "Progress", True),
    "case.progressed:contacted": Headline("handling", "已联系居民", "The resident was spoken to", True),
    "case.progressed:appointed": Headline("handling", "已预约上门", "A visit is appointed", True),
    "case.progressed:visited": Headline("handling", "已上门", "Visited", True),
    "case.progressed:unmet": Headline("handling", "上门未遇", "Came and met nobody", True),
    "case.progressed:supplement": Headline("handling", "请补交材料", "Papers are missing", True),
    "case.progressed:papers-complete": Headline("handling", "材料已齐", "All papers are there", True),
    "case.progressed:step": Headline("handling", "计划步骤完成", "A step of the plan is done", True),
    "case.assist-answered:done": Headline("assisted", "协办答复", "Answer of the assistant"),
    "case.assist-answered:not-done": Headline("not-assisted", "协办答复", "Answer of the assistant"),
    "case.urged": Headline("urged", "催办", "Urged"),
    "case.urged:yellow": Headline("due-soon", "临期提醒", "Due soon"),
    "case.urged:red": Headline("urged", "超期提醒", "Overdue"),
    "case.extension-requested": Headline("extension-requested", "申请延期，请答复", "More time is asked for: answer"),
    "case.extension-answered:granted": Headline("handling", "延期已获同意", "More time was granted"),
    "case.extension-answered:not-granted": Headline("handling", "延期未获同意", "More time was not granted"),
    "case.escalated": Headline("escalated", "提级督办", "Escalated"),
    "case.resolved": Headline("resolved", "已办结", "Resolved"),
    "case.rated": Headline("rated", "居民评价", "Rated"),
    "case.reopened": Headline("reopened", "居民要求重办", "Reopened", True),
    "case.closed": Headline("closed", "已答复居民并结案", "Answered and closed"),
    "case.published": Headline("published", "已公示", "Published", True),
    "case.ruled": Headline("ruled", "裁定承办单位", "Ruled who has it", True),
}
"""Headlines for a center that has no words of its own."""


@dataclass(frozen=True, slots=True)
class Note:
    """One line of news; what its kind does not tell is None."""

    headline: Headline
    by: str
    at: datetime
    visible: bool
    text: str | None
    reason: str | None = None
    """Why a center sent the matter back, in Chinese."""
    suggested: str | None = None
    due: datetime | None = None
    grade: int | None = None
    satisfaction: str | None = None
    """The grade in Chinese."""
    rater: str | None = None
    """Who rated, in Chinese."""
    light: Light | None = None
    """What a clock puts on the record."""

    def shown(self, *names: str, **more: object) -> dict[str, Any]:
        """What every system of ours calls alike, its own ``names`` too, and ``more`` in the words of this one."""
        head = self.headline
        return present(
            status=head.status,
            headline=head.zh,
            headline_en=head.en,
            by=self.by,
            at=self.at,
            visible=self.visible,
            text=self.text,
            light=self.light,
            **{name: getattr(self, name) for name in names},
            **more,
        )


def note_of(message: Message[Any], headlines: Headlines, me: str) -> Note:
    """The line that tells of a message, at the center ``me``; a kind without a headline has that of the contract."""
    data = message.data
    rule = BY_KIND[data.kind]
    found = (headlines[key] for key in (_special(data, me), data.kind) if key in headlines)
    headline = next(found, Headline("news", rule.zh, rule.en))
    told: dict[str, Any] = {
        "by": message.source,
        "visible": headline.visible,
        "text": getattr(data, "text", None),
        "due": getattr(data, "due", None),
        "light": light_of(data),
    }
    return Note(headline=headline, at=message.time, **(told | _particulars(data)))


def _special(data: object, me: str) -> str:  # noqa: PLR0911 - one return for each kind
    match data:
        case Accepted(bid=True):
            return "case.accepted:bid"
        case Urged() if (light := light_of(data)) is not None:
            return f"case.urged:{light}"
        case ExtensionAnswered():
            return f"case.extension-answered:{'granted' if data.granted else 'not-granted'}"
        case AssistAnswered():
            return f"case.assist-answered:{'done' if data.done else 'not-done'}"
        case Progressed():
            return f"case.progressed:{data.stage}"
        case Ruled(holder=holder) if holder == me:
            return "case.ruled:ours"
        case _:
            return ""


def _particulars(data: object) -> dict[str, Any]:  # noqa: PLR0911 - one return for each kind
    match data:
        case Accepted():
            return {"text": data.commitment}
        case Declined():
            return {"reason": label(data.reason).zh, "suggested": data.suggested}
        case Granted():
            return {"by": data.to}
        case WithdrawalRequested():
            return {"text": data.reason}
        case Progressed():
            return {"visible": data.public}
        case ExtensionRequested():
            return {"text": data.reason, "due": data.until}
        case ExtensionAnswered():
            return {"due": data.until}
        case Resolved():
            return {"text": data.public_reply}
        case Rated():
            satisfaction = label(Grade(data.grade)).zh
            return {"grade": data.grade, "satisfaction": satisfaction, "rater": label(data.rater).zh}
        case Ruled():
            return {"by": data.holder}
        case _:
            return {}
