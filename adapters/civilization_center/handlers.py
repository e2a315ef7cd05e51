"""新时代文明实践中心: what its forms ask of the bus, and what the bus's messages do on its platform."""

from typing import Any
from uuid import UUID

from adapters.civilization_center import mapping
from adapters.civilization_center import native as n
from adapters.civilization_center import records as r
from adapters.civilization_center.system import CivilizationSystem
from bus import (
    Accepted,
    Answer,
    AnswerAssist,
    ArbitrationRequested,
    AssistAnswered,
    AssistRequested,
    Attachment,
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
    Mode,
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

center = Center(kind="civilization_center", connect=CivilizationSystem)

WISH, SERVICE = "wish", "service-order"
"""What residents made here."""
ORDER, ASSIST, ARBITRATION = "order", "assist-order", "arbitration-order"
"""What other centers sent us."""
FOLDERS = {
    WISH: "wishes", SERVICE: "service-orders", ORDER: "orders", ASSIST: "orders", ARBITRATION: "orders",
}  # fmt: skip


@center.takes_in("order", n.ServiceOrder, native_id=lambda form: form.order_no)
def order(desk: FrontDesk, form: n.ServiceOrder) -> Answer:
    """点单: registered, and dispatched at once to those named, else to whose duty it is."""
    return _register(desk, form, Source(system=SERVICE, record=form.order_no), "menu")


@center.takes_in("wish", n.Wish, native_id=lambda form: form.wish_no)
def wish(desk: FrontDesk, form: n.Wish) -> Answer:
    """微心愿: registered, and open to the centers named (the first has it), else to whose duty it is."""
    return _register(desk, form, Source(system=WISH, record=form.wish_no), "wish")


@center.takes_in("order-event", n.OrderEvent, native_id=lambda form: form.event_id)
def order_event(desk: FrontDesk, form: n.OrderEvent) -> Answer:
    """What a resident, staff or a team did."""
    case_id = _case_of(desk, form)
    if isinstance(form.event, n.Thanking):  # kept, and nothing opens again
        return [Link(case_id=case_id, system="thanks", native_id=form.event_id)]
    return [_command(desk, case_id, form.event)]


@center.on(Offered)
def offered(desk: Desk[CivilizationSystem], said: Message[Offered]) -> Answer:
    """派单: a work order that waits for our yes or no; an open offer goes to who is first."""
    data = said.data
    sent = mapping.order(data.case, "handle", said.source, data.note, returns=data.returns)
    several = data.mode is Mode.OPEN
    return _open(desk, ORDER, sent.model_copy(update={"open_to_several": several}), data.case.attachments)


@center.on(AssistRequested)
def assist_requested(desk: Desk[CivilizationSystem], said: Message[AssistRequested]) -> Answer:
    """协办: a work order for help; the matter stays with who asks."""
    data = said.data
    sent = mapping.order(data.case, "assist", said.source, data.ask, data.assist_id)
    return _open(desk, ASSIST, sent.model_copy(update={"due": data.due or sent.due}), data.case.attachments)


@center.on(ArbitrationRequested)
def arbitration_requested(desk: Desk[CivilizationSystem], said: Message[ArbitrationRequested]) -> Answer:
    """提请裁定: a work order for whoever rules here, with who has sent it back so far."""
    data = said.data
    sent = mapping.order(data.case, "arbitrate", said.source, data.text, returns=data.returns)
    return _open(desk, ARBITRATION, sent)


@center.on(Ruled)
def ruled(desk: Desk[CivilizationSystem], said: Message[Ruled]) -> Answer:
    """裁定: imposed on us, what we have of it is ours to handle, or we get an order; else all read who has it."""
    data = said.data
    if data.holder != desk.me:
        return _tell(desk, mapping.note(said))
    if desk.natives.keys() & {WISH, SERVICE, ORDER}:
        links = _tell(desk, mapping.note(said).model_copy(update={"status": "imposed"}))
        _keep_photos(desk, data.case.attachments)
        return links
    imposed = mapping.order(data.case, "imposed", said.source, data.text, returns=data.returns)
    return _open(desk, ORDER, imposed, data.case.attachments)


@center.on(Resolved)
def resolved(desk: Desk[CivilizationSystem], said: Message[Resolved]) -> Answer:
    """办结: at the origin the resident reads the answer, and that closes the case."""
    if desk.record.case.origin != desk.me:
        return _tell(desk, mapping.note(said))
    made = SERVICE if SERVICE in desk.natives else WISH
    desk.system.reply(FOLDERS[made], desk.native(made), mapping.reply(desk.record.case, said), key=desk.key)
    _keep_photos(desk, said.data.attachments)
    current = desk.record.status is Status.RESOLVED and desk.record.round == said.data.round
    return [Close(case_id=desk.record.case.case_id, replied_at=desk.now)] if current else []


@center.on(Published)
def published(desk: Desk[CivilizationSystem], said: Message[Published]) -> Answer:
    """公示 by another center: on our own board too."""
    case_id = desk.record.case.case_id
    bulletin = r.Bulletin(case_id=case_id, by=said.source, title=said.data.title, text=said.data.text)
    desk.system.bulletin(bulletin, key=desk.key)
    return []


@center.on(AssistAnswered)
def assist_answered(desk: Desk[CivilizationSystem], said: Message[AssistAnswered]) -> Answer:
    """协办答复: the answer, and the photos that prove it."""
    links = _tell(desk, mapping.note(said))
    _keep_photos(desk, said.data.attachments)
    return links


def news(desk: Desk[CivilizationSystem], said: Message[Any]) -> Answer:
    """What others do with the case: a line on our records, read by staff, and by the resident where it is for him."""
    return _tell(desk, mapping.note(said))


NEWS: tuple[type[Any], ...] = (
    Accepted, Declined, Granted, Lost, WithdrawalRequested, Withdrawn, Progressed, Urged, Rated, Reopened, Closed,
)  # fmt: skip
for kind in NEWS:
    center.on(kind)(news)


def _register(desk: FrontDesk, form: n.ServiceOrder | n.Wish, source: Source, channel: str) -> list[Command]:
    case = desk.new_case(
        title=mapping.title(form),
        text=mapping.text(form),
        category=mapping.category(form.item),
        place=mapping.place(form),
        channel=channel,
        source=source,
        resident=mapping.person(form),
        attachments=tuple(desk.attachment(photo) for photo in form.photos),
        urgency=mapping.urgency(form),
        received_at=form.made_at,
        due=form.due,
    )
    # without a route it is not refused: it stays here, in our staff's sight, until they dispatch it
    routed = form.to or (desk.routes.find(case.category, case.place.division) or desk.me,)
    if form.handled_here or routed == (desk.me,):
        return [Register(case=case)]
    return [Register(case=case), mapping.offer(case.case_id, routed)]


def _case_of(desk: FrontDesk, form: n.OrderEvent) -> UUID:
    if form.case_id is not None:
        return form.case_id
    if form.wish_no is not None:
        return desk.find(WISH, form.wish_no)
    if form.order_no is not None:
        return desk.find(SERVICE, form.order_no)
    raise NotEver("no-record", "name wish_no, order_no or case_id")


def _command(desk: FrontDesk, case_id: UUID, act: n.Act) -> Command:
    """The command of an act that needs the front desk's knowledge; the others are mapped alone."""
    match act:
        case n.Dispatching():
            case = desk.record(case_id).case
            return mapping.offer(case_id, act.to or (desk.route(case.category, case.place.division),), act.note)
        case n.Resolving():
            return Resolve(
                case_id=case_id,
                outcome=act.outcome,
                public_reply=act.reply,
                internal_note=mapping.service_note(act),
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
    desk: Desk[CivilizationSystem], system: str, sent: r.WorkOrder, attachments: tuple[Attachment, ...] = ()
) -> list[Command | Link]:
    """The order first, so that staff see it though a photo's holder is away; then the photos."""
    opened = desk.system.open_order(sent, key=desk.key)
    _keep_photos(desk, attachments)
    return [Link(case_id=sent.case_id, system=system, native_id=opened)]


def _keep_photos(desk: Desk[CivilizationSystem], attachments: tuple[Attachment, ...]) -> None:
    for photo in attachments:
        desk.system.keep_photo(photo, desk.fetch(photo), key=f"{desk.key}:{photo.sha256[:16]}")


def _tell(desk: Desk[CivilizationSystem], note: r.Note) -> list[Command | Link]:
    """Put the news on every record that we have of the case; where we have none, open one."""
    links: list[Command | Link] = []
    ours = {system: desk.natives[system] for system in FOLDERS if system in desk.natives}
    if not ours:
        notice = mapping.order(desk.record.case, "notice", note.by)
        ours[ORDER] = desk.system.open_order(notice, key=f"{desk.key}:notice")
        links.append(Link(case_id=notice.case_id, system=ORDER, native_id=ours[ORDER]))
    for system, record in ours.items():
        desk.system.note(FOLDERS[system], record, note, key=f"{desk.key}:{system}")
    return links
