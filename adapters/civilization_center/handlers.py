"""新时代文明实践中心: handlers of its forms, and of the messages for its platform."""

from typing import Any

from adapters.civilization_center import mapping
from adapters.civilization_center import native as n
from bus import Commands, IntakeContext, Message, Published
from bus import workorders as w

WISH, SERVICE = "wish", "service-order"
FOLDERS = {WISH: "wishes", SERVICE: "service-orders"}  # cases from other centers are among the ``orders``
center = w.WorkCenter(kind="civilization_center", connect=w.System, links=w.Links(own=(WISH, SERVICE)))


def ask(context: IntakeContext, form: n.ServiceOrder | n.Wish) -> Commands:
    """点单、微心愿: register the case, and offer it to the named centers or by the configured route."""
    return context.register(mapping.case(context, form), to=form.to, here=form.handled_here)


center.form("order", n.ServiceOrder, "order_no")(ask)
center.form("wish", n.Wish, "wish_no")(ask)
center.activities()
center.acts("order-event", n.OrderEvent, own={"wish_no": WISH, "order_no": SERVICE}, theirs="case_id")
center.casework()


@center.opens()
def work_order(context: w.Context, order: w.Order) -> str:
    """建单: open a work order for another center's case."""
    return context.system.open("/orders", mapping.order(order, context.me), key=context.key)


@center.answers
def reply(context: w.Context, record: w.OwnRecord, reply: w.Reply) -> None:
    """答复: show the reply under the order or the wish."""
    body = reply.shown(outcome=reply.outcome, photos=reply.papers)
    context.system.call("/{}/{}/replies", FOLDERS[record.system], record.native_id, body=body, key=context.key)


center.keeps(w.kept_at("/photos"))
center.completes(w.completed_at("/orders/{}/resident", "resident", "phone"))
center.on(Published)(w.posted_at("/bulletins"))  # 公示 by another center: on our own board too


@center.otherwise
def note(context: w.Context, record: w.OwnRecord, message: Message[Any]) -> None:
    """动态: add a line to our record, for staff, and for the resident where it concerns them."""
    folder, body = FOLDERS.get(record.system, "orders"), mapping.note(message, context.me)
    context.system.call("/{}/{}/notes", folder, record.native_id, body=body, key=context.key)
