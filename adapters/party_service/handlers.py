"""党群服务中心: handlers of its forms, and of the messages for its platform."""

from typing import Any

from adapters.party_service import native as n
from adapters.party_service.ledger import LedgerLine
from bus import Case, Commands, Declined, IntakeContext, Link, Message, Progressed, Published
from bus import workorders as w

MATTER = "matter"
HEADLINES: w.Headlines = {
    **w.USUAL,
    "case.accepted:bid": w.Headline("bid", "抢单", "A bid"),
    "case.declined": w.Headline("returned", "承办单位退单，请重新派单或提请裁定", "Sent back: dispatch it again"),
    "case.granted": w.Headline("granted", "抢单已定，由中选单位承办", "Given to the first bidder", visible=True),
    "case.lost": w.Headline("taken", "已被接走", "Another center has it"),
    "case.withdrawal-requested": w.Headline("taken-back", "派单单位已撤回", "Taken back by its sender"),
    "case.withdrawn": w.Headline("withdrawn", "派单已撤回", "The hand-over was withdrawn"),
    "case.rated": w.Headline("rated", "评议", "Rated"),
    "case.ruled:ours": w.Headline("imposed", "裁定承办单位", "Ruled who has it", visible=True),
}
links = w.Links(own=(MATTER,), handle=MATTER, assist="assist-matter", arbitrate="arbitration-matter")
center = w.WorkCenter(kind="party_service", connect=w.System, links=links)


@center.form("entry", n.Entry, "matter_no")
def entry(context: IntakeContext, form: n.Entry) -> Commands:
    """台账、来电、走访、随手拍: register an entry once; answer it at once, keep it, or dispatch it by route.

    The grid's name is written before the place, an agent's papers below the text."""
    if (known := context.known(MATTER, form.matter_no)) is not None:
        return [Link(case_id=known, system=MATTER, native_id=form.matter_no)]
    return context.register(_case(context, form), to=form.to, here=form.handled_here or form.board, answer=form.answer)


def _case(context: IntakeContext, form: n.Entry) -> Case:
    return w.case_of(
        context, form, record=(MATTER, form.matter_no), channel=form.channel.name.lower(), at=form.received_at,
        category=n.SPHERES.name(form.sphere), title=w.title_of(form.title, form.text, form.sphere.value),
        text=f"{form.text}\n所带材料：{'、'.join(form.papers)}" if form.papers else form.text, papers=form.photos,
        name=form.resident, place="，".join(part for part in (form.grid, form.place) if part) or None,
    )  # fmt: skip


@center.form("meeting", n.Meeting, "event_id")
def meeting(context: IntakeContext, form: n.Meeting) -> Commands:
    """居民议事会: one event, a case for each suggestion, which keeps its number; repeated, it makes no second case."""
    of_all: Any = {"division": form.division, "grid": form.grid, "received_at": form.held_at}
    for one in form.suggestions:
        yield from entry(
            context,
            n.Entry(**dict(one), **of_all, channel=n.Channel["MEETING"], matter_no=f"{form.meeting_no}-{one.no}"),
        )


center.ledger("ledger", LedgerLine, "matter_no", MATTER, _case)
center.claims("claim", n.Claim, own={"matter_no": MATTER}, theirs="case_id")
center.activities()
center.acts("order-event", n.OrderEvent, own={"matter_no": MATTER}, theirs="case_id")
center.casework()


@center.opens()
def matter(context: w.Context, order: w.Order) -> str:
    """立项: open a matter for another center's case."""
    level, sphere = w.LEVELS[len(order.case.place.division)], n.SPHERES.word(order.case.category)
    more = {"level": level, "sphere": sphere, "photos": order.papers, "open_to_several": order.several}
    return context.system.open("/matters", order.shown(**more, **order.who("resident")), key=context.key)


@center.answers
def reply(context: w.Context, record: w.OwnRecord, reply: w.Reply) -> None:
    """答复: send the reply to the resident."""
    body = reply.shown(finding=w.label(reply.outcome).zh, instant=reply.instant, photos=reply.papers)
    context.system.call("/matters/{}/replies", record.native_id, body=body, key=context.key)


center.keeps(w.kept_at("/photos"))
center.completes(w.completed_at("/matters/{}/resident", "resident", *w.WHO))
center.on(Published)(w.posted_at("/bulletins"))  # 公示 by another center: on our own board too


@center.otherwise
def step(context: w.Context, record: w.OwnRecord, message: Message[Any]) -> None:
    """流转: add a line to our matter; a promise with a date is filed as a 整改通知单, progress without one is not."""
    data, matter_no, note = message.data, record.native_id, w.note_of(message, HEADLINES, context.me)
    times = context.record.times_returned if isinstance(data, Declined) else None
    body = note.shown("reason", "suggested", "due", "satisfaction", judge=note.rater, times_returned=times)
    context.system.call("/matters/{}/steps", matter_no, body=body, key=context.key)
    if isinstance(data, Progressed) and data.due:
        notice = {"case_id": message.subject, "by": message.source, "text": data.text, "due": data.due}
        context.system.call("/matters/{}/notices", matter_no, body=notice, key=f"{context.key}:due")
