"""The material of lies: cases that the liar was told of, invented cases, and overheard ones."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from uuid import UUID

from bus.contract.case import Case, Person, Place, Source
from bus.contract.messages import Kind

NUMBER_OF_GHOSTS = 600
INVENTED_CASES = 8
"""Invented cases: few, so that one lie often meets the traces of another."""


@dataclass(slots=True)
class Matter:
    """One case, as far as the liar knows it."""

    subject: UUID
    case: Case
    hearers: tuple[str, ...]
    """Centers to which it may send messages about the case; empty: any."""
    version: int = 1
    offers: list[UUID] = field(default_factory=list)
    assists: list[UUID] = field(default_factory=list)
    overheard: bool = False
    """The liar was not told of the case, but has its id from elsewhere. The case's answer is still owed."""


@dataclass(frozen=True, slots=True)
class Question:
    """A recovering center's question for the liar's log."""

    asker: str
    recovery: UUID
    cursor: str
    era: int


@dataclass(frozen=True, slots=True)
class Word:
    """A message to be sent."""

    to: str
    data: Kind
    subject: UUID | None = None
    sequence: int | None = None
    """None: the next place of its lane, or of the liar's epoch."""
    id: UUID | None = None
    """None: a fresh one."""


@dataclass(slots=True)
class Ground:
    """The material that a lie may draw from."""

    draw: Random
    me: str
    now: datetime
    centers: tuple[str, ...]
    """The honest centers that exist."""
    told: dict[UUID, Matter] = field(default_factory=dict)
    invented: list[Matter] = field(default_factory=list)
    overheard: Sequence[Matter] = ()
    heard_ids: list[tuple[str, UUID]] = field(default_factory=list)
    """(sender, message) of the messages to the liar."""
    others_ids: Sequence[UUID] = ()
    """Messages that honest centers owe each other."""
    questions: list[Question] = field(default_factory=list)

    def new_id(self) -> UUID:
        """A fresh id, in the format of a UUIDv7."""
        bits = self.draw.getrandbits(128)
        return UUID(int=bits & ~(0xF << 76) & ~(0x3 << 62) | (0x7 << 76) | (0x2 << 62))

    def someone(self) -> str:
        """An honest center."""
        return self.draw.choice(self.centers)

    def ghost(self) -> str:
        """The name of a center that does not exist."""
        return f"ghost{self.draw.randrange(NUMBER_OF_GHOSTS)}-150402"

    def ghosts(self, count: int) -> tuple[str, ...]:
        """``count`` different fictitious centers."""
        return tuple(f"ghost{number}-150402" for number in self.draw.sample(range(NUMBER_OF_GHOSTS), count))

    def anyone(self) -> str:
        """An honest center, the liar itself, or a fictitious one."""
        return self.draw.choice((self.someone(), self.someone(), self.me, self.ghost()))

    def matter(self) -> Matter:
        """A case to lie about."""
        chance = self.draw.random()
        if self.overheard and chance < 0.3:
            return self.draw.choice(self.overheard)
        if self.told and chance < 0.75:
            return self.draw.choice(list(self.told.values()))
        if len(self.invented) < INVENTED_CASES:
            self.invented.append(self.new_matter())
        return self.draw.choice(self.invented)

    def own_matter(self) -> Matter:
        """A case without a promised answer: one that the liar was told of, or an invented one."""
        found = self.matter()
        return self.new_matter() if found.overheard else found

    def new_matter(self) -> Matter:
        """A new case, unknown to all centers."""
        case = a_case(self.new_id(), self.anyone(), self.now)
        return Matter(case.case_id, case, ())

    def hearer(self, matter: Matter) -> str:
        """A center that may be told of this case."""
        there = [one for one in matter.hearers if one in self.centers]
        return self.draw.choice(there) if matter.overheard and there else self.someone()


def a_case(case_id: UUID, origin: str, now: datetime, text: str = "无中生有") -> Case:
    """A case of which only the id is known."""
    return Case(
        case_id=case_id,
        number=f"L-{case_id.hex[-12:]}",
        origin=origin,
        title="谎报",
        text=text,
        category="housing",
        place=Place(division="150402"),
        resident=Person(name="无此人"),
        channel="app",
        source=Source(system="app", record=case_id.hex),
        received_at=now.astimezone(UTC),
    )
