"""Between the party service centers' words and the bus's: pure functions, nothing remembered, nothing called."""

from typing import Any
from uuid import UUID

from adapters.party_service import native as n
from adapters.party_service import records as r
from adapters.party_service import words as w
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
    Ground,
    Message,
    Mode,
    Offer,
    Person,
    Place,
    Progressed,
    Publish,
    Rate,
    Rated,
    Rater,
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

GRADES = {
    w.Satisfaction.DELIGHTED: 5,
    w.Satisfaction.SATISFIED: 4,
    w.Satisfaction.MOSTLY: 3,
    w.Satisfaction.UNSATISFIED: 2,
    w.Satisfaction.VERY_UNSATISFIED: 1,
}
WORDS = {grade: satisfaction for satisfaction, grade in GRADES.items()}
LEVELS: dict[int, r.Level] = {6: "county", 9: "township", 12: "village"}
HEADLINES: dict[str, tuple[str, str, str, bool]] = {
    # kind: (status on the platform, headline, headline in English, whether the resident reads it)
    "case.accepted": ("accepted", "承办单位已接单", "Taken on", True),
    "case.declined": ("returned", "承办单位退单，请重新派单或提请裁定", "Sent back: dispatch it again", False),
    "case.granted": ("granted", "抢单已定，由中选单位承办", "Given to the first bidder", True),
    "case.lost": ("taken", "已被接走", "Another center has it", False),
    "case.withdrawal-requested": ("taken-back", "派单单位已撤回", "Taken back by its sender", False),
    "case.withdrawn": ("withdrawn", "派单已撤回", "The hand-over was withdrawn", False),
    "case.progressed": ("handling", "办理进展", "Progress", True),
    "case.assist-answered": ("handling", "协办答复", "Answer of the assistant", False),
    "case.urged": ("urged", "催办", "Urged", False),
    "case.resolved": ("resolved", "已办结", "Resolved", False),
    "case.rated": ("rated", "评议", "Rated", False),
    "case.reopened": ("reopened", "居民要求重办", "Reopened", True),
    "case.closed": ("closed", "已答复居民并结案", "Answered and closed", False),
    "case.ruled": ("ruled", "裁定承办单位", "Ruled who has it", True),
}


def category(sphere: w.Sphere) -> str:
    """市容环境 → ``environment``"""
    return sphere.name.lower().replace("_", "-")


def sphere(code: str) -> w.Sphere:
    """``environment`` → 市容环境; a code that the ledger does not have is 其他."""
    return w.Sphere.__members__.get(code.upper().replace("-", "_"), w.Sphere.OTHER)


def channel(code: str) -> str:
    """``phone`` → 来电; a channel of another center stays as it is."""
    found = w.Channel.__members__.get(code.upper())
    return found.value if found else code


def person(entry: n.Entry) -> Person | None:
    """Who asks; none where nobody was named. Raises ``ValidationError`` for a wrong number of an identity card."""
    told = (entry.resident, entry.phone, entry.id_card, entry.credit_code, entry.address, entry.agent)
    if not any(told):
        return None
    return Person(
        name=entry.resident,
        phone=entry.phone,
        id_card=entry.id_card,
        credit_code=entry.credit_code,
        address=entry.address,
        anonymous=entry.anonymous,
        agent=entry.agent,
    )


def place(entry: n.Entry) -> Place:
    """Where the matter is; the grid stands before the words for people."""
    words = "，".join(part for part in (entry.grid, entry.place) if part) or None
    return Place(division=entry.division, text=words, longitude=entry.longitude, latitude=entry.latitude)


def title(entry: n.Entry) -> str:
    """The matter's own title, else the beginning of its text, else its kind."""
    return entry.title or " ".join(entry.text.split())[:40] or entry.sphere.value


def text(entry: n.Entry) -> str:
    """What is asked; with the list of papers that an agent carries."""
    return f"{entry.text}\n所带材料：{'、'.join(entry.papers)}" if entry.papers else entry.text


def urgency(entry: n.Entry) -> Urgency:
    """紧急 → urgent"""
    return Urgency.URGENT if entry.urgent else Urgency.NORMAL


def entries(meeting: n.Meeting) -> list[n.Entry]:
    """The suggestions of a meeting as matters; each keeps its number, whatever batch brings it."""
    return [
        n.Entry(
            **{name: getattr(one, name) for name in n.Matter.model_fields},
            matter_no=f"{meeting.meeting_no}-{one.no}",
            channel=w.Channel.MEETING,
            division=meeting.division,
            grid=meeting.grid,
            received_at=meeting.held_at,
        )
        for one in meeting.suggestions
    ]


def neighbour(me: str, division: str, level: str) -> str | None:
    """The party service center one level down towards ``division``, or one level up; None where there is none."""
    kind, _, mine = me.rpartition("-")
    if level == "up":
        return f"{kind}-{mine[:-3]}" if len(mine) > 6 else None
    below = division[: len(mine) + 3]
    return f"{kind}-{below}" if below.startswith(mine) and len(below) == len(mine) + 3 else None


