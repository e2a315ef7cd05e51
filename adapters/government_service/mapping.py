"""Between the service hall's words and the bus's: pure functions, nothing remembered, nothing called."""

from datetime import datetime
from typing import Any
from uuid import UUID

from adapters.government_service import native as n
from adapters.government_service import records as r
from bus import (
    Accept,
    Accepted,
    AskArbiter,
    AskAssist,
    Case,
    Command,
    Decline,
    Declined,
    Granted,
    Message,
    Mode,
    Offer,
    Person,
    Place,
    Progressed,
    Publish,
    Rate,
    Rated,
    Reason,
    Record,
    Reopen,
    Report,
    Resolved,
    Return,
    Rule,
    Ruled,
    Urge,
    Urgency,
    Withdraw,
    WithdrawalRequested,
    due_after,
)

GRADES = {grade: 5 - place for place, grade in enumerate(n.Satisfaction)}
"""非常满意 5 … 非常不满意 1"""
WORDS = {number: grade for grade, number in GRADES.items()}

HEADLINES: dict[str, tuple[str, str, str, bool]] = {
    # kind, or stage of a progress: (status of the order, headline, headline in English, whether the caller reads it)
    "case.accepted": ("accepted", "承办单位已签收", "Taken on", True),
    "case.granted": ("accepted", "已由中选单位承办", "Given to the first bidder", True),
    "case.lost": ("ended", "已由其他单位承办", "Another center has it", False),
    "case.withdrawal-requested": ("ended", "派单单位已撤回", "Taken back by its sender", False),
    "case.withdrawn": ("withdrawn", "派单已撤回", "The dispatch was withdrawn", False),
    "case.progressed": ("handling", "办理进展", "Progress", True),
    "on-hold": ("on-hold", "挂起", "On hold", True),
    "resumed": ("handling", "解除挂起", "Taken up again", True),
    "extended": ("handling", "延期", "Extended", True),
    "case.assist-answered": ("handling", "协办答复", "Answer of the assistant", False),
    "case.urged": ("urged", "催单", "Urged", False),
    "case.resolved": ("resolved", "已办结", "Resolved", False),
    "case.reopened": ("reopened", "来电人要求重办", "Reopened", True),
    "case.closed": ("closed", "已答复来电人并结案", "Answered and closed", False),
    "case.published": ("published", "已公示", "Published", True),
    "case.ruled": ("ruled", "裁定承办单位", "Ruled who has it", True),
    "imposed": ("imposed", "裁定由本中心承办", "Ruled: ours to handle", True),
}


def category(sphere: n.Sphere) -> str:
    """户籍证件 → ``identity``"""
    return sphere.name.lower().replace("_", "-")


def sphere(code: str) -> n.Sphere:
    """``identity`` → 户籍证件; a code that the hotline does not have is 其他."""
    return n.Sphere.__members__.get(code.upper().replace("-", "_"), n.Sphere.OTHER)


def person(order: n.WorkOrder) -> Person | None:
    """Who called or came; None where the center acts of its own accord for nobody in particular."""
    known = {
        "name": order.caller,
        "phone": order.phone,
        "id_card": order.id_card,
        "credit_code": order.credit_code,
        "address": order.address,
        "agent": order.agent,
    }
    return Person(**known, anonymous=order.anonymous) if any(known.values()) else None


def place(order: n.WorkOrder) -> Place:
    """Where the matter is."""
    return Place(division=order.division, text=order.place)


def urgency(order: n.WorkOrder) -> Urgency:
    """紧急 → urgent"""
    return Urgency.URGENT if order.urgent else Urgency.NORMAL


def due(order: n.WorkOrder, now: datetime) -> datetime | None:
    """The order's own deadline, else what the item promises, counted from when the caller was heard."""
    if order.due is not None or order.item is None:
        return order.due
    return due_after(order.received_at or now, order.item.promised_days)


def offer(case_id: UUID, to: tuple[str, ...], note: str | None = None) -> Offer:
    """派单 to one center; 抢单 where several are named."""
    mode = Mode.EXCLUSIVE if len(to) == 1 else Mode.OPEN
    return Offer(case_id=case_id, to=to, mode=mode, note=note)


