"""Between the media center's words and the bus's: pure functions, nothing remembered, nothing called."""

from typing import Any, Literal
from uuid import UUID

from adapters.media_center import native as n
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
    Offer,
    Outcome,
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
    Resolve,
    Resolved,
    Return,
    Rule,
    Ruled,
    Status,
    Urge,
    Urgency,
    Withdraw,
    WithdrawalRequested,
)
from bus import Mode as OfferMode

Purpose = Literal["handle", "imposed", "assist", "arbitrate", "notice"]

HEADLINES: dict[str, tuple[str, str, str, bool]] = {
    # kind: (status in the app, headline, headline in English, whether the resident reads it)
    "case.accepted": ("accepted", "承办单位已接单", "Taken on", True),
    "case.declined": ("returned", "承办单位退单，请重新转办", "Sent back: dispatch it again", False),
    "case.granted": ("accepted", "已由中选单位承办", "Given to the first bidder", True),
    "case.lost": ("ended", "已由其他单位承办", "Another center has it", False),
    "case.withdrawal-requested": ("ended", "转办单位已撤回", "Taken back by its sender", False),
    "case.withdrawn": ("withdrawn", "转办已撤回", "The hand-over was withdrawn", False),
    "case.progressed": ("handling", "办理进展", "Progress", True),
    "case.assist-answered": ("handling", "协办答复", "Answer of the assistant", False),
    "case.urged": ("urged", "催办", "Urged", False),
    "case.resolved": ("resolved", "已办结", "Resolved", False),
    "case.rated": ("rated", "居民评价", "Rated", False),
    "case.reopened": ("reopened", "居民要求重办", "Reopened", True),
    "case.closed": ("closed", "已答复居民并结案", "Answered and closed", False),
    "case.published": ("published", "已公示", "Published", True),
    "case.ruled": ("ruled", "裁定承办单位", "Ruled who has it", True),
}


def category(topic: n.Topic) -> str:
    """市容环境 → ``environment``"""
    return topic.name.lower().replace("_", "-")


def topic(code: str) -> n.Topic:
    """``environment`` → 市容环境; a code that the app does not have is 其他."""
    return n.Topic.__members__.get(code.upper().replace("-", "_"), n.Topic.OTHER)


def person(message: n.ResidentMessage) -> Person:
    """Who left the message."""
    return Person(name=message.client_name, phone=message.phone, anonymous=message.anonymous)


def place(message: n.ResidentMessage) -> Place:
    """Where the matter is."""
    return Place(division=message.division, text=message.place, longitude=message.longitude, latitude=message.latitude)


def title(message: n.ResidentMessage) -> str:
    """The message's own title, else the beginning of its text, else its category."""
    return message.title or " ".join(message.text.split())[:40] or message.category.value


def urgency(message: n.ResidentMessage) -> Urgency:
    """加急 → urgent"""
    return Urgency.URGENT if message.urgent else Urgency.NORMAL


def offer(case_id: UUID, to: tuple[str, ...], note: str | None = None) -> Offer:
    """转办 to one center; 抢单 where several are named."""
    mode = OfferMode.EXCLUSIVE if len(to) == 1 else OfferMode.OPEN
    return Offer(case_id=case_id, to=to, mode=mode, note=note)


def command(case_id: UUID, act: n.Act) -> Command:  # noqa: PLR0911 - one return for each act
    """What an act in the app or the newsroom asks of the bus, where the act alone tells it."""
    match act:
        case n.Urging():
            return Urge(case_id=case_id, text=act.text)
        case n.Rating():
            return Rate(case_id=case_id, grade=act.stars, rater=act.rater, text=act.text)
        case n.Reopening():
            return Reopen(case_id=case_id, text=act.text)
        case n.TakingBack():
            return Withdraw(case_id=case_id, reason=act.reason)
        case n.AskingArbiter():
            return AskArbiter(case_id=case_id, ground=act.ground, text=act.text)
        case n.Publishing():
            return Publish(case_id=case_id, title=act.title, text=act.text)
        case n.Accepting():
            return Accept(case_id=case_id, commitment=act.promise, due=act.due)
        case n.Returning():
            return Decline(case_id=case_id, reason=Reason[act.reason.name], text=act.text, suggested=act.suggested)
        case n.Progressing():
            return Report(case_id=case_id, stage=act.stage, text=act.text, public=act.visible, due=act.due)
        case n.AskingAssist():
            return AskAssist(case_id=case_id, to=act.to, ask=act.ask, due=act.due)
        case n.RulingOn():
            return Rule(case_id=case_id, holder=act.holder, text=act.text)
        case _:
            raise TypeError(f"{type(act).__name__} needs more than itself to become a command")


def cancel(record: Record) -> list[Command]:
    """居民撤销留言: resolved here if the decision is here, else whoever has the matter is asked to end it."""
    case_id = record.case.case_id
    if record.status is not Status.OPEN:
        return []
    if record.mine and record.offer_out is not None:
        return [] if record.offer_out.withdrawing else [Withdraw(case_id=case_id, reason="居民撤销诉求")]
    if record.mine and record.decision_pending:
        return []  # the arbiter's word is awaited; what it brings asks again
    if record.mine:
        reply = "已按您的要求撤销此条留言。 / Your message was withdrawn as you asked."
        return [Resolve(case_id=case_id, outcome=Outcome.CANCELLED, public_reply=reply)]
    return [Urge(case_id=case_id, text="居民已撤销诉求，请核实后办结 / the resident takes the request back")]


def note(message: Message[Any]) -> n.Note:
    """What another center did, as a line on our record."""
    status, headline, headline_en, visible = HEADLINES[message.data.kind]
    line = n.Note(
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
            return {"text": data.commitment, "due": data.due}
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


def reply(case: Case, message: Message[Resolved]) -> n.Reply:
    """The answer for the resident."""
    data = message.data
    return n.Reply(
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
    purpose: Purpose,
    sent_by: str,
    ask: str | None = None,
    assist_id: UUID | None = None,
    returns: tuple[Return, ...] = (),
) -> n.Order:
    """A work order for the newsroom from a case of another center."""
    who = case.resident
    return n.Order(
        case_id=case.case_id,
        number=case.number,
        purpose=purpose,
        sent_by=sent_by,
        title=case.title,
        text=case.text,
        category=topic(case.category),
        division=case.place.division,
        place=case.place.text,
        resident_name=who.name if who else None,
        resident_phone=who.phone if who else None,
        photos=tuple(photo.sha256 for photo in case.attachments),
        urgent=case.urgency is not Urgency.NORMAL,
        due=case.due,
        ask=ask,
        assist_id=assist_id,
        returned_by=tuple(r.by for r in returns),
    )
