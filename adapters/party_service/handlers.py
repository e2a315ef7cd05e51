"""党群服务中心: what its forms ask of the bus, and what the bus's messages do on its platform."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from adapters.party_service import mapping
from adapters.party_service import native as n
from adapters.party_service import records as r
from adapters.party_service.system import PartySystem
from bus import (
    Accept,
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
    Outcome,
    Progressed,
    Published,
    Rated,
    Register,
    Reject,
    Reopened,
    Report,
    Resolve,
    Resolved,
    Ruled,
    Source,
    Status,
    Urged,
    WithdrawalRequested,
    Withdrawn,
)

center = Center(kind="party_service", connect=PartySystem)

MATTER, ASSIST, ARBITRATION, CLAIM = "matter", "assist-matter", "arbitration-matter", "claim"
"""The records of the vendor that may belong to a case."""


@center.form("entry", n.Entry, native_id=lambda form: form.matter_no)
def entry(context: IntakeContext, form: n.Entry) -> Commands:
    """台账、来电、走访、随手拍: registered, and answered at once, kept, or dispatched to whose duty it is."""
    known = _known(context, MATTER, form.matter_no)
    if known is not None:  # it came before, with a meeting
        return [Link(case_id=known, system=MATTER, native_id=form.matter_no)]
    return _register(context, form)


@center.form("meeting", n.Meeting, native_id=lambda form: form.event_id)
def meeting(context: IntakeContext, form: n.Meeting) -> Iterator[Command | Link]:
    """居民议事会: one event, a case for each suggestion; a batch sent again makes no other."""
    for one in mapping.entries(form):
        known = _known(context, MATTER, one.matter_no)
        if known is not None:
            yield Link(case_id=known, system=MATTER, native_id=one.matter_no)
        else:
            yield from _register(context, one)


@center.form("order-event", n.OrderEvent, native_id=lambda form: form.event_id)
def order_event(context: IntakeContext, form: n.OrderEvent) -> Commands:
    """What staff, leaders or the resident did with a matter."""
    case_id = form.case_id or context.find(MATTER, form.matter_no)
    if isinstance(form.event, n.Claiming):
        return _claim(context, case_id, form.matter_no, form.event)
    return [_command(context, case_id, form.event)]


@center.on(Offered)
def offered(context: HandlerContext[PartySystem], message: Message[Offered]) -> Commands:
    """转办: a matter that waits for our staff's yes or no; an open offer goes to who is first."""
    data = message.data
    matter = mapping.matter(data.case, "handle", message.source, data.note, returns=data.returns)
    open_to_several = data.mode is Mode.OPEN
    return _open(context, MATTER, matter.model_copy(update={"open_to_several": open_to_several}), data.case.attachments)


@center.on(AssistRequested)
def assist_requested(context: HandlerContext[PartySystem], message: Message[AssistRequested]) -> Commands:
    """协办: a matter to help with; it stays with who asks."""
    data = message.data
    matter = mapping.matter(data.case, "assist", message.source, data.ask, data.assist_id)
    return _open(context, ASSIST, matter.model_copy(update={"due": data.due or matter.due}), data.case.attachments)


@center.on(ArbitrationRequested)
def arbitration_requested(context: HandlerContext[PartySystem], message: Message[ArbitrationRequested]) -> Commands:
    """提请裁定: a matter for whoever rules here, with who has sent it back so far."""
    data = message.data
    matter = mapping.matter(data.case, "arbitrate", message.source, data.text, returns=data.returns)
    return _open(context, ARBITRATION, matter)


@center.on(Ruled)
def ruled(context: HandlerContext[PartySystem], message: Message[Ruled]) -> Commands:
    """裁定: imposed on us our matter is ours to handle, or we get one; else staff and resident read who has it."""
    data = message.data
    if data.holder != context.me:
        return _tell(context, mapping.step(message), message.source)
    if MATTER in context.natives:
        links = _tell(context, mapping.step(message).model_copy(update={"status": "imposed"}), message.source)
        _keep_photos(context, data.case.attachments)  # of a matter that was only a notice we have none yet
        return links
    matter = mapping.matter(data.case, "imposed", message.source, data.text, returns=data.returns)
    return _open(context, MATTER, matter, data.case.attachments)


@center.on(Progressed)
def progressed(context: HandlerContext[PartySystem], message: Message[Progressed]) -> Commands:
    """进展: with a date it is a promise, and filed as a 整改通知单."""
    links, ours = _matters(context, message.source)
    notice = mapping.notice(context.record.case, message)
    for system, matter_no in ours.items():
        context.system.step(matter_no, mapping.step(message), key=f"{context.key}:{system}")
        if notice is not None:
            context.system.notice(matter_no, notice, key=f"{context.key}:{system}:due")
    return links


@center.on(Resolved)
def resolved(context: HandlerContext[PartySystem], message: Message[Resolved]) -> Commands:
    """办结: at the origin the resident is told, and that closes the case."""
    if context.record.case.origin != context.me:
        return _tell(context, mapping.step(message), message.source)
    context.system.reply(context.native(MATTER), mapping.reply(context.record.case, message), key=context.key)
    _keep_photos(context, message.data.attachments)
    current = context.record.status is Status.RESOLVED and context.record.round == message.data.round
    return [Close(case_id=context.record.case.case_id, replied_at=context.now)] if current else []


