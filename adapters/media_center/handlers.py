"""融媒体中心: handlers of its forms, and of the messages for its app and newsroom."""

from typing import Any

from adapters.media_center import mapping
from adapters.media_center import native as n
from bus import (
    Accepted,
    ArbitrationRequested,
    AssistRequested,
    Commands,
    Declined,
    IntakeContext,
    Link,
    Message,
    Offered,
    Published,
    Ruled,
    Withdrawn,
)
from bus import workorders as w

MESSAGE = "message"
center = w.WorkCenter(kind="media_center", connect=w.System, links=w.Links(own=(MESSAGE,)))


@center.form("message", n.ResidentMessage, "message_id")
def message(context: IntakeContext, form: n.ResidentMessage) -> Commands:
    """留言: register the case and offer it at once by the configured route; one that already came in a batch is
    skipped."""
    return _register(context, form, "app")


@center.form("message-batch", n.MessageBatch, "batch_id")
def message_batch(context: IntakeContext, form: n.MessageBatch) -> Commands:
    """议事会: one event, a case for each matter; a matter that is already registered makes no second case, under any
    batch."""
    for one in form.messages:
        yield from _register(context, one, "meeting")


def _register(context: IntakeContext, form: n.ResidentMessage, channel: str) -> Commands:
    if (known := context.known(MESSAGE, form.message_id)) is not None:
        return [Link(case_id=known, system=MESSAGE, native_id=form.message_id)]
    return context.register(mapping.case(context, form, channel), to=form.to, here=form.handled_here)


center.form("private-message", n.PrivateMessage, "message_id")(message)
center.ratings("survey", n.SurveyAnswer, "answer_no", "message_id", MESSAGE)
center.acts("message-event", n.MessageEvent, own={"message_id": MESSAGE})
center.acts("order-event", n.OrderEvent, own={}, theirs="case_id")
center.casework()


@center.opens(Offered, AssistRequested, ArbitrationRequested)
def order(context: w.Context, order: w.Order) -> str:
    """工单: open a work order for our staff, also where this center is the arbiter."""
    return context.system.open("/orders", mapping.order(order), key=context.key)


@center.on(Ruled)
def ruled(context: w.Context, message: Message[Ruled]) -> Commands:
    """裁定: an imposed case becomes an order that cannot be returned; else staff and resident read the new holder."""
    if message.data.holder != context.me:
        return center.tell(context, message)
    return [*center.open(context, message), *(center.tell(context, message) if MESSAGE in context.natives else ())]


@center.answers
def reply(context: w.Context, record: w.OwnRecord, reply: w.Reply) -> None:
    """答复: show the reply under the resident's message."""
    body = reply.shown(outcome=reply.outcome, photos=reply.papers)
    context.system.call("/messages/{}/replies", record.native_id, body=body, key=context.key)


center.keeps(w.kept_at("/photos"))
center.completes(w.completed_at("/orders/{}/resident", "resident_name", resident_phone="phone"))
center.on(Published)(w.posted_at("/reports"))  # material for a follow-up report (跟踪报道)


@center.otherwise
def note(context: w.Context, record: w.OwnRecord, message: Message[Any]) -> Commands:
    """Add a line to our record. If the resident has cancelled and the holder is settled, the case ends."""
    folder = "messages" if record.system == MESSAGE else "orders"
    note = w.note_of(message, w.USUAL, context.me)
    body = note.shown("reason", "suggested", "due", stars=note.grade)
    told = context.system.call("/{}/{}/notes", folder, record.native_id, body=body, key=context.key)
    settled = isinstance(message.data, Accepted | Declined | Withdrawn | Ruled)
    if settled and record.system == MESSAGE and told.get("cancelled") is True:
        return w.cancel(context.record, n.Cancelling.told)
    return []
