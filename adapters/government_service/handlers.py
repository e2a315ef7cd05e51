"""政务服务中心: what its forms ask of the bus, and what the bus's messages do in its hall and hotline."""

from typing import Any
from uuid import UUID

from adapters.government_service import mapping
from adapters.government_service import native as n
from adapters.government_service import records as r
from adapters.government_service.system import ServiceSystem
from bus import (
    Accepted,
    AnswerAssist,
    ArbitrationRequested,
    AssistAnswered,
    AssistRequested,
    Attachment,
    Center,
    Close,
    Closed,
    Command,
    Commands,
    Declined,
    Granted,
    HandlerContext,
    IntakeContext,
    Link,
    Lost,
    Message,
    Offered,
    Outcome,
    Progressed,
    Published,
    Rated,
    Register,
    Reopened,
    Resolve,
    Resolved,
    Ruled,
    Source,
    Status,
    Urged,
    WithdrawalRequested,
    Withdrawn,
)

center = Center(kind="government_service", connect=ServiceSystem)

ORDER, ASSIST, ARBITRATION = "work-order", "assist-order", "arbitration-order"
"""The records of the vendor that may belong to a case."""


@center.form("work-order", n.WorkOrder, native_id=lambda form: form.order_no)
def work_order(context: IntakeContext, form: n.WorkOrder) -> Commands:
    """工单: registered, and answered at once (即时办结), kept, or dispatched to whose duty it is."""
    case = context.new_case(
        title=form.title,
        text=form.text,
        category=mapping.category(form.sphere),
        place=mapping.place(form),
        channel=form.channel.name.lower(),
        source=Source(system=ORDER, record=form.order_no),
        resident=mapping.person(form),
        attachments=tuple(context.attachment(paper) for paper in form.materials),
        urgency=mapping.urgency(form),
        received_at=form.received_at,
        due=mapping.due(form, context.now),
    )
    registered = Register(case=case)
    if form.answer is not None:
        told = Resolve(case_id=case.case_id, outcome=Outcome.EXPLAINED, public_reply=form.answer, instant=True)
        return [registered, told]
    # without a route the order is not refused: it stays here, in our staff's sight, until they dispatch it
    routed = form.to or (context.routes.find(case.category, case.place.division) or context.me,)
    if form.handled_here or form.channel is n.Channel.PROACTIVE or routed == (context.me,):
        return [registered]
    return [registered, mapping.offer(case.case_id, routed)]


@center.form("order-event", n.OrderEvent, native_id=lambda form: form.event_id)
def order_event(context: IntakeContext, form: n.OrderEvent) -> Commands:
    """What staff or the caller did with a work order."""
    case_id = form.case_id or context.find(ORDER, form.order_no)
    if isinstance(form.event, n.Thanking):
        return [Link(case_id=case_id, system="thanks", native_id=form.event_id)]  # kept, and nothing opens again
    return [_command(context, case_id, form.event)]


@center.on(Offered)
def offered(context: HandlerContext[ServiceSystem], message: Message[Offered]) -> Commands:
    """转办: an order that waits for our staff to sign for it or to send it back."""
    data = message.data
    order = mapping.order(data.case, "handle", message.source, data.note, returns=data.returns)
    return _open(context, ORDER, order, data.case.attachments)


@center.on(AssistRequested)
def assist_requested(context: HandlerContext[ServiceSystem], message: Message[AssistRequested]) -> Commands:
    """协办: an order for help; the matter stays with who asks."""
    data = message.data
    order = mapping.order(data.case, "assist", message.source, data.ask, data.assist_id)
    return _open(context, ASSIST, order.model_copy(update={"due": data.due or order.due}), data.case.attachments)


@center.on(ArbitrationRequested)
def arbitration_requested(context: HandlerContext[ServiceSystem], message: Message[ArbitrationRequested]) -> Commands:
    """提请裁定: an order for whoever rules here, with who has sent the case back so far."""
    data = message.data
    return _open(
        context, ARBITRATION, mapping.order(data.case, "arbitrate", message.source, data.text, returns=data.returns)
    )


@center.on(Ruled)
def ruled(context: HandlerContext[ServiceSystem], message: Message[Ruled]) -> Commands:
    """裁定: imposed on us our order is ours to handle, or we get one; else staff and caller read who has it."""
    data = message.data
    if data.holder != context.me:
        return _tell(context, mapping.step(message), message.source)
    if ORDER in context.natives:
        return _tell(context, mapping.step(message, "imposed"), message.source)
    order = mapping.order(data.case, "imposed", message.source, data.text, returns=data.returns)
    return _open(context, ORDER, order, data.case.attachments)