@center.on(Published)
def published(context: HandlerContext[PartySystem], message: Message[Published]) -> Commands:
    """公示 by another center: on our own board too."""
    case_id = context.record.case.case_id
    bulletin = r.Bulletin(case_id=case_id, by=message.source, title=message.data.title, text=message.data.text)
    context.system.bulletin(bulletin, key=context.key)
    return []


@center.on(AssistAnswered)
def assist_answered(context: HandlerContext[PartySystem], message: Message[AssistAnswered]) -> Commands:
    """协办答复: the answer, and the photos that prove it."""
    links = _tell(context, mapping.step(message), message.source)
    _keep_photos(context, message.data.attachments)
    return links


def news(context: HandlerContext[PartySystem], message: Message[Any]) -> Commands:
    """What others do with the case: a line on our matters, read by staff, and by the resident where it is for him."""
    return _tell(context, mapping.step(message, context.record.times_returned), message.source)


NEWS: tuple[type[Any], ...] = (
    Accepted, Declined, Granted, Lost, WithdrawalRequested, Withdrawn, Urged, Rated, Reopened, Closed,
)  # fmt: skip
for kind in NEWS:
    center.on(kind)(news)


def _known(context: IntakeContext, system: str, native_id: str) -> UUID | None:
    try:
        return context.find(system, native_id)
    except Reject:
        return None


def _register(context: IntakeContext, form: n.Entry) -> list[Command]:
    case = context.new_case(
        title=mapping.title(form),
        text=mapping.text(form),
        category=mapping.category(form.sphere),
        place=mapping.place(form),
        channel=form.channel.name.lower(),
        source=Source(system=MATTER, record=form.matter_no),
        resident=mapping.person(form),
        attachments=tuple(context.attachment(photo) for photo in form.photos),
        urgency=mapping.urgency(form),
        received_at=form.received_at,
        due=form.due,
    )
    registered = Register(case=case)
    if form.answer is not None:
        told = Resolve(case_id=case.case_id, outcome=Outcome.EXPLAINED, public_reply=form.answer, instant=True)
        return [registered, told]
    # without a route the matter is not refused: it stays here, in our staff's sight, until they dispatch it
    routed = form.to or (context.routes.find(case.category, case.place.division) or context.me,)
    if form.handled_here or form.board or routed == (context.me,):
        return [registered]
    return [registered, mapping.offer(case.case_id, routed)]


def _claim(context: IntakeContext, case_id: UUID, matter_no: str, act: n.Claiming) -> list[Command | Link]:
    """认领: the first has it; of a matter that is offered to us, claiming is taking it."""
    record = context.record(case_id)
    ticket = f"{case_id}/{record.round}"
    if _known(context, CLAIM, ticket) is not None:
        raise Reject("claimed", "somebody has claimed this matter already; see the board for who")
    text = mapping.claim_text(act)
    taken: Command = (
        Accept(case_id=case_id, commitment=text, due=act.due)
        if record.offer_in is not None
        else Report(case_id=case_id, stage="claimed", text=text, due=act.due)
    )
    return [taken, Link(case_id=case_id, system=CLAIM, native_id=ticket)]


def _command(context: IntakeContext, case_id: UUID, act: n.Act) -> Command:
    """The command of an act that needs the front desk's knowledge; the others are mapped alone."""
    match act:
        case n.Dispatching():
            return mapping.offer(case_id, _addressees(context, case_id, act), act.note)
        case n.Resolving():
            return Resolve(
                case_id=case_id,
                outcome=Outcome[act.finding.name],
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


def _addressees(context: IntakeContext, case_id: UUID, act: n.Dispatching) -> tuple[str, ...]:
    if act.to:
        return act.to
    case = context.record(case_id).case
    if act.level is None:
        return (context.route(case.category, case.place.division),)
    found = mapping.neighbour(context.me, case.place.division, act.level)
    if found is None:
        raise Reject("no-such-level", "the place of the matter names no center on that level: name one in to")
    return (found,)


def _open(
    context: HandlerContext[PartySystem], system: str, matter: r.SentMatter, attachments: tuple[Attachment, ...] = ()
) -> list[Command | Link]:
    """The matter first, so that staff see it though a photo's holder is away; then the photos."""
    opened = context.system.open_matter(matter, key=context.key)
    _keep_photos(context, attachments)
    return [Link(case_id=matter.case_id, system=system, native_id=opened)]


def _keep_photos(context: HandlerContext[PartySystem], attachments: tuple[Attachment, ...]) -> None:
    for photo in attachments:
        context.system.keep_photo(photo, context.fetch(photo), key=f"{context.key}:{photo.sha256[:16]}")


def _tell(context: HandlerContext[PartySystem], step: r.Step, source: str) -> list[Command | Link]:
    links, ours = _matters(context, source)
    for system, matter_no in ours.items():
        context.system.step(matter_no, step, key=f"{context.key}:{system}")
    return links


def _matters(context: HandlerContext[PartySystem], source: str) -> tuple[list[Command | Link], dict[str, str]]:
    """Every matter that we have of the case; where we have none, one is opened, and linked."""
    ours = {system: context.natives[system] for system in (MATTER, ASSIST, ARBITRATION) if system in context.natives}
    if ours:
        return [], ours
    matter = mapping.matter(context.record.case, "notice", source)
    opened = context.system.open_matter(matter, key=f"{context.key}:notice")
    return [Link(case_id=matter.case_id, system=MATTER, native_id=opened)], {MATTER: opened}
