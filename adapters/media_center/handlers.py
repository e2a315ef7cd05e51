"""融媒体中心: what its forms ask of the bus, and what the bus's messages do in its app and newsroom."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from adapters.media_center import mapping
from adapters.media_center import native as n
from adapters.media_center.system import MediaSystem
from bus import (
    Accepted,
    Answer,
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
    Declined,
    Desk,
    FrontDesk,
    Granted,
    Link,
    Lost,
    Message,
    NotEver,
    Offered,
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

center = Center(kind="media_center", connect=MediaSystem)

MESSAGE, ORDER, ASSIST, ARBITRATION = "message", "order", "assist-order", "arbitration-order"
"""The records of the vendor that may belong to a case."""
FOLDERS = {MESSAGE: "messages", ORDER: "orders", ASSIST: "orders", ARBITRATION: "orders"}


@center.takes_in("message", n.ResidentMessage, native_id=lambda form: form.message_id)
def message(desk: FrontDesk, form: n.ResidentMessage) -> Answer:
    """留言: registered, and handed at once to whose duty it is."""
    known = _known(desk, form.message_id)
    if known is not None:  # it came before, in a batch
        return [Link(case_id=known, system=MESSAGE, native_id=form.message_id)]
    return _register(desk, form, "app")


@center.takes_in("message-batch", n.MessageBatch, native_id=lambda form: form.batch_id)
def message_batch(desk: FrontDesk, form: n.MessageBatch) -> Iterator[Command | Link]:
    """议事会: one event, a case for each matter; one that is known makes no other, under whatever batch it comes."""
    for one in form.messages:
        known = _known(desk, one.message_id)
        if known is not None:
            yield Link(case_id=known, system=MESSAGE, native_id=one.message_id)
        else:
            yield from _register(desk, one, "meeting")


@center.takes_in("message-event", n.MessageEvent, native_id=lambda form: form.event_id)
def message_event(desk: FrontDesk, form: n.MessageEvent) -> Answer:
    """What the resident or an editor did with a message."""
    case_id = desk.find(MESSAGE, form.message_id)
    match form.event:
        case n.Cancelling():
            return mapping.cancel(desk.record(case_id))
        case n.Thanking():
            return [Link(case_id=case_id, system="thanks", native_id=form.event_id)]  # kept, and nothing opens again
        case act:
            return [_command(desk, case_id, act)]


@center.takes_in("order-event", n.OrderEvent, native_id=lambda form: form.event_id)
def order_event(desk: FrontDesk, form: n.OrderEvent) -> Answer:
    """What our staff did with an order of another center."""
    return [_command(desk, form.case_id, form.event)]


@center.on(Offered)
def offered(desk: Desk[MediaSystem], said: Message[Offered]) -> Answer:
    """转办: an order that waits for our staff's yes or no."""
    data = said.data
    order = mapping.order(data.case, "handle", said.source, data.note, returns=data.returns)
    return _open(desk, ORDER, order, data.case.attachments)


@center.on(AssistRequested)
def assist_requested(desk: Desk[MediaSystem], said: Message[AssistRequested]) -> Answer:
    """协办: an order for help; the matter stays with who asks."""
    data = said.data
    order = mapping.order(data.case, "assist", said.source, data.ask, data.assist_id)
    return _open(desk, ASSIST, order.model_copy(update={"due": data.due or order.due}), data.case.attachments)


@center.on(ArbitrationRequested)
def arbitration_requested(desk: Desk[MediaSystem], said: Message[ArbitrationRequested]) -> Answer:
    """提请裁定: an order for whoever rules here."""
    data = said.data
    return _open(desk, ARBITRATION, mapping.order(data.case, "arbitrate", said.source, data.text, returns=data.returns))


@center.on(Ruled)
def ruled(desk: Desk[MediaSystem], said: Message[Ruled]) -> Answer:
    """裁定: imposed on us it is an order that cannot be returned; else staff and resident read who has it."""
    if said.data.holder != desk.me:
        return decided(desk, said)
    order = mapping.order(said.data.case, "imposed", said.source, said.data.text, returns=said.data.returns)
    opened = _open(desk, ORDER, order, said.data.case.attachments)
    return [*opened, *(decided(desk, said) if MESSAGE in desk.natives else ())]


@center.on(Resolved)
def resolved(desk: Desk[MediaSystem], said: Message[Resolved]) -> Answer:
    """办结: at the origin the resident reads the answer, and that closes the case."""
    if desk.record.case.origin != desk.me:
        return _tell(desk, said)
    desk.system.reply(desk.native(MESSAGE), mapping.reply(desk.record.case, said), key=desk.key)
    _keep_photos(desk, said.data.attachments)
    current = desk.record.status is Status.RESOLVED and desk.record.round == said.data.round
    return [Close(case_id=desk.record.case.case_id, replied_at=desk.now)] if current else []


