"""Between the civilization practice center's words and the bus's: pure functions, nothing remembered or called."""

from typing import Any
from uuid import UUID

from adapters.civilization_center import native as n
from adapters.civilization_center import records as r
from bus import (
    Accept,
    Accepted,
    AskArbiter,
    AskAssist,
    AssistAnswered,
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
)

HEADLINES: dict[str, tuple[str, str, str, bool]] = {
    # kind: (status of the record, headline, headline in English, whether the resident reads it)
    "case.accepted": ("accepted", "承接单位已接单", "Taken on", True),
    "case.declined": ("returned", "承接单位退单，请重新派单", "Sent back: dispatch it again", False),
    "case.granted": ("granted", "抢单已有结果，由中选单位承接", "Given to the first bidder", True),
    "case.lost": ("taken", "已被接走", "Already taken by another center", False),
    "case.withdrawal-requested": ("ended", "派单单位已撤回", "Taken back by its sender", False),
    "case.withdrawn": ("withdrawn", "派单已撤回", "The hand-over was withdrawn", False),
    "case.progressed": ("handling", "服务进展", "Progress", True),
    "case.assist-answered": ("handling", "协办答复", "Answer of the assistant", False),
    "case.urged": ("urged", "催单", "Urged", False),
    "case.resolved": ("resolved", "已办结", "Resolved", False),
    "case.rated": ("rated", "居民评单", "Rated", False),
    "case.reopened": ("reopened", "居民要求重办", "Reopened", True),
    "case.closed": ("closed", "已答复居民并结案", "Answered and closed", False),
    "case.ruled": ("ruled", "裁定承接单位", "Ruled who has it", True),
}


def category(item: n.MenuItem) -> str:
    """卫生环保 → ``environment``"""
    return item.name.lower().replace("_", "-")


def item(code: str) -> n.MenuItem:
    """``environment`` → 卫生环保; a code that the platform does not have is 其他."""
    return n.MenuItem.__members__.get(code.upper().replace("-", "_"), n.MenuItem.OTHER)


def person(form: n.ServiceOrder | n.Wish) -> Person:
    """Who asks."""
    name = form.resident if isinstance(form, n.ServiceOrder) else form.client_name
    return Person(name=name, phone=form.phone, anonymous=form.anonymous)


def place(form: n.Request) -> Place:
    """Where the service is wanted."""
    return Place(division=form.division, text=form.place)


def title(form: n.ServiceOrder | n.Wish) -> str:
    """The wish in a line, else the beginning of its text; an order's menu item."""
    if isinstance(form, n.ServiceOrder):
        return f"点单：{form.item.value}"
    return form.title or " ".join(form.text.split())[:40] or form.item.value


def text(form: n.ServiceOrder | n.Wish) -> str:
    """What is wanted; an order without words is its menu item."""
    return form.text or form.item.value


def urgency(form: n.Request) -> Urgency:
    """加急 → urgent"""
    return Urgency.URGENT if form.urgent else Urgency.NORMAL


def offer(case_id: UUID, to: tuple[str, ...], note: str | None = None) -> Offer:
    """派单 to one center; 抢单 where several are named."""
    return Offer(case_id=case_id, to=to, mode=Mode.EXCLUSIVE if len(to) == 1 else Mode.OPEN, note=note)


def commitment(act: n.Accepting) -> str | None:
    """Who comes, and what was promised, as the other centers read it."""
    team = f"由{act.team}承接" if act.team else None
    return "：".join(part for part in (team, act.promise) if part) or None


def service_note(act: n.Resolving) -> str | None:
    """志愿服务记录: which team, how long, and staff's own words; the resident does not read it."""
    team = f"志愿服务队：{act.team}" if act.team else None
    hours = f"服务时长：{act.hours:g} 小时" if act.hours is not None else None
    return "\n".join(part for part in (team, hours, act.internal) if part) or None


