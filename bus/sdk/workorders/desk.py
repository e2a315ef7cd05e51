"""The work desk of a center: what it does with every message, and with the acts of its people.

An adapter says how a work order is opened, how the resident is answered, and how a line stands on a record. That each
order is linked, that a case is closed after the answer and not before, that news always find a record, and that no kind
is without a handler, is seen to here.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any
from uuid import UUID

from bus.contract.case import Attachment, Case
from bus.contract.envelope import Message
from bus.contract.messages import (
    CASE_KINDS,
    ArbitrationRequested,
    AssistAnswered,
    AssistRequested,
    CaseKind,
    Handed,
    Offered,
    Resolved,
    Ruled,
)
from bus.custody import Status
from bus.custody.commands import Close, Command
from bus.sdk.center import (
    Activity,
    Center,
    Commands,
    FormT,
    HandlerContext,
    IntakeContext,
    Link,
    MessageHandler,
    Reject,
    SystemT,
)
from bus.sdk.codes import RejectCode
from bus.sdk.workorders.activities import Held
from bus.sdk.workorders.casework import Casework, told_of_plan
from bus.sdk.workorders.claims import ClaimForm, claimed
from bus.sdk.workorders.orders import Order, Purpose, Reply, notice, order_of, reply_of
from bus.sdk.workorders.settled import EndedT, RatedT, enter, line_id

Items = list[Command | Link]


@dataclass(frozen=True, slots=True)
class OwnRecord:
    """One record of the center's own system that belongs to a case."""

    system: str
    """Under which name it is linked."""
    native_id: str


@dataclass(frozen=True, slots=True)
class Links:
    """Under which names the records of a case are linked. A name that running cases know never changes."""

    own: tuple[str, ...]
    """What residents make here; the first that belongs to a case is where its resident is answered."""
    handle: str = "order"
    assist: str = "assist-order"
    arbitrate: str = "arbitration-order"

    def all(self) -> tuple[str, ...]:
        """Every name, in the order in which news are told."""
        return tuple(dict.fromkeys((*self.own, self.handle, self.assist, self.arbitrate)))

    def of(self, purpose: Purpose) -> str:
        """The name for an order of this purpose."""
        return {"assist": self.assist, "arbitrate": self.arbitrate}.get(purpose, self.handle)


Opens = Callable[[HandlerContext[SystemT], Order], str]
Answers = Callable[[HandlerContext[SystemT], OwnRecord, Reply], None]
Keeps = Callable[[HandlerContext[SystemT], Attachment, bytes], None]
Completes = Callable[[HandlerContext[SystemT], OwnRecord, Message[Handed]], None]
Tells = Callable[[HandlerContext[SystemT], OwnRecord, Message[Any]], Commands | None]


class Incomplete(ValueError):
    """Something that a desk cannot do without is not said; the text says the cure."""


