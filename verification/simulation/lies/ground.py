"""What a lie is made from: the cases that the liar was told of, those that it invents, and those it has overheard."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from uuid import UUID

from bus.contract.case import Case, Person, Place, Source
from bus.contract.messages import Kind

NUMBER_OF_GHOSTS = 600
INVENTED_CASES = 8
"""So many cases of its own the liar speaks of: often enough of each that one lie meets what another has left."""


@dataclass(slots=True)
class Matter:
    """One case, as far as the liar knows it."""

    subject: UUID
    case: Case
    hearers: tuple[str, ...]
    """Who may be spoken to of it; empty: anybody."""
    version: int = 1
    offers: list[UUID] = field(default_factory=list)
    assists: list[UUID] = field(default_factory=list)
    overheard: bool = False
    """Nobody has told the liar of it: it has the case's id from elsewhere. Such a case is owed its answer."""


@dataclass(frozen=True, slots=True)
class Question:
    """A center that recovers has asked the liar for its log."""

    asker: str
    recovery: UUID
    cursor: str
    era: int


@dataclass(frozen=True, slots=True)
class Word:
    """Something to be said."""

    to: str
    data: Kind
    subject: UUID | None = None
    sequence: int | None = None
    """None: the next place of its lane, or of the liar's era."""
    id: UUID | None = None
    """None: a fresh one."""


@dataclass(slots=True)
class Ground:
    """Everything a lie may draw from."""

    draw: Random
    me: str
    now: datetime
    centers: tuple[str, ...]
    """The honest centers that are there."""
    told: dict[UUID, Matter] = field(default_factory=dict)
    invented: list[Matter] = field(default_factory=list)
    overheard: Sequence[Matter] = ()
    heard_ids: list[tuple[str, UUID]] = field(default_factory=list)
    """(sender, message) of what was said to the liar."""
    others_ids: Sequence[UUID] = ()
    """Messages that honest centers owe each other."""
    questions: list[Question] = field(default_factory=list)

    def new_id(self) -> UUID:
        """A fresh id, of the form of a UUIDv7."""
        bits = self.draw.getrandbits(128)
        return UUID(int=bits & ~(0xF << 76) & ~(0x3 << 62) | (0x7 << 76) | (0x2 << 62))

    def someone(self) -> str:
        """An honest center."""
        return self.draw.choice(self.centers)

    def ghost(self) -> str:
        """The name of a center that is nowhere."""
        return f"ghost{self.draw.randrange(NUMBER_OF_GHOSTS)}-150402"

    def ghosts(self, count: int) -> tuple[str, ...]:
        """So many different ones."""
        return tuple(f"ghost{number}-150402" for number in self.draw.sample(range(NUMBER_OF_GHOSTS), count))

    def anyone(self) -> str:
        """An honest center, the liar itself, or nobody at all."""
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
        """A case in which no honest answer is owed: one that the liar was told of, or that it invents."""
        found = self.matter()
        return self.new_matter() if found.overheard else found

    def new_matter(self) -> Matter:
        """A case that nobody has."""
        case = a_case(self.new_id(), self.anyone(), self.now)
        return Matter(case.case_id, case, ())

    def hearer(self, matter: Matter) -> str:
        """Somebody who may be spoken to of this case."""
        there = [one for one in matter.hearers if one in self.centers]
        return self.draw.choice(there) if matter.overheard and there else self.someone()


def a_case(case_id: UUID, origin: str, now: datetime, text: str = "无中生有") -> Case:
    """A case of which nobody knows anything but its id."""
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
