"""新时代文明实践中心: what its forms ask of the bus, and what the bus's messages do on its platform."""

from typing import Any
from uuid import UUID

from adapters.civilization_center import mapping
from adapters.civilization_center import native as n
from adapters.civilization_center import records as r
from adapters.civilization_center.system import CivilizationSystem
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
    Mode,
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

center = Center(kind="civilization_center", connect=CivilizationSystem)

WISH, SERVICE = "wish", "service-order"
"""What residents made here."""
ORDER, ASSIST, ARBITRATION = "order", "assist-order", "arbitration-order"
"""What other centers sent us."""
FOLDERS = {
    WISH: "wishes", SERVICE: "service-orders", ORDER: "orders", ASSIST: "orders", ARBITRATION: "orders",
}  # fmt: skip


@center.form("order", n.ServiceOrder, native_id=lambda form: form.order_no)
def order(context: IntakeContext, form: n.ServiceOrder) -> Commands:
    """点单: registered, and dispatched at once to those named, else to whose duty it is."""
    return _register(context, form, Source(system=SERVICE, record=form.order_no), "menu")


@center.form("wish", n.Wish, native_id=lambda form: form.wish_no)
def wish(context: IntakeContext, form: n.Wish) -> Commands:
    """微心愿: registered, and open to the centers named (the first has it), else to whose duty it is."""
    return _register(context, form, Source(system=WISH, record=form.wish_no), "wish")


@center.form("order-event", n.OrderEvent, native_id=lambda form: form.event_id)
def order_event(context: IntakeContext, form: n.OrderEvent) -> Commands:
    """What a resident, staff or a team did."""
    case_id = _case_of(context, form)
    if isinstance(form.event, n.Thanking):  # kept, and nothing opens again
        return [Link(case_id=case_id, system="thanks", native_id=form.event_id)]
    return [_command(context, case_id, form.event)]


@center.on(Offered)
def offered(context: HandlerContext[CivilizationSystem], message: Message[Offered]) -> Commands:
    """派单: a work order that waits for our yes or no; an open offer goes to who is first."""
    data = message.data
    sent = mapping.order(data.case, "handle", message.source, data.note, returns=data.returns)
    several = data.mode is Mode.OPEN
    return _open(context, ORDER, sent.model_copy(update={"open_to_several": several}), data.case.attachments)


@center.on(AssistRequested)
def assist_requested(context: HandlerContext[CivilizationSystem], message: Message[AssistRequested]) -> Commands:
    """协办: a work order for help; the matter stays with who asks."""
    data = message.data
    sent = mapping.order(data.case, "assist", message.source, data.ask, data.assist_id)
    return _open(context, ASSIST, sent.model_copy(update={"due": data.due or sent.due}), data.case.attachments)


@center.on(ArbitrationRequested)
def arbitration_requested(
    context: HandlerContext[CivilizationSystem], message: Message[ArbitrationRequested]
) -> Commands:
    """提请裁定: a work order for whoever rules here, with who has sent it back so far."""
    data = message.data
    sent = mapping.order(data.case, "arbitrate", message.source, data.text, returns=data.returns)
    return _open(context, ARBITRATION, sent)


@center.on(Ruled)
def ruled(context: HandlerContext[CivilizationSystem], message: Message[Ruled]) -> Commands:
    """裁定: imposed on us, what we have of it is ours to handle, or we get an order; else all read who has it."""
    data = message.data
    if data.holder != context.me:
        return _tell(context, mapping.note(message))
    if context.natives.keys() & {WISH, SERVICE, ORDER}:
        links = _tell(context, mapping.note(message).model_copy(update={"status": "imposed"}))
        _keep_photos(context, data.case.attachments)
        return links
    imposed = mapping.order(data.case, "imposed", message.source, data.text, returns=data.returns)
    return _open(context, ORDER, imposed, data.case.attachments)


@center.on(Resolved)
def resolved(context: HandlerContext[CivilizationSystem], message: Message[Resolved]) -> Commands:
    """办结: at the origin the resident reads the answer, and that closes the case."""
    if context.record.case.origin != context.me:
        return _tell(context, mapping.note(message))
    made = SERVICE if SERVICE in context.natives else WISH
    context.system.reply(
        FOLDERS[made], context.native(made), mapping.reply(context.record.case, message), key=context.key
    )
    _keep_photos(context, message.data.attachments)
    current = context.record.status is Status.RESOLVED and context.record.round == message.data.round
    return [Close(case_id=context.record.case.case_id, replied_at=context.now)] if current else []