def command(case_id: UUID, act: n.Act) -> Command:  # noqa: PLR0911 - one return for each act
    """What an act on the platform asks of the bus, where the act alone tells it."""
    match act:
        case n.Accepting():
            return Accept(case_id=case_id, commitment=commitment(act), due=act.due)
        case n.Returning():
            return Decline(case_id=case_id, reason=Reason[act.reason.name], text=act.text, suggested=act.suggested)
        case n.Progressing():
            return Report(case_id=case_id, stage=act.stage, text=act.text, public=act.visible, due=act.due)
        case n.TakingBack():
            return Withdraw(case_id=case_id, reason=act.reason)
        case n.AskingAssist():
            return AskAssist(case_id=case_id, to=act.to, ask=act.ask, due=act.due)
        case n.Urging():
            return Urge(case_id=case_id, text=act.text)
        case n.Rating():
            return Rate(case_id=case_id, grade=act.stars, rater=act.rater, text=act.text)
        case n.Reopening():
            return Reopen(case_id=case_id, text=act.text)
        case n.Publishing():
            return Publish(case_id=case_id, title=act.title, text=act.text)
        case n.AskingArbiter():
            return AskArbiter(case_id=case_id, ground=act.ground, text=act.text)
        case n.RulingOn():
            return Rule(case_id=case_id, holder=act.holder, text=act.text)
        case _:
            raise TypeError(f"{type(act).__name__} needs more than itself to become a command")


def note(message: Message[Any]) -> r.Note:
    """What another center did, as a line on our record."""
    status, headline, headline_en, visible = HEADLINES[message.data.kind]
    line = r.Note(
        case_id=message.subject,
        status=status,
        headline=headline,
        headline_en=headline_en,
        by=message.source,
        at=message.time,
        visible=visible,
        text=getattr(message.data, "text", None),
    )
    return line.model_copy(update=_particulars(message.data))


def _particulars(data: object) -> dict[str, Any]:  # noqa: PLR0911 - one return for each kind
    match data:
        case Accepted():
            words = {"text": data.commitment, "due": data.due}
            bid = {"status": "bid", "headline": "抢单", "headline_en": "A bid", "visible": False}
            return {**words, **bid} if data.bid else words
        case Declined():
            return {"reason": n.ReturnReason[data.reason.name], "suggested": data.suggested}
        case Granted():
            return {"by": data.to}
        case WithdrawalRequested():
            return {"text": data.reason}
        case Progressed():
            return {"visible": data.public, "due": data.due}
        case AssistAnswered():
            return {"status": "assisted" if data.done else "not-assisted"}
        case Resolved():
            return {"text": data.public_reply}
        case Rated():
            return {"stars": data.grade}
        case Ruled():
            return {"by": data.holder}
        case _:
            return {}


def reply(case: Case, message: Message[Resolved]) -> r.Reply:
    """The answer for the resident."""
    data = message.data
    return r.Reply(
        case_id=case.case_id,
        number=case.number,
        by=message.source,
        outcome=data.outcome,
        text=data.public_reply,
        lawful_route=data.lawful_route,
        photos=tuple(photo.sha256 for photo in data.attachments),
    )


def order(
    case: Case,
    purpose: r.Purpose,
    sent_by: str,
    ask: str | None = None,
    assist_id: UUID | None = None,
    returns: tuple[Return, ...] = (),
) -> r.WorkOrder:
    """A work order from a case of another center."""
    who = case.resident
    return r.WorkOrder(
        case_id=case.case_id,
        number=case.number,
        purpose=purpose,
        sent_by=sent_by,
        title=case.title,
        text=case.text,
        item=item(case.category),
        division=case.place.division,
        place=case.place.text,
        resident=who.name if who else None,
        phone=who.phone if who else None,
        photos=tuple(photo.sha256 for photo in case.attachments),
        urgent=case.urgency is not Urgency.NORMAL,
        due=case.due,
        ask=ask,
        assist_id=assist_id,
        returned_by=tuple(sent_back.by for sent_back in returns),
    )