@dataclass(slots=True)
class WorkCenter(Center[SystemT]):
    """A center whose people work with orders and replies; ``otherwise`` stands last and finds what is missing."""

    links: Links = Links(own=())
    _opens: Opens[SystemT] | None = field(default=None, init=False)
    _answers: Answers[SystemT] | None = field(default=None, init=False)
    _keeps: Keeps[SystemT] | None = field(default=None, init=False)
    _tells: Tells[SystemT] | None = field(default=None, init=False)

    # -- what an adapter says ----------------------------------------------------------------------------------------

    def opens(self, *kinds: type[CaseKind]) -> Callable[[Opens[SystemT]], Opens[SystemT]]:
        """The decorated function opens a work order and returns its id: for ``kinds`` (without any: for all that ask
        for an order), and for news of which there is no record."""
        for kind in kinds or (Offered, AssistRequested, ArbitrationRequested, Ruled):
            step: MessageHandler = self.ruled if kind is Ruled else self.open
            self.on(kind)(step)

        def keep(opens: Opens[SystemT]) -> Opens[SystemT]:
            self._opens = opens
            return opens

        return keep

    def answers(self, answer: Answers[SystemT]) -> Answers[SystemT]:
        """The decorated function tells the resident the result, at the origin; the case is closed after it."""
        self.on(Resolved)(self.resolved)
        self._answers = answer
        return answer

    def keeps(self, keep: Keeps[SystemT]) -> Keeps[SystemT]:
        """The decorated function keeps the bytes of a paper or photo that an order, an answer or help names."""
        self._keeps = keep
        return keep

    def completes(self, complete: Completes[SystemT]) -> Completes[SystemT]:
        """The decorated function completes a work order with who the resident is (居民信息移交), by one call. Without
        it the center does not read ``case.handed``, and its county cannot mask residents."""

        @self.on(Handed)
        def handed(context: HandlerContext[SystemT], message: Message[Handed]) -> Items:
            native_id = context.natives.get(self.links.handle)
            if native_id is not None:
                complete(context, OwnRecord(self.links.handle, native_id), message)
            return []

        return complete

    def otherwise(self, tell: Tells[SystemT]) -> Tells[SystemT]:
        """The decorated function puts a message on one record of ours; it is called for each record, and for every
        kind that nobody else handles. Stands last. Raises ``Incomplete``."""
        for told, name in ((self._opens, "opens"), (self._answers, "answers"), (self._keeps, "keeps")):
            if told is None:
                raise Incomplete(f"{self.kind}: no function is decorated with {name}: give it one, before otherwise")
        if not self.links.own:
            raise Incomplete(f"{self.kind}: no record of residents is named: give links=Links(own=…)")
        self._tells = tell
        for kind in CASE_KINDS:
            if kind is not Handed:  # what completes the order is the center's own: see ``completes``
                self.handlers.setdefault(kind.kind, self.tell)
        return tell

    def acts(self, name: str, model: type[FormT], *, own: Mapping[str, str], theirs: str = "") -> None:
        """Form ``name`` tells acts (its ``event``) on a record: of a resident of ours, by one of the fields ``own``
        (field → under which name it is linked), or of another center's, by the field ``theirs`` that holds a case."""

        @self.form(name, model, "event_id")
        def act(context: IntakeContext, form: FormT) -> Commands:
            told: Any = form
            commands: Commands = told.event.commands(context, _case_of(context, form, own, theirs), told.event_id)
            return commands

    def casework(self) -> None:
        """Form ``casework`` tells what the desk does with a matter that it has: it speaks to the resident, appoints a
        visit, comes, asks units by a plan, looks at papers. On any record of ``links.own``, or on a case."""

        @self.form("casework", Casework, "event_id")
        def work(context: IntakeContext, form: Casework) -> Commands:
            case_id, record = form.case_id, form.record
            if record is not None:
                known = (context.known(system, record) for system in self.links.own)
                case_id = next(filter(None, known), None)
            if case_id is None:
                raise Reject(RejectCode.NO_RECORD, "no record of a resident has the number in record")
            return form.event.commands(context, case_id, form.event_id)

    def claims(self, name: str, model: type[ClaimForm], *, own: Mapping[str, str], theirs: str = "") -> None:
        """Form ``name`` is a claim (认领) of a record, which is named as those of ``acts`` are."""

        @self.form(name, model, "claim_no")
        def claim(context: IntakeContext, form: ClaimForm) -> Commands:
            case_id = _case_of(context, form, own, theirs)
            return claimed(context, case_id, form.claimant, form.post, form.due)

    def activities(self, name: str = "activity", model: type[Held] = Held, system: str = "activity") -> None:
        """Form ``name`` tells an activity (活动) and its hosts; its number is one of ``system``."""

        @self.form(name, model, "event_id")
        def hold(_context: IntakeContext, form: Held) -> list[Activity]:
            return [form.activity(system)]

    def ledger(
        self,
        name: str,
        model: type[EndedT],
        field_name: str,
        system: str,
        case: Callable[[IntakeContext, EndedT], Case],
    ) -> None:
        """Form ``name`` is a line of an old ledger (补录), open or with its end; nobody is asked to act on it.
        ``field_name`` holds the matter's number, linked under ``system``; ``case`` makes the case of a line."""

        @self.form(name, model, line_id(field_name))
        def enter_line(context: IntakeContext, form: EndedT) -> Commands:
            record = (system, str(getattr(form, field_name)))
            return enter(context, form, record, lambda: case(context, form))

    def ratings(self, name: str, model: type[RatedT], own_id: str, field_name: str, system: str) -> None:
        """Form ``name`` is a rating that comes by itself, for the record that ``field_name`` names, linked under
        ``system``. One that comes before its record waits for it."""

        def about(form: RatedT) -> tuple[str, str]:
            return system, str(getattr(form, field_name))

        @self.form(name, model, own_id, about=about)
        def rate(context: IntakeContext, form: RatedT) -> Commands:
            return [form.command(context.find(*about(form)))]

    # -- what the desk does ------------------------------------------------------------------------------------------

    def check(self) -> None:
        """Raises ``Incomplete`` where ``otherwise`` was never said."""
        if self._tells is None:
            raise Incomplete(f"{self.kind}: no function is decorated with otherwise: give it one, as the last")

    def open(self, context: HandlerContext[SystemT], message: Message[Any]) -> Items:
        """An order, and its link; the order first, so that staff see it though the holder of a paper is away."""
        order = order_of(message)
        links = self._opened(context, order)
        if order.purpose != "arbitrate":  # who rules reads what was said, and needs no papers
            self.keep(context, order.case.attachments)
        return links

    def ruled(self, context: HandlerContext[SystemT], message: Message[Ruled]) -> Items:
        """裁定: imposed on us, what we have of it is ours to handle, or an order is opened; else news of who has it."""
        if message.data.holder != context.me:
            return self.tell(context, message)
        if not context.natives.keys() & {*self.links.own, self.links.handle}:
            return self.open(context, message)
        links = self.tell(context, message)
        self.keep(context, message.data.case.attachments)  # of what was only a notice we have none yet
        return links

    def resolved(self, context: HandlerContext[SystemT], message: Message[Resolved]) -> Items:
        """办结: at the origin the resident is answered, and that closes the case."""
        record = context.record
        if record.case.origin != context.me:
            return self.tell(context, message)
        assert self._answers is not None  # noqa: S101 - this is its handler
        system = next((name for name in self.links.own if name in context.natives), self.links.own[0])
        self._answers(context, OwnRecord(system, context.native(system)), reply_of(record.case, message))
        self.keep(context, message.data.attachments)
        current = record.status is Status.RESOLVED and record.round == message.data.round
        return [Close(case_id=record.case.case_id, replied_at=context.now)] if current else []

    def tell(self, context: HandlerContext[SystemT], message: Message[Any]) -> Items:
        """News, on every record that we have of the case; where we have none, one is opened and linked."""
        self.check()
        message = told_of_plan(context.record, message)
        links: Items = []
        natives = context.natives
        if not natives.keys() & {*self.links.all()}:
            seen = notice(context.record.case, message)
            links = self._opened(replace(context, key=f"{context.key}:notice"), seen)
            natives = {link.system: link.native_id for link in links if isinstance(link, Link)}
        said = [self._told(context, name, natives[name], message) for name in self.links.all() if name in natives]
        if isinstance(message.data, AssistAnswered):
            self.keep(context, message.data.attachments)
        return [*links, *chain.from_iterable(said)]

    def keep(self, context: HandlerContext[SystemT], papers: Iterable[Attachment]) -> None:
        """Have each paper kept, once."""
        assert self._keeps is not None  # noqa: S101 - otherwise has seen to it
        for paper in papers:
            key = f"{context.key}:{paper.sha256[:16]}"
            self._keeps(replace(context, key=key), paper, context.fetch(paper))

    def _opened(self, context: HandlerContext[SystemT], order: Order) -> Items:
        assert self._opens is not None  # noqa: S101 - otherwise has seen to it
        native_id = self._opens(context, order)
        return [Link(case_id=order.case.case_id, system=self.links.of(order.purpose), native_id=native_id)]

    def _told(self, context: HandlerContext[SystemT], name: str, native_id: str, message: Message[Any]) -> Commands:
        assert self._tells is not None  # noqa: S101 - check has seen to it
        return self._tells(replace(context, key=f"{context.key}:{name}"), OwnRecord(name, native_id), message) or ()


def _case_of(context: IntakeContext, form: object, own: Mapping[str, str], theirs: str) -> UUID:
    """The case of the record that a form names."""
    case_id: UUID | None = getattr(form, theirs) if theirs else None
    if case_id is not None:
        return case_id
    for field_name, system in own.items():
        if (native_id := getattr(form, field_name)) is not None:
            return context.find(system, native_id)
    raise Reject(RejectCode.NO_RECORD, f"name {' or '.join((*own, *([theirs] if theirs else ())))}")