@center.on(Published)
def published(desk: Desk[MediaSystem], said: Message[Published]) -> Answer:
    """公示 by another center: matter for a follow-up report."""
    case_id = desk.record.case.case_id
    report = n.Report(case_id=case_id, by=said.source, title=said.data.title, text=said.data.text)
    desk.system.report(report, key=desk.key)
    return []


@center.on(AssistAnswered)
def assist_answered(desk: Desk[MediaSystem], said: Message[AssistAnswered]) -> Answer:
    """协办答复: the answer, and the photos that prove it."""
    answer = _tell(desk, said)
    _keep_photos(desk, said.data.attachments)
    return answer


def decided(desk: Desk[MediaSystem], said: Message[Any]) -> Answer:
    """Who has the case is settled for now; if the resident has taken the message back meanwhile, the matter ends."""
    links, cancelled = _noted(desk, said)
    return [*links, *(mapping.cancel(desk.record) if cancelled else ())]


def news(desk: Desk[MediaSystem], said: Message[Any]) -> Answer:
    """What others do with the case: a line on our record, read by staff, and by the resident where it is for him."""
    return _tell(desk, said)


DECISIONS: tuple[type[Any], ...] = (Accepted, Declined, Withdrawn)
NEWS: tuple[type[Any], ...] = (Granted, Lost, WithdrawalRequested, Progressed, Urged, Rated, Reopened, Closed)
for kind in DECISIONS:
    center.on(kind)(decided)
for kind in NEWS:
    center.on(kind)(news)


def _known(desk: FrontDesk, message_id: str) -> UUID | None:
    try:
        return desk.find(MESSAGE, message_id)
    except NotEver:
        return None


def _register(desk: FrontDesk, form: n.ResidentMessage, channel: str) -> list[Command]:
    case: Case = desk.new_case(
        title=mapping.title(form),
        text=form.text,
        category=mapping.category(form.category),
        place=mapping.place(form),
        channel=channel,
        source=Source(system=MESSAGE, record=form.message_id),
        resident=mapping.person(form),
        attachments=tuple(desk.attachment(photo) for photo in form.photos),
        urgency=mapping.urgency(form),
        received_at=form.left_at,
    )
    # without a route the message is not refused: it stays here, in our staff's sight, until they dispatch it
    routed = form.to or (desk.routes.find(case.category, case.place.division) or desk.me,)
    if form.handled_here or routed == (desk.me,):
        return [Register(case=case)]
    return [Register(case=case), mapping.offer(case.case_id, routed)]


def _command(desk: FrontDesk, case_id: UUID, act: n.Act) -> Command:
    """The command of an act that needs the front desk's knowledge; the others are mapped alone."""
    match act:
        case n.Dispatching():
            case = desk.record(case_id).case
            to = act.to or (desk.route(case.category, case.place.division),)
            return mapping.offer(case_id, to, act.note)
        case n.Resolving():
            return Resolve(
                case_id=case_id,
                outcome=act.outcome,
                public_reply=act.reply,
                internal_note=act.internal,
                lawful_route=act.lawful_route,
                attachments=tuple(desk.attachment(photo) for photo in act.photos),
            )
        case n.AnsweringAssist():
            photos = tuple(desk.attachment(photo) for photo in act.photos)
            return AnswerAssist(
                case_id=case_id, done=act.done, text=act.text, assist_id=act.assist_id, attachments=photos
            )
        case _:
            return mapping.command(case_id, act)


def _open(
    desk: Desk[MediaSystem], system: str, order: n.Order, attachments: tuple[Attachment, ...] = ()
) -> list[Command | Link]:
    """The order first, so that staff see it though a photo's holder is away; then the photos."""
    opened = desk.system.open_order(order, key=desk.key)
    _keep_photos(desk, attachments)
    return [Link(case_id=order.case_id, system=system, native_id=opened)]


def _keep_photos(desk: Desk[MediaSystem], attachments: tuple[Attachment, ...]) -> None:
    for photo in attachments:
        desk.system.keep_photo(photo, desk.fetch(photo), key=f"{desk.key}:{photo.sha256[:16]}")


def _tell(desk: Desk[MediaSystem], said: Message[Any]) -> list[Command | Link]:
    return _noted(desk, said)[0]


def _noted(desk: Desk[MediaSystem], said: Message[Any]) -> tuple[list[Command | Link], bool]:
    """Put the news on every record that we have of the case; where we have none, open one. Also says whether the
    resident has cancelled."""
    links: list[Command | Link] = []
    ours = {system: desk.natives[system] for system in FOLDERS if system in desk.natives}
    if not ours:
        order = mapping.order(desk.record.case, "notice", said.source)
        ours[ORDER] = desk.system.open_order(order, key=f"{desk.key}:notice")
        links.append(Link(case_id=order.case_id, system=ORDER, native_id=ours[ORDER]))
    note, cancelled = mapping.note(said), False
    for system, record in ours.items():
        answer = desk.system.note(FOLDERS[system], record, note, key=f"{desk.key}:{system}")
        cancelled = cancelled or (system == MESSAGE and answer.get("cancelled") is True)
    return links, cancelled