@center.on(Declined)
def declined(context: HandlerContext[ServiceSystem], message: Message[Declined]) -> Commands:
    """退单: registered on our order with who and why; staff dispatch it again, or ask the arbiter."""
    sent_back = mapping.sent_back(message, context.record.times_returned)
    context.system.sent_back(context.native(ORDER), sent_back, key=context.key)
    return []


@center.on(Resolved)
def resolved(context: HandlerContext[ServiceSystem], message: Message[Resolved]) -> Commands:
    """办结: at the origin the caller is told, and that closes the case."""
    if context.record.case.origin != context.me:
        return _tell(context, mapping.step(message), message.source)
    context.system.answer(context.native(ORDER), mapping.answer(context.record.case, message), key=context.key)
    _keep_papers(context, message.data.attachments)
    current = context.record.status is Status.RESOLVED and context.record.round == message.data.round
    return [Close(case_id=context.record.case.case_id, replied_at=context.now)] if current else []


@center.on(Rated)
def rated(context: HandlerContext[ServiceSystem], message: Message[Rated]) -> Commands:
    """好差评: on the order that we handled."""
    links, orders = _orders(context, message.source)
    for system, order_no in orders.items():
        context.system.grade(order_no, mapping.grade(message), key=f"{context.key}:{system}")
    return links


@center.on(AssistAnswered)
def assist_answered(context: HandlerContext[ServiceSystem], message: Message[AssistAnswered]) -> Commands:
    """协办答复: the answer, and the papers that prove it."""
    links = _tell(context, mapping.step(message), message.source)
    _keep_papers(context, message.data.attachments)
    return links


def news(context: HandlerContext[ServiceSystem], message: Message[Any]) -> Commands:
    """What others do with the case: a line on our orders, read by staff, and by the caller where it is for him."""
    return _tell(context, mapping.step(message), message.source)


NEWS: tuple[type[Any], ...] = (
    Accepted,
    Granted,
    Lost,
    WithdrawalRequested,
    Withdrawn,
    Progressed,
    Urged,
    Reopened,
    Closed,
    Published,
)
for kind in NEWS:
    center.on(kind)(news)


def _command(context: IntakeContext, case_id: UUID, act: n.Act) -> Command:
    """The command of an act that needs the front desk's knowledge; the others are mapped alone."""
    match act:
        case n.Dispatching():
            case = context.record(case_id).case
            to = act.to or (context.route(case.category, case.place.division),)
            return mapping.offer(case_id, to, act.note)
        case n.Extending():
            return mapping.extension(context.record(case_id), act, context.now)
        case n.Resolving():
            return Resolve(
                case_id=case_id,
                outcome=act.outcome,
                public_reply=act.reply,
                internal_note=act.internal,
                lawful_route=act.lawful_route,
                attachments=tuple(context.attachment(paper) for paper in act.materials),
            )
        case n.AnsweringAssist():
            papers = tuple(context.attachment(paper) for paper in act.materials)
            return AnswerAssist(
                case_id=case_id, done=act.done, text=act.text, assist_id=act.assist_id, attachments=papers
            )
        case _:
            return mapping.command(case_id, act, context.now)


def _open(
    context: HandlerContext[ServiceSystem], system: str, order: r.SentOrder, attachments: tuple[Attachment, ...] = ()
) -> list[Command | Link]:
    """The order first, so that staff see it though the holder of a paper is away; then the papers."""
    opened = context.system.open_order(order, key=context.key)
    _keep_papers(context, attachments)
    return [Link(case_id=order.case_id, system=system, native_id=opened)]


def _keep_papers(context: HandlerContext[ServiceSystem], attachments: tuple[Attachment, ...]) -> None:
    for paper in attachments:
        context.system.keep_paper(paper, context.fetch(paper), key=f"{context.key}:{paper.sha256[:16]}")


def _tell(context: HandlerContext[ServiceSystem], step: r.Step, source: str) -> list[Command | Link]:
    links, orders = _orders(context, source)
    for system, order_no in orders.items():
        context.system.step(order_no, step, key=f"{context.key}:{system}")
    return links


def _orders(context: HandlerContext[ServiceSystem], source: str) -> tuple[list[Command | Link], dict[str, str]]:
    """Every order that we have of the case; where we have none, one is opened, and linked."""
    ours = {system: context.natives[system] for system in (ORDER, ASSIST, ARBITRATION) if system in context.natives}
    if ours:
        return [], ours
    order = mapping.order(context.record.case, "notice", source)
    opened = context.system.open_order(order, key=f"{context.key}:notice")
    return [Link(case_id=order.case_id, system=ORDER, native_id=opened)], {ORDER: opened}