def command(case_id: UUID, act: n.Act, now: datetime) -> Command:  # noqa: PLR0911, PLR0912 - one for each act
    """What an act on an order asks of the bus, where the act alone tells it."""
    match act:
        case n.Accepting():
            return Accept(case_id=case_id, commitment=act.promise, due=_within(now, act.working_days))
        case n.Returning():
            return Decline(case_id=case_id, reason=Reason[act.reason.name], text=act.text, suggested=act.suggested)
        case n.Progressing():
            return Report(case_id=case_id, stage=act.stage, text=act.text, public=act.visible)
        case n.Holding():
            return Report(case_id=case_id, stage="on-hold", text=act.reason, due=act.until)
        case n.Resuming():
            return Report(case_id=case_id, stage="resumed", text=act.text, due=_within(now, act.working_days))
        case n.AskingAssist():
            return AskAssist(case_id=case_id, to=act.to, ask=act.ask, due=_within(now, act.working_days))
        case n.TakingBack():
            return Withdraw(case_id=case_id, reason=act.reason)
        case n.Urging():
            return Urge(case_id=case_id, text=act.text)
        case n.Rating():
            return Rate(case_id=case_id, grade=GRADES[act.satisfaction], rater=act.rater, text=act.text)
        case n.Reopening():
            return Reopen(case_id=case_id, text=act.text)
        case n.AskingArbiter():
            return AskArbiter(case_id=case_id, ground=act.ground, text=act.text)
        case n.RulingOn():
            return Rule(case_id=case_id, holder=act.holder, text=act.text)
        case n.Publishing():
            return Publish(case_id=case_id, title=act.title, text=act.text)
        case _:
            raise TypeError(f"{type(act).__name__} needs more than itself to become a command")


def _within(now: datetime, working_days: int | None) -> datetime | None:
    return None if working_days is None else due_after(now, working_days)


def extension(record: Record, act: n.Extending, now: datetime) -> Report:
    """延期, counted from what was promised; where nothing was, from today."""
    promised = record.due or record.case.due or now
    later = due_after(promised, act.working_days)
    return Report(case_id=record.case.case_id, stage="extended", text=act.reason, due=later)


def step(message: Message[Any], headline: str | None = None) -> r.Step:
    """What another center did, as a line on our order. ``headline``: another one than that of the kind."""
    data = message.data
    stage = data.stage if isinstance(data, Progressed) and data.stage in HEADLINES else data.kind
    status, zh, en, visible = HEADLINES[headline or stage]
    line = r.Step(
        status=status,
        headline=zh,
        headline_en=en,
        by=message.source,
        at=message.time,
        visible=visible,
        text=getattr(data, "text", None),
        due=getattr(data, "due", None),
    )
    return line.model_copy(update=_particulars(data))


def _particulars(data: object) -> dict[str, Any]:  # noqa: PLR0911 - one return for each kind
    match data:
        case Accepted():
            return {"text": data.commitment}
        case Granted():
            return {"by": data.to}
        case Progressed():
            return {"visible": data.public}
        case Resolved():
            return {"text": data.public_reply}
        case Ruled():
            return {"by": data.holder}
        case WithdrawalRequested():
            return {"text": data.reason}
        case _:
            return {}


def sent_back(message: Message[Declined], times: int) -> r.SentBack:
    """退单, as the hotline registers it."""
    data = message.data
    return r.SentBack(
        by=message.source,
        at=message.time,
        reason=n.ReturnReason[data.reason.name],
        text=data.text,
        suggested=data.suggested,
        times=times,
    )


def answer(case: Case, message: Message[Resolved]) -> r.Answer:
    """What the caller is told."""
    data = message.data
    return r.Answer(
        case_id=case.case_id,
        number=case.number,
        by=message.source,
        outcome=data.outcome,
        text=data.public_reply,
        lawful_route=data.lawful_route,
        instant=data.instant,
        materials=tuple(paper.sha256 for paper in data.attachments),
    )


def grade(message: Message[Rated]) -> r.Grade:
    """好差评 in the hall's words."""
    data = message.data
    return r.Grade(
        by=message.source, round=data.round, rater=data.rater, satisfaction=WORDS[data.grade], text=data.text
    )


def order(
    case: Case,
    purpose: r.Purpose,
    sent_by: str,
    ask: str | None = None,
    assist_id: UUID | None = None,
    returns: tuple[Return, ...] = (),
) -> r.SentOrder:
    """A work order from a case of another center."""
    who = case.resident or Person()
    return r.SentOrder(
        case_id=case.case_id,
        number=case.number,
        purpose=purpose,
        sent_by=sent_by,
        title=case.title,
        text=case.text,
        sphere=sphere(case.category),
        division=case.place.division,
        place=case.place.text,
        caller=who.name,
        phone=who.phone,
        id_card=who.id_card,
        credit_code=who.credit_code,
        address=who.address,
        agent=who.agent,
        materials=tuple(paper.sha256 for paper in case.attachments),
        urgent=case.urgency is not Urgency.NORMAL,
        due=case.due,
        ask=ask,
        assist_id=assist_id,
        returned_by=tuple(one.by for one in returns),
    )
