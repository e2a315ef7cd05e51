"""A simulated center's own system, and its adapter on the real SDK. The system survives every crash of
the center.
"""

from collections.abc import Callable
from random import Random
from typing import Any
from uuid import UUID

from bus.contract.case import Person, Place, Source
from bus.contract.envelope import Message
from bus.contract.messages import BY_NAME, CaseMessage
from bus.contract.types import Strict
from bus.custody.commands import Register
from bus.sdk.center import Center, Commands, HandlerContext, IntakeContext, RetryLater
from verification.checker import Effect
from verification.simulation.random_source import RandomSource
from verification.simulation.staff import next_acts, reflexes

KINDS = tuple(model for model in BY_NAME.values() if issubclass(model, CaseMessage))


NEWS = frozenset({"case.accepted", "case.progressed", "case.closed", "case.rated", "case.published", "case.urged"})
"""Kinds that are only filed: no act follows from them."""


class Matter(Strict):
    """A resident's request."""

    native_id: str
    text: str
    phone: str | None = None
    """Where residents are masked, so that a hint of one is less than it."""


class Act(Strict):
    """A staff member opens a case and acts on it."""

    native_id: str
    case_id: UUID
    turn: int
    calm: bool
    waited: bool
    alive: tuple[str, ...]
    """The centers that exist, as far as this one knows."""
    hops: int


class Backend:
    """One center's own system: effects by key, and the cases that its staff know of."""

    def __init__(self, chance: RandomSource) -> None:
        self._chance = chance
        self._effects: dict[str, Effect] = {}
        self.known: dict[UUID, None] = {}
        self.todo: dict[UUID, None] = {}

    @property
    def effects(self) -> list[Effect]:
        """Its effects, in order."""
        return list(self._effects.values())

    def post(self, what: str, case_id: UUID, key: str) -> None:
        """Have an effect, once for each key; the caller may crash before it or after it. Raises ``RetryLater``."""
        self._chance.trip()
        if self._chance.happens(self._chance.profile.away):
            if self._chance.happens(0.5):  # the effect happened, but the answer was lost
                self._have(what, case_id, key)
            raise RetryLater("vendor-away", after=self._chance.draw.choice((None, 5.0)))
        self._have(what, case_id, key)
        self._chance.trip()

    def _have(self, what: str, case_id: UUID, key: str) -> None:
        self._effects.setdefault(key, Effect(key, what))
        self.known[case_id] = None
        if what not in NEWS:
            self.todo[case_id] = None


def adapter(kind: str) -> Center[Backend]:
    """The adapter of a simulated center: two forms, and a handler for every kind."""
    center: Center[Backend] = Center(kind, connect=lambda _vendor: None)  # type: ignore[arg-type,return-value]  # the seat hands its office to the rounds itself
    center.form("matter", Matter, lambda form: form.native_id)(_matter)
    center.form("act", Act, lambda form: form.native_id)(_act)
    for model in KINDS:
        center.on(model)(_worked(model.kind))
    return center


def _matter(context: IntakeContext, form: Matter) -> Commands:
    case = context.new_case(
        title="来件",
        text=form.text,
        category="housing",
        place=Place(division="150402"),
        resident=Person(name="居民甲", phone=form.phone),
        channel="app",
        source=Source(system="app", record=form.native_id),
    )
    return [Register(case=case)]


def _act(context: IntakeContext, form: Act) -> Commands:
    record = context.record(form.case_id)
    return next_acts(record, form.alive, form.hops, Random(form.turn), calm=form.calm, waited=form.waited)


def _worked(kind: str) -> Callable[[HandlerContext[Backend], Message[Any]], Commands]:
    def work(context: HandlerContext[Backend], message: Message[Any]) -> Commands:
        case_id: UUID = context.record.case.case_id
        context.system.post(kind, case_id, context.key)
        # drawn from the key, so that a repeat after a crash does the same
        return reflexes(context.record, message, Random(context.key))

    return work
