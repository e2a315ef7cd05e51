"""融媒体中心: what its forms ask of the bus, and what the bus's messages do in its app and newsroom."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from adapters.media_center import mapping
from adapters.media_center import native as n
from adapters.media_center.system import MediaSystem
from bus import (
    Accepted,
    AnswerAssist,
    ArbitrationRequested,
    AssistAnswered,
    AssistRequested,
    Attachment,
    Case,
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
    Progressed,
    Published,
    Rated,
    Register,
    Reject,
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

center = Center(kind="media_center", connect=MediaSystem)

MESSAGE, ORDER, ASSIST, ARBITRATION = "message", "order", "assist-order", "arbitration-order"
"""The records of the vendor that may belong to a case."""
FOLDERS = {MESSAGE: "messages", ORDER: "orders", ASSIST: "orders", ARBITRATION: "orders"}


@center.form("message", n.ResidentMessage, native_id=lambda form: form.message_id)
def message(context: IntakeContext, form: n.ResidentMessage) -> Commands:
    """留言: registered, and handed at once to whose duty it is."""
    known = _known(context, form.message_id)
    if known is not None:  # it came before, in a batch
        return [Link(case_id=known, system=MESSAGE, native_id=form.message_id)]
    return _register(context, form, "app")


@center.form("message-batch", n.MessageBatch, native_id=lambda form: form.batch_id)
def message_batch(context: IntakeContext, form: n.MessageBatch) -> Iterator[Command | Link]:
    """议事会: one event, a case for each matter; one that is known makes no other, under whatever batch it comes."""
    for one in form.messages:
        known = _known(context, one.message_id)
        if known is not None:
            yield Link(case_id=known, system=MESSAGE, native_id=one.message_id)
        else:
            yield from _register(context, one, "meeting")


@center.form("message-event", n.MessageEvent, native_id=lambda form: form.event_id)
def message_event(context: IntakeContext, form: n.MessageEvent) -> Commands:
    """What the resident or an editor did with a message."""
    case_id = context.find(MESSAGE, form.message_id)
    match form.event:
        case n.Cancelling():
            return mapping.cancel(context.record(case_id))
        case n.Thanking():
            return [Link(case_id=case_id, system="thanks", native_id=form.event_id)]  # kept, and nothing opens again
        case act:
            return [_command(context, case_id, act)]


@center.form("order-event", n.OrderEvent, native_id=lambda form: form.event_id)
def order_event(context: IntakeContext, form: n.OrderEvent) -> Commands:
    """What our staff did with an order of another center."""
    return [_command(context, form.case_id, form.event)]


@center.on(Offered)
def offered(context: HandlerContext[MediaSystem], message: Message[Offered]) -> Commands:
    """转办: an order that waits for our staff's yes or no."""
    data = message.data
    order = mapping.order(data.case, "handle", message.source, data.note, returns=data.returns)
    return _open(context, ORDER, order, data.case.attachments)


@center.on(AssistRequested)
def assist_requested(context: HandlerContext[MediaSystem], message: Message[AssistRequested]) -> Commands:
    """协办: an order for help; the matter stays with who asks."""
    data = message.data
    order = mapping.order(data.case, "assist", message.source, data.ask, data.assist_id)
    return _open(context, ASSIST, order.model_copy(update={"due": data.due or order.due}), data.case.attachments)


@center.on(ArbitrationRequested)
def arbitration_requested(context: HandlerContext[MediaSystem], message: Message[ArbitrationRequested]) -> Commands:
    """提请裁定: an order for whoever rules here."""
    data = message.data
    return _open(
        context, ARBITRATION, mapping.order(data.case, "arbitrate", message.source, data.text, returns=data.returns)
    )


@center.on(Ruled)
def ruled(context: HandlerContext[MediaSystem], message: Message[Ruled]) -> Commands:
    """裁定: imposed on us it is an order that cannot be returned; else staff and resident read who has it."""
    if message.data.holder != context.me:
        return decided(context, message)
    order = mapping.order(message.data.case, "imposed", message.source, message.data.text, returns=message.data.returns)
    opened = _open(context, ORDER, order, message.data.case.attachments)
    return [*opened, *(decided(context, message) if MESSAGE in context.natives else ())]


@center.on(Resolved)
def resolved(context: HandlerContext[MediaSystem], message: Message[Resolved]) -> Commands:
    """办结: at the origin the resident reads the answer, and that closes the case."""
    if context.record.case.origin != context.me:
        return _tell(context, message)
    context.system.reply(context.native(MESSAGE), mapping.reply(context.record.case, message), key=context.key)
    _keep_photos(context, message.data.attachments)
    current = context.record.status is Status.RESOLVED and context.record.round == message.data.round
    return [Close(case_id=context.record.case.case_id, replied_at=context.now)] if current else []