def offer(case_id: UUID, to: tuple[str, ...], note: str | None = None) -> Offer:
    """派单 to one center; 抢单 where several are named."""
    return Offer(case_id=case_id, to=to, mode=Mode.EXCLUSIVE if len(to) == 1 else Mode.OPEN, note=note)


def claim_text(act: n.Claiming) -> str:
    """张…（社区党委书记）认领"""
    who = f"{act.claimant}（{act.post}）" if act.post else act.claimant
    return f"{who}认领"


def command(case_id: UUID, act: n.Act) -> Command:  # noqa: PLR0911 - one return for each act
    """What an act on the platform asks of the bus, where the act alone tells it."""
    match act:
        case n.Accepting():
            return Accept(case_id=case_id, commitment=act.promise, due=act.due)
        case n.Returning():
            return Decline(case_id=case_id, reason=Reason[act.reason.name], text=act.text, suggested=act.suggested)
        case n.Progressing():
            return Report(case_id=case_id, stage=act.stage, text=act.text, public=act.visible, due=act.due)
        case n.AskingAssist():
            return AskAssist(case_id=case_id, to=act.to, ask=act.ask, due=act.due, show_resident=act.show_resident)
        case n.TakingBack():
            return Withdraw(case_id=case_id, reason=act.reason)
        case n.Urging():
            return Urge(case_id=case_id, text=act.text)
        case n.AskingArbiter():
            return AskArbiter(case_id=case_id, ground=Ground[act.plea.name], text=act.text)
        case n.RulingOn():
            return Rule(case_id=case_id, holder=act.holder, text=act.text)
        case n.Rating():
            grade, rater = GRADES[act.satisfaction], Rater[act.judge.name]
            return Rate(case_id=case_id, grade=grade, rater=rater, text=act.text)
        case n.Reopening():
            return Reopen(case_id=case_id, text=act.text)
        case n.Publishing():
            return Publish(case_id=case_id, title=act.title, text=act.text)
        case _:
            raise TypeError(f"{type(act).__name__} needs more than itself to become a command")


def step(message: Message[Any], times_returned: int = 0) -> r.Step:
    """What another center did, as a line on our matter."""
    status, headline, headline_en, visible = HEADLINES[message.data.kind]
    line = r.Step(
        status=status,
        headline=headline,
        headline_en=headline_en,
        by=message.source,
        at=message.time,
        visible=visible,
        text=getattr(message.data, "text", None),
    )
    return line.model_copy(update=_particulars(message.data, times_returned))


def _particulars(data: object, times_returned: int) -> dict[str, Any]:  # noqa: PLR0911 - one return for each kind
    match data:
        case Accepted():
            words = {"text": data.commitment, "due": data.due}
            bid = {"status": "bid", "headline": "抢单", "headline_en": "A bid", "visible": False}
            return {**words, **bid} if data.bid else words
        case Declined():
            reason = w.ReturnReason[data.reason.name]
            return {"reason": reason, "suggested": data.suggested, "times_returned": times_returned}
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
            return {"satisfaction": WORDS[data.grade], "judge": w.Judge[data.rater.name]}
        case Ruled():
            return {"by": data.holder}
        case _:
            return {}


def notice(case: Case, message: Message[Progressed]) -> r.Notice | None:
    """A promise with a date is a 整改通知单; progress without one is not."""
    data = message.data
    return r.Notice(case_id=case.case_id, by=message.source, text=data.text, due=data.due) if data.due else None


def reply(case: Case, message: Message[Resolved]) -> r.Reply:
    """The answer for the resident."""
    data = message.data
    return r.Reply(
        case_id=case.case_id,
        number=case.number,
        by=message.source,
        finding=w.Finding[data.outcome.name],
        text=data.public_reply,
        lawful_route=data.lawful_route,
        instant=data.instant,
        photos=tuple(photo.sha256 for photo in data.attachments),
    )


def matter(
    case: Case,
    purpose: r.Purpose,
    sent_by: str,
    ask: str | None = None,
    assist_id: UUID | None = None,
    returns: tuple[Return, ...] = (),
) -> r.SentMatter:
    """A matter on the platform from a case of another center."""
    who = case.resident or Person()
    return r.SentMatter(
        case_id=case.case_id,
        number=case.number,
        purpose=purpose,
        sent_by=sent_by,
        level=LEVELS[len(case.place.division)],
        title=case.title,
        text=case.text,
        sphere=sphere(case.category),
        division=case.place.division,
        place=case.place.text,
        resident=who.name,
        phone=who.phone,
        id_card=who.id_card,
        credit_code=who.credit_code,
        address=who.address,
        agent=who.agent,
        photos=tuple(photo.sha256 for photo in case.attachments),
        urgent=case.urgency is not Urgency.NORMAL,
        due=case.due,
        ask=ask,
        assist_id=assist_id,
        returned_by=tuple(one.by for one in returns),
    )
