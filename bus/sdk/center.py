"""The SDK: what an adapter says about its center, and what its handlers are given.

A handler takes a message, or a form of the center's own system, and returns commands. It never acknowledges,
publishes, sleeps or opens a transaction: the bus does that around it.
"""

import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

from pydantic import BaseModel

from bus.contract.case import Attachment, Case, Person, Place, Sensitive, Source, Urgency, marks_of
from bus.contract.envelope import Message
from bus.contract.messages import CaseKind, Mode, Outcome
from bus.contract.types import Strict
from bus.custody import Record
from bus.custody.commands import Command, Offer, Register, Resolve
from bus.sdk.codes import RejectCode
from bus.sdk.polls import Poll, Reads

SystemT = TypeVar("SystemT")
SystemT_co = TypeVar("SystemT_co", covariant=True)
"""Whoever works with any system works with each of its kinds."""
FormT = TypeVar("FormT", bound=BaseModel)
KindT = TypeVar("KindT", bound=CaseKind)


class RetryLater(Exception):
    """The center's system is away or busy: try again later. ``code`` is safe to log; ``after`` is in seconds."""

    def __init__(self, code: str, after: float | None = None) -> None:
        self.code = str(code)
        super().__init__(self.code)
        self.after = after


class Reject(Exception):
    """Trying again cannot help: park it (at the desk) or refuse it (at the intake). ``code`` and ``cure`` are safe
    to log and to show; never put a value of the form into them."""

    def __init__(self, code: str, cure: str = "") -> None:
        self.code = str(code)
        super().__init__(self.code)
        self.cure = cure


class Link(Strict):
    """Remember that ``native_id`` of our own system ``system`` belongs to the case; returned among the commands."""

    case_id: UUID
    system: str
    native_id: str


Commands = Iterable[Command | Link]
"""What a handler returns."""


class Routes(Protocol):
    """Who is responsible for what: the settings know, the adapter asks."""

    def find(self, category: str, division: str) -> str | None:
        """The center for this category and place; None if no route fits."""


@dataclass(frozen=True, slots=True)
class HandlerContext(Generic[SystemT_co]):
    """What a handler of a message is given."""

    me: str
    now: datetime
    key: str
    """The idempotency key for the effect in the center's own system: the same at every repeat."""
    system: SystemT_co
    """The client of the center's own system."""
    record: Record
    natives: dict[str, str]
    """The records of our own system that belong to this case: system → id."""
    fetch: Callable[[Attachment], bytes]
    """The bytes of an attachment, checked against its hash. Raises ``RetryLater`` when its holder is away."""

    def native(self, system: str) -> str:
        """The id of this case's record in our own system. Raises ``Reject`` when there is none."""
        found = self.natives.get(system)
        if found is None:
            raise Reject(RejectCode.NO_NATIVE_RECORD, f"no record of {system} belongs to this case")
        return found


@dataclass(frozen=True, slots=True)
class IntakeContext:
    """What a handler of an intake form is given. Lookups read within the transaction of the intake."""

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
        """The center responsible. Raises ``Reject("no-route")``."""
        found = self.routes.find(category, division)
        if found is None:
            raise Reject(RejectCode.NO_ROUTE, f"no route for {category} in {division}: add one to the settings")
        return found

    def known(self, system: str, native_id: str) -> UUID | None:
        """The case of a record of our own system; None where there is none yet."""
        try:
            return self.find(system, native_id)
        except Reject:
            return None

    def register(
        self, case: Case, *, to: tuple[str, ...] = (), here: bool = False, answer: str | None = None
    ) -> list[Command]:
        """Register a case, and at once offer it to the centers named (several: open to all of them), else to the one
        whose duty it is. ``here``: it is handled here. ``answer``: the resident was answered on the spot.

        Without a route it is not refused: it stays here, in our staff's sight, until they dispatch it."""
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
        """A case of this center, with an id and a number of its own. ``sensitive``: what cannot be told by the category
        or the resident's identity card."""
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


