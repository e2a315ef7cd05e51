"""The SDK: an adapter's declaration of its center, and the contexts that its handlers get.

A handler takes a message, or a form of the center's own system, and returns commands. It never acknowledges, publishes,
sleeps or opens a transaction: the bus does that around it.
"""

import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import Annotated, Any, Generic, Protocol, TypeVar
from uuid import UUID

from pydantic import BaseModel, Field

from bus.contract.case import Attachment, Case, Person, Place, Sensitive, Source, Urgency, marks_of
from bus.contract.envelope import Message
from bus.contract.messages import CaseKind, Mode, Outcome
from bus.contract.types import Division, Line, Moment, NativeId, Strict
from bus.custody import Record
from bus.custody.commands import Command, Offer, Register, Resolve
from bus.sdk.codes import RejectCode
from bus.sdk.polls import Poll, Reads

SystemT = TypeVar("SystemT")
SystemT_co = TypeVar("SystemT_co", covariant=True)
"""Covariant: code for any system also accepts each of its subtypes."""
FormT = TypeVar("FormT", bound=BaseModel)
KindT = TypeVar("KindT", bound=CaseKind)


class RetryLater(Exception):
    """The center's own system is away or busy: retry later. ``code`` is safe to log; ``after`` is in seconds."""

    def __init__(self, code: str, after: float | None = None) -> None:
        self.code = str(code)
        super().__init__(self.code)
        self.after = after


class Reject(Exception):
    """A retry cannot help: a task is parked, a form is refused. ``code`` and ``cure`` are logged and shown; never put a
    form's values into them."""

    def __init__(self, code: str, cure: str = "") -> None:
        self.code = str(code)
        super().__init__(self.code)
        self.cure = cure


class Link(Strict):
    """A link between a record of the center's own system (``native_id`` in ``system``) and the case, among the
    commands."""

    case_id: UUID
    system: str
    native_id: str


Host = Annotated[Line, Field(max_length=60)]
"""An organisation that holds an activity; never a resident."""


class Activity(Strict):
    """What organisations have done together (活动), among what a form becomes. It has no case, no holder and no answer,
    and counts once, however many hosts report it."""

    system: str
    native_id: NativeId
    hosts: Annotated[tuple[Host, ...], Field(min_length=1, max_length=50, fail_fast=True)]
    division: Division
    held_at: Moment


Commands = Iterable[Command | Link]
"""The result of a handler."""


ReturnedT = TypeVar("ReturnedT", bound=Iterable[Command | Link | Activity])


class Routes(Protocol):
    """The routes of the settings: which center is responsible for a case."""

    def find(self, category: str, division: str) -> str | None:
        """The center for this category and place; None if no route fits."""


@dataclass(frozen=True, slots=True)
class HandlerContext(Generic[SystemT_co]):
    """The context of a message handler."""

    me: str
    now: datetime
    key: str
    """The idempotency key for the effect in the center's own system: the same at every retry."""
    system: SystemT_co
    """The client of the center's own system."""
    record: Record
    natives: dict[str, str]
    """The center's own system's records that belong to this case: system → id."""
    fetch: Callable[[Attachment], bytes]
    """Fetches an attachment's bytes, checked against its hash. Raises ``RetryLater`` if its holder is away."""

    def native(self, system: str) -> str:
        """The id of this case's record in our own system. Raises ``Reject`` if there is none."""
        found = self.natives.get(system)
        if found is None:
            raise Reject(RejectCode.NO_NATIVE_RECORD, f"no record of {system} belongs to this case")
        return found


@dataclass(frozen=True, slots=True)
class IntakeContext:
    """The context of a form handler. Its lookups read within the transaction of the intake."""

    me: str
    now: datetime
    find: Callable[[str, str], UUID]
    """(system, native id) → case. Raises ``Reject("unknown-record")``."""
    record: Callable[[UUID], Record]
    """The custody record of a case. Raises ``Reject("unknown-case")``."""
    attachment: Callable[[str], Attachment]
    """The attachment that was uploaded under this SHA-256. Raises ``Reject("no-attachment")``."""
    number: Callable[[], str]
    new_id: Callable[[], UUID]
    routes: Routes

    def route(self, category: str, division: str) -> str:
        """The responsible center. Raises ``Reject("no-route")``."""
        found = self.routes.find(category, division)
        if found is None:
            raise Reject(RejectCode.NO_ROUTE, f"no route for {category} in {division}: add one to the settings")
        return found

    def known(self, system: str, native_id: str) -> UUID | None:
        """The case of a record of our own system; None if there is none yet."""
        try:
            return self.find(system, native_id)
        except Reject:
            return None

    def register(
        self, case: Case, *, to: tuple[str, ...] = (), here: bool = False, answer: str | None = None
    ) -> list[Command]:
        """Register a case. It is offered at once to the centers in ``to`` (several: open to all), else by the
        configured route. ``here``: it is handled here. ``answer``: the resident was answered on the spot.

        A case without a route is not refused: it stays at this center until staff dispatch it."""
        if answer is not None:
            told = Resolve(case_id=case.case_id, outcome=Outcome.EXPLAINED, public_reply=answer, instant=True)
            return [Register(case=case), told]
        to = to or (self.routes.find(case.category, case.place.division) or self.me,)
        if here or to == (self.me,):
            return [Register(case=case)]
        mode = Mode.EXCLUSIVE if len(to) == 1 else Mode.OPEN
        return [Register(case=case), Offer(case_id=case.case_id, to=to, mode=mode)]

    def new_case(
        self,
        *,
        title: str,
        text: str,
        category: str,
        place: Place,
        channel: str,
        source: Source,
        resident: Person | None = None,
        attachments: tuple[Attachment, ...] = (),
        urgency: Urgency = Urgency.NORMAL,
        received_at: datetime | None = None,
        due: datetime | None = None,
        sensitive: Iterable[Sensitive] = (),
    ) -> Case:
        """A case of this center, with an id and a number of its own. ``sensitive``: set it where neither the category
        nor the resident's identity card shows it."""
        when = received_at or self.now
        marks = {*sensitive} | marks_of(category, resident, when)
        return Case(
            case_id=self.new_id(),
            number=self.number(),
            origin=self.me,
            title=title,
            text=text,
            category=category,
            place=place,
            resident=resident,
            attachments=attachments,
            urgency=urgency,
            channel=channel,
            source=source,
            received_at=when,
            due=due,
            sensitive=tuple(sorted(marks)),
        )


