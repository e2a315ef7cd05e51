"""接诉即办指挥中心: what its tickets ask of the bus, and what the bus's messages do on its platform."""

from typing import Any

from bus import Commands, Handed, HandlerContext, IntakeContext, Message, Page, PollContext
from bus import workorders as w
from county_command.native import Matter, Ticket, TicketAct
from county_command.system import Platform

TICKET = "ticket"
MATTERS = w.by_name(Matter.OTHER)
Context = HandlerContext[Platform]

center = w.WorkCenter(kind="command_center", connect=Platform, links=w.Links(own=(TICKET,)))


@center.polls("events", every=5)
def events(context: PollContext[Platform]) -> Page:
    """What people did on the platform since it was asked last."""
    return context.system.events(context.cursor)


@center.form("ticket", Ticket, "ticket_no")
def ticket(context: IntakeContext, form: Ticket) -> Commands:
    """诉求工单: registered, and dispatched to the centers named, else to the one whose duty it is."""
    case = w.case_of(
        context,
        form,
        record=(TICKET, form.ticket_no),
        category=MATTERS.name(form.matter),
        channel="hotline",
        name=form.caller,
        title=w.title_of(form.title, form.text, form.matter.value),
        papers=form.files,
        at=form.created_at,
    )
    return context.register(case, to=form.dispatch_to)


center.acts("ticket-act", TicketAct, own={"ticket_no": TICKET}, theirs="case_id")


@center.opens()
def order(context: Context, order: w.Order) -> str:
    """派单: a dispatch order for a case of another center."""
    matter = MATTERS.word(order.case.category)
    told = order.shown(matter=matter, files=order.papers, **order.who("caller"))
    return context.system.open("/orders", w.camel(told), key=context.key)


@center.answers
def reply(context: Context, record: w.OwnRecord, reply: w.Reply) -> None:
    """答复: the caller is told."""
    told = reply.shown(outcome=w.label(reply.outcome).zh, files=reply.papers)
    context.system.call("/tickets/{}/replies", record.native_id, body=w.camel(told), key=context.key)


center.keeps(w.kept_at("/files"))


@center.completes
def resident(context: Context, record: w.OwnRecord, message: Message[Handed]) -> None:
    """居民信息移交: who the caller of a dispatch order is that is ours now."""
    body = w.camel(w.handed(message, "caller", *w.WHO))
    context.system.call("/orders/{}/resident", record.native_id, body=body, key=context.key)


@center.otherwise
def step(context: Context, record: w.OwnRecord, message: Message[Any]) -> None:
    """流转: a line on our ticket or dispatch order, read by staff, and by the caller where it is for them."""
    folder = "tickets" if record.system == TICKET else "orders"
    told = w.note_of(message, w.USUAL, context.me).shown("reason", "suggested", "due", "satisfaction")
    context.system.call("/{}/{}/steps", folder, record.native_id, body=w.camel(told), key=context.key)