@center.on(Published)
def published(context: HandlerContext[CivilizationSystem], message: Message[Published]) -> Commands:
    """公示 by another center: on our own board too."""
    case_id = context.record.case.case_id
    bulletin = r.Bulletin(case_id=case_id, by=message.source, title=message.data.title, text=message.data.text)
    context.system.bulletin(bulletin, key=context.key)
    return []


@center.on(AssistAnswered)
def assist_answered(context: HandlerContext[CivilizationSystem], message: Message[AssistAnswered]) -> Commands:
    """协办答复: the answer, and the photos that prove it."""
    links = _tell(context, mapping.note(message))
    _keep_photos(context, message.data.attachments)
    return links


def news(context: HandlerContext[CivilizationSystem], message: Message[Any]) -> Commands:
    """What others do with the case: a line on our records, read by staff, and by the resident where it is for him."""
    return _tell(context, mapping.note(message))


NEWS: tuple[type[Any], ...] = (
    Accepted, Declined, Granted, Lost, WithdrawalRequested, Withdrawn, Progressed, Urged, Rated, Reopened, Closed,
)  # fmt: skip
for kind in NEWS:
    center.on(kind)(news)


def _register(context: IntakeContext, form: n.ServiceOrder | n.Wish, source: Source, channel: str) -> list[Command]:
    case = context.new_case(
        title=mapping.title(form),
        text=mapping.text(form),
        category=mapping.category(form.item),
        place=mapping.place(form),
        channel=channel,
        source=source,
        resident=mapping.person(form),
        attachments=tuple(context.attachment(photo) for photo in form.photos),
        urgency=mapping.urgency(form),
        received_at=form.made_at,
        due=form.due,
    )
    # without a route it is not refused: it stays here, in our staff's sight, until they dispatch it
    routed = form.to or (context.routes.find(case.category, case.place.division) or context.me,)
    if form.handled_here or routed == (context.me,):
        return [Register(case=case)]
    return [Register(case=case), mapping.offer(case.case_id, routed)]


def _case_of(context: IntakeContext, form: n.OrderEvent) -> UUID:
    if form.case_id is not None:
        return form.case_id
    if form.wish_no is not None:
        return context.find(WISH, form.wish_no)
    if form.order_no is not None:
        return context.find(SERVICE, form.order_no)
    raise Reject("no-record", "name wish_no, order_no or case_id")


def _command(context: IntakeContext, case_id: UUID, act: n.Act) -> Command:
    """The command of an act that needs the front desk's knowledge; the others are mapped alone."""
    match act:
        case n.Dispatching():
            case = context.record(case_id).case
            return mapping.offer(case_id, act.to or (context.route(case.category, case.place.division),), act.note)
        case n.Resolving():
            return Resolve(
                case_id=case_id,
                outcome=act.outcome,
                public_reply=act.reply,
                internal_note=mapping.service_note(act),
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
    context: HandlerContext[CivilizationSystem],
    system: str,
    sent: r.WorkOrder,
    attachments: tuple[Attachment, ...] = (),
) -> list[Command | Link]:
    """The order first, so that staff see it though a photo's holder is away; then the photos."""
    opened = context.system.open_order(sent, key=context.key)
    _keep_photos(context, attachments)
    return [Link(case_id=sent.case_id, system=system, native_id=opened)]


def _keep_photos(context: HandlerContext[CivilizationSystem], attachments: tuple[Attachment, ...]) -> None:
    for photo in attachments:
        context.system.keep_photo(photo, context.fetch(photo), key=f"{context.key}:{photo.sha256[:16]}")


def _tell(context: HandlerContext[CivilizationSystem], note: r.Note) -> list[Command | Link]:
    """Put the news on every record that we have of the case; where we have none, open one."""
    links: list[Command | Link] = []
    ours = {system: context.natives[system] for system in FOLDERS if system in context.natives}
    if not ours:
        notice = mapping.order(context.record.case, "notice", note.by)
        ours[ORDER] = context.system.open_order(notice, key=f"{context.key}:notice")
        links.append(Link(case_id=notice.case_id, system=ORDER, native_id=ours[ORDER]))
    for system, record in ours.items():
        context.system.note(FOLDERS[system], record, note, key=f"{context.key}:{system}")
    return links