FormHandler = Callable[[IntakeContext, Any], Iterable[Command | Link | Activity]]
MessageHandler = Callable[[HandlerContext[Any], Message[Any]], Commands]


@dataclass(frozen=True, slots=True)
class Form:
    """One form that the center's own system may submit."""

    name: str
    model: type[BaseModel]
    native_id: Callable[[Any], str]
    """Returns the form's own id in the source system, for idempotency."""
    handler: FormHandler
    about: Callable[[Any], tuple[str, str]] | None = None
    """Returns the record that the form is about: (system, native id). A form that comes before its record waits for
    it."""


@dataclass(slots=True)
class Center(Generic[SystemT]):
    """A kind of center: its forms and its handled message kinds. One per adapter, made in ``handlers.py``."""

    kind: str
    connect: Callable[[Any], SystemT]
    """Makes the client of the center's own system from a ``bus.BackendClient``."""
    forms: dict[str, Form] = field(default_factory=dict)
    handlers: dict[str, MessageHandler] = field(default_factory=dict)
    asked: dict[str, Poll] = field(default_factory=dict)
    """The polls of the center's own system, by name."""

    def takes_in(
        self, name: str, model: type[FormT], native_id: Callable[[FormT], str]
    ) -> Callable[[Callable[[IntakeContext, FormT], Commands]], Callable[[IntakeContext, FormT], Commands]]:
        """The old name of ``form``; it is removed in 0.3."""
        warnings.warn(
            "Center.takes_in is now Center.form; the old name goes with 0.3", DeprecationWarning, stacklevel=2
        )
        return self.form(name, model, native_id)

    def form(
        self,
        name: str,
        model: type[FormT],
        native_id: Callable[[FormT], str] | str,
        *,
        about: Callable[[FormT], tuple[str, str]] | None = None,
    ) -> Callable[[Callable[[IntakeContext, FormT], ReturnedT]], Callable[[IntakeContext, FormT], ReturnedT]]:
        """Register the decorated function as the handler of form ``name``. ``native_id``: the field with the form's own
        id, or a function that returns it. ``about``: the record that it is about; before that record is registered the
        form is taken and waits. Raises ValueError for a second handler, or if the field does not exist."""
        if name in self.forms:
            raise ValueError(f"{self.kind}: two handlers for form {name}")
        if isinstance(native_id, str):
            if native_id not in model.model_fields:
                raise ValueError(f"{self.kind}: form {name} has no field {native_id} for its own id")
            native_id = attrgetter(native_id)
        found = native_id

        def keep(handler: Callable[[IntakeContext, FormT], ReturnedT]) -> Callable[[IntakeContext, FormT], ReturnedT]:
            self.forms[name] = Form(name, model, found, handler, about)
            return handler

        return keep

    def polls(self, name: str, every: float) -> Callable[[Reads[SystemT]], Reads[SystemT]]:
        """Register the decorated function as a poll: it asks the center's own system for new records every ``every``
        seconds, and returns a ``Page`` of forms. For systems that submit nothing themselves. Raises ValueError for a
        second function of this name, or if ``every`` is not above 0.

        The cursor is kept in the transaction that takes the page's forms: none is lost, and none is taken twice. A form
        that cannot be taken is parked; the others go on."""
        if name in self.asked:
            raise ValueError(f"{self.kind}: two functions for poll {name}")
        if every <= 0:
            raise ValueError(f"{self.kind}: poll {name} needs a pause above 0 seconds")

        def keep(read: Reads[SystemT]) -> Reads[SystemT]:
            self.asked[name] = Poll(name, every, read)
            return read

        return keep

    def check(self) -> None:
        """Check the declaration before the center runs. Raises ``ValueError`` if a required handler is missing."""

    def on(
        self, kind: type[KindT]
    ) -> Callable[
        [Callable[[HandlerContext[SystemT], Message[KindT]], Commands]],
        Callable[[HandlerContext[SystemT], Message[KindT]], Commands],
    ]:
        """Register the decorated function as the handler of messages of ``kind``."""
        if kind.kind in self.handlers:
            raise ValueError(f"{self.kind}: two handlers for {kind.kind}")

        def keep(
            handler: Callable[[HandlerContext[SystemT], Message[KindT]], Commands],
        ) -> Callable[[HandlerContext[SystemT], Message[KindT]], Commands]:
            self.handlers[kind.kind] = handler
            return handler

        return keep