@center.on(Published)
def published(context: HandlerContext[MediaSystem], message: Message[Published]) -> Commands:
    """公示 by another center: matter for a follow-up report."""
    case_id = context.record.case.case_id
    report = n.Report(case_id=case_id, by=message.source, title=message.data.title, text=message.data.text)
    context.system.report(report, key=context.key)
    return []


@center.on(AssistAnswered)
def assist_answered(context: HandlerContext[MediaSystem], message: Message[AssistAnswered]) -> Commands:
    """协办答复: the answer, and the photos that prove it."""
    answer = _tell(context, message)
    _keep_photos(context, message.data.attachments)
    return answer


def decided(context: HandlerContext[MediaSystem], message: Message[Any]) -> Commands:
    """Who has the case is settled for now; if the resident has taken the message back meanwhile, the matter ends."""
    links, cancelled = _noted(context, message)
    return [*links, *(mapping.cancel(context.record) if cancelled else ())]


def news(context: HandlerContext[MediaSystem], message: Message[Any]) -> Commands:
    """What others do with the case: a line on our record, read by staff, and by the resident where it is for him."""
    return _tell(context, message)


DECISIONS: tuple[type[Any], ...] = (Accepted, Declined, Withdrawn)
NEWS: tuple[type[Any], ...] = (Granted, Lost, WithdrawalRequested, Progressed, Urged, Rated, Reopened, Closed)
for kind in DECISIONS:
    center.on(kind)(decided)
for kind in NEWS:
    center.on(kind)(news)


def _known(context: IntakeContext, message_id: str) -> UUID | None:
    try:
        return context.find(MESSAGE, message_id)
    except Reject:
        return None


def _register(context: IntakeContext, form: n.ResidentMessage, channel: str) -> list[Command]:
    case: Case = context.new_case(
        title=mapping.title(form),
        text=form.text,
        category=mapping.category(form.category),
        place=mapping.place(form),
        channel=channel,
        source=Source(system=MESSAGE, record=form.message_id),
        resident=mapping.person(form),
        attachments=tuple(context.attachment(photo) for photo in form.photos),
        urgency=mapping.urgency(form),
        received_at=form.left_at,
    )
    # without a route the message is not refused: it stays here, in our staff's sight, until they dispatch it
    routed = form.to or (context.routes.find(case.category, case.place.division) or context.me,)
    if form.handled_here or routed == (context.me,):
        return [Register(case=case)]
    return [Register(case=case), mapping.offer(case.case_id, routed)]


def _command(context: IntakeContext, case_id: UUID, act: n.Act) -> Command:
    """The command of an act that needs the front desk's knowledge; the others are mapped alone."""
    match act:
        case n.Dispatching():
            case = context.record(case_id).case
            to = act.to or (context.route(case.category, case.place.division),)
            return mapping.offer(case_id, to, act.note)
        case n.Resolving():
            return Resolve(
                case_id=case_id,
                outcome=act.outcome,
                public_reply=act.reply,
                internal_note=act.internal,
                lawful_route=act.lawful_route,
                attachments=tuple(context.attachment(photo) for photo in act.photos),
            )
        case n.AnsweringAssist():
            photos = tuple(context.attachment(photo) for photo in act.photos)
            return AnswerAssist(
                case_id=case_id, done=act.done, text=act.text, assist_id=act.assist_id, attachments=photos
            )
        case _:
            return mapping.command(case_id, act)


def _open(
    context: HandlerContext[MediaSystem], system: str, order: n.Order, attachments: tuple[Attachment, ...] = ()
) -> list[Command | Link]:
    """The order first, so that staff see it though a photo's holder is away; then the photos."""
    opened = context.system.open_order(order, key=context.key)
    _keep_photos(context, attachments)
    return [Link(case_id=order.case_id, system=system, native_id=opened)]


def _keep_photos(context: HandlerContext[MediaSystem], attachments: tuple[Attachment, ...]) -> None:
    for photo in attachments:
        context.system.keep_photo(photo, context.fetch(photo), key=f"{context.key}:{photo.sha256[:16]}")


def _tell(context: HandlerContext[MediaSystem], message: Message[Any]) -> list[Command | Link]:
    return _noted(context, message)[0]


def _noted(context: HandlerContext[MediaSystem], message: Message[Any]) -> tuple[list[Command | Link], bool]:
    """Put the news on every record that we have of the case; where we have none, open one. Also says whether the
    resident has cancelled."""
    links: list[Command | Link] = []
    ours = {system: context.natives[system] for system in FOLDERS if system in context.natives}
    if not ours:
        order = mapping.order(context.record.case, "notice", message.source)
        ours[ORDER] = context.system.open_order(order, key=f"{context.key}:notice")
        links.append(Link(case_id=order.case_id, system=ORDER, native_id=ours[ORDER]))
    note, cancelled = mapping.note(message), False
    for system, record in ours.items():
        answer = context.system.note(FOLDERS[system], record, note, key=f"{context.key}:{system}")
        cancelled = cancelled or (system == MESSAGE and answer.get("cancelled") is True)
    return links, cancelled
