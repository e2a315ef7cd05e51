"""政务服务中心: handlers of its forms, and of the messages for its hall and hotline."""

from typing import Any

from adapters.government_service import mapping
from adapters.government_service import native as n
from adapters.government_service.holds import Evaluation
from bus import ArbitrationRequested, AssistRequested, Commands, Declined, IntakeContext, Message, Offered, Rated, Ruled
from bus import workorders as w

ORDER = "work-order"
center = w.WorkCenter(kind="government_service", connect=w.System, links=w.Links(own=(ORDER,), handle=ORDER))


@center.form("work-order", n.WorkOrder, "order_no")
def work_order(context: IntakeContext, form: n.WorkOrder) -> Commands:
    """工单: register the case, and answer it at once (即时办结), keep it, or dispatch it by the configured route."""
    here = form.handled_here or form.channel is n.Channel.PROACTIVE
    return context.register(mapping.case(context, form), to=form.to, here=here, answer=form.answer)


center.ledger("ledger", n.LedgerLine, "order_no", ORDER, mapping.case)
center.ratings("rating", Evaluation, "rating_no", "order_no", ORDER)
center.acts("order-event", n.OrderEvent, own={"order_no": ORDER}, theirs="case_id")
center.casework()


@center.opens(Offered, AssistRequested, ArbitrationRequested)
def order(context: w.Context, order: w.Order) -> str:
    """建单: open a work order for our staff, also where this center is the arbiter."""
    return context.system.open("/orders", mapping.order(order), key=context.key, named="order_no")


@center.on(Ruled)
def ruled(context: w.Context, message: Message[Ruled]) -> Commands:
    """裁定: a case imposed on this center becomes ours to handle, with a work order; else staff and caller read the new
    holder."""
    opens = message.data.holder == context.me and ORDER not in context.natives
    return center.open(context, message) if opens else center.tell(context, message)


@center.on(Declined)
def declined(context: w.Context, message: Message[Declined]) -> Commands:
    """退单: note on our order which center declined and why; staff dispatch it again, or ask the arbiter."""
    back = mapping.sent_back(message, context.record.times_returned)
    context.system.call("/orders/{}/returns", context.native(ORDER), body=back, key=context.key)
    return []


@center.answers
def answer(context: w.Context, record: w.OwnRecord, reply: w.Reply) -> None:
    """答复: send the reply to the caller."""
    body = reply.shown(outcome=reply.outcome, instant=reply.instant, materials=reply.papers)
    context.system.call("/orders/{}/answers", record.native_id, body=body, key=context.key)


center.keeps(w.kept_at("/materials"))
center.completes(w.completed_at("/orders/{}/resident", "caller", *w.WHO))


@center.otherwise
def step(context: w.Context, record: w.OwnRecord, message: Message[Any]) -> None:
    """流转: add a line to our order, for staff, and for the caller where it concerns them; a rating is filed as
    such."""
    if isinstance(message.data, Rated):
        what, body = "grades", mapping.grade(message)
    else:
        note = w.note_of(message, mapping.HEADLINES, context.me)
        what, body = "steps", note.shown("due")
    context.system.call("/orders/{}/{}", record.native_id, what, body=body, key=context.key)