FormHandler = Callable[[IntakeContext, Any], Commands]
MessageHandler = Callable[[HandlerContext[Any], Message[Any]], Commands]


@dataclass(frozen=True, slots=True)
class Form:
    """One form that the center's own system may send in."""

    name: str
    model: type[BaseModel]
    native_id: Callable[[Any], str]
    """The source's own id of this form, for idempotency."""
    handler: FormHandler


@dataclass(slots=True)
class Center(Generic[SystemT]):
    """A kind of center: the forms it takes in and the kinds it accepts. One per adapter, made in ``handlers.py``."""

    kind: str
    connect: Callable[[Any], SystemT]
    """Makes the client of the center's own system from a ``bus.BackendClient``."""
    forms: dict[str, Form] = field(default_factory=dict)
    handlers: dict[str, MessageHandler] = field(default_factory=dict)
    asked: dict[str, Poll] = field(default_factory=dict)
    """What the center's own system is asked for, by name."""

    def takes_in(
        self, name: str, model: type[FormT], native_id: Callable[[FormT], str]
    ) -> Callable[[Callable[[IntakeContext, FormT], Commands]], Callable[[IntakeContext, FormT], Commands]]:
        """The old name of ``form``; it goes with 0.3."""
        warnings.warn(
            "Center.takes_in is now Center.form; the old name goes with 0.3", DeprecationWarning, stacklevel=2
        )
        return self.form(name, model, native_id)

    def form(
        self, name: str, model: type[FormT], native_id: Callable[[FormT], str] | str
    ) -> Callable[[Callable[[IntakeContext, FormT], Commands]], Callable[[IntakeContext, FormT], Commands]]:
        """The decorated function handles form ``name``; ``native_id`` is the field that holds the form's own id, or a
        function that finds it. Raises ValueError if two functions do, or the field is not there."""
        if name in self.forms:
            raise ValueError(f"{self.kind}: two handlers for form {name}")
        if isinstance(native_id, str):
            if native_id not in model.model_fields:
                raise ValueError(f"{self.kind}: form {name} has no field {native_id} for its own id")
            native_id = attrgetter(native_id)
        found = native_id

        def keep(handler: Callable[[IntakeContext, FormT], Commands]) -> Callable[[IntakeContext, FormT], Commands]:
            self.forms[name] = Form(name, model, found, handler)
            return handler

        return keep

    def polls(self, name: str, every: float) -> Callable[[Reads[SystemT]], Reads[SystemT]]:
        """The decorated function asks the center's own system for what is new, every so many seconds, and returns it as
        a ``Page`` of forms; for systems that call nobody. Raises ValueError if two functions do, or ``every`` is not
        above 0.

        Where the page ended is kept in the transaction that takes its forms in: none is lost, and none is taken twice.
        A form that cannot be taken is parked, and the others go on."""
        if name in self.asked:
            raise ValueError(f"{self.kind}: two functions for poll {name}")
        if every <= 0:
            raise ValueError(f"{self.kind}: poll {name} needs a pause above 0 seconds")

        def keep(read: Reads[SystemT]) -> Reads[SystemT]:
            self.asked[name] = Poll(name, every, read)
            return read

        return keep

    def check(self) -> None:
        """Asked before the center runs: raises ``ValueError`` where it cannot do what it must."""

    def on(
        self, kind: type[KindT]
    ) -> Callable[
        [Callable[[HandlerContext[SystemT], Message[KindT]], Commands]],
        Callable[[HandlerContext[SystemT], Message[KindT]], Commands],
    ]:
        """The decorated function works messages of ``kind`` into the center's own system."""
        if kind.kind in self.handlers:
            raise ValueError(f"{self.kind}: two handlers for {kind.kind}")

        def keep(
            handler: Callable[[HandlerContext[SystemT], Message[KindT]], Commands],
        ) -> Callable[[HandlerContext[SystemT], Message[KindT]], Commands]:
            self.handlers[kind.kind] = handler
            return handler

        return keep
