"""Facts: what a center tells its county's ledger of each change of a case. Labels, moments and grades; nothing of the
matter, nothing of the resident.

A fact is one line of the case's journal. A state is the case as the teller's record has it after the last of these
facts; figures count cases by the state that their origin tells.
"""

from typing import Annotated, ClassVar
from uuid import UUID, uuid5

from pydantic import Field, StringConstraints

from bus.contract.case import Urgency
from bus.contract.types import WHERE_SET, CenterName, Code, Count, Moment, Strict, is_absent

LANES = UUID("6f0c7c0e-6d64-5d0c-9a41-0f7c6a1f3b52")
"""The namespace of the lanes of facts (RFC 9562, UUIDv5)."""
LEDGERS = "ledger-"
"""The beginning of a ledger's name; the division follows for which it keeps facts."""
MOST_FACTS = 500
"""Facts in one message."""

Street = Annotated[str, StringConstraints(pattern=r"^([0-9]{6}|[0-9]{9})$")]
"""A county, or a township or street of it: a village would say too much of where a resident lives."""
Day = Annotated[int, Field(ge=-100_000, le=1_000_000)]
"""Days since 1970 by the county's reckoning."""
Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9.-]{0,63}$")]


def lane_of(center: str) -> UUID:
    """The subject of all facts of one center: they stand in one lane, in their order."""
    return uuid5(LANES, center)


def is_ledger(center: str) -> bool:
    """Whether a participant is a ledger: it keeps facts and holds no cases."""
    return center.startswith(LEDGERS)


class Fact(Strict):
    """One thing that happened to a case at one center."""

    case_id: UUID
    at: Moment
    """When the teller committed it."""
    way: Word
    """``did``, ``said``, ``heard``, ``superseded``, and what else the journal knows."""
    kind: Annotated[Word | None, WHERE_SET] = None
    """A command of the teller, or the kind of a message."""
    peer: Annotated[CenterName | None, WHERE_SET] = None
    """Who said it, or is told it."""
    message_id: Annotated[UUID | None, WHERE_SET] = None
    """The message: its label in the broker's journal has the same id."""
    code: Annotated[Code | None, WHERE_SET] = None
    """A reason: of a decline, of a reminder, of an operator."""
    due: Annotated[Moment | None, WHERE_SET] = None
    """Of an offer that was said: by when it must be answered."""
    holder: CenterName
    version: Count
    round: Count


class Wait(Strict):
    """An answer that the teller waits for, beside those to its offer."""

    what: Word
    """``assist``, ``withdrawal`` or ``ruling``."""
    of: CenterName
    """Who must give it."""
    since: Annotated[Moment | None, WHERE_SET] = None
    due: Annotated[Moment | None, WHERE_SET] = None
    """By when, as it was said, or by the county's clocks."""


class CaseState(Strict):
    """A case as one center's record has it."""

    case_id: UUID
    origin: CenterName
    holder: CenterName
    version: Count
    round: Count
    status: Word
    category: Code
    urgency: Urgency
    opened: Moment
    division: Annotated[Street | None, WHERE_SET] = None
    project: Annotated[UUID | None, WHERE_SET] = None
    """At the origin: its project, under an id that tells nothing of its name."""
    offered_to: Annotated[tuple[CenterName, ...], Field(max_length=200, fail_fast=True), WHERE_SET] = ()
    """The centers whose answer to an offer is awaited."""
    offered: Annotated[Moment | None, WHERE_SET] = None
    sign_by: Annotated[Moment | None, WHERE_SET] = None
    """By when the offer must be answered, as it was said, or by the county's clocks."""
    waits: Annotated[tuple[Wait, ...], Field(max_length=50, fail_fast=True), WHERE_SET] = ()
    due: Annotated[Moment | None, WHERE_SET] = None
    resolved: Annotated[Moment | None, WHERE_SET] = None
    closed: Annotated[Moment | None, WHERE_SET] = None
    reopened: Annotated[Moment | None, WHERE_SET] = None
    rated: Annotated[Moment | None, WHERE_SET] = None
    claimed: Annotated[Moment | None, WHERE_SET] = None
    taken: Annotated[Moment | None, WHERE_SET] = None
    """When another center had it for the first time."""
    contacted: Annotated[Moment | None, WHERE_SET] = None
    """When a holder first spoke to the resident."""
    called_back: Annotated[Moment | None, WHERE_SET] = None
    answered_again: Annotated[Moment | None, WHERE_SET] = None
    """When the resident first had the answer of a later round."""
    grade: Annotated[int | None, Field(ge=1, le=5), WHERE_SET] = None
    outcome: Annotated[Code | None, WHERE_SET] = None
    """A value of ``bus.contract.messages.Outcome``."""
    instant: bool | None = Field(None, exclude_if=is_absent)
    hand_overs: Annotated[int, Field(ge=0, le=1_000_000)] | None = Field(None, exclude_if=is_absent)
    first_right: Annotated[bool | None, Field(exclude_if=is_absent)] = None
    """Whether the center that accepted the first offer resolved it."""
    solved: Annotated[bool | None, Field(exclude_if=is_absent)] = None
    """What the resident said when it was called back."""


class Sum(Strict):
    """What a ledger has counted, for the ledger above it: how many cases began to count for a part of a figure on one
    day, less those that ceased to. Told anew whenever it changes."""

    part: Word
    """A value of ``bus.figures.definitions.Part``."""
    division: Annotated[str | None, StringConstraints(pattern=r"^[0-9]{0,9}$"), WHERE_SET] = None
    """Of this division alone; empty: in no division below the country."""
    cohort_day: Day
    """The day by which a period takes the cases; 0: of parts that no period bounds."""
    event_day: Day
    value: Annotated[int, Field(ge=-1, le=1_000_000), WHERE_SET] = 0
    """Hand-overs, or a grade; -1: unknown."""
    cases: Annotated[int, Field(ge=-(2**31), le=2**31 - 1)]


class FactsTold(Strict):
    """事实告知: what happened at the teller since its last message, oldest first, in a lane of its own."""

    kind: ClassVar[str] = "facts.told"
    major: ClassVar[int] = 1
    facts: Annotated[tuple[Fact, ...], Field(max_length=MOST_FACTS, fail_fast=True)] = ()
    states: Annotated[tuple[CaseState, ...], Field(max_length=MOST_FACTS, fail_fast=True)] = ()
    """Each case of these facts; of several states of one case the last counts."""
    sums: Annotated[tuple[Sum, ...], Field(max_length=MOST_FACTS, fail_fast=True), WHERE_SET] = ()
    """Where a ledger tells the ledger above: no facts and no cases, only what it has counted."""
    anew: Annotated[bool, WHERE_SET] = False
    """Whether these sums are the first of all, and those told before count no more."""
    cut: Annotated[bool, WHERE_SET] = False
    """Whether facts before these were given up, since the ledger was away for too long."""
    whole: Annotated[bool, WHERE_SET] = False
    """Whether with these states the ledger has every case of the teller, as it has asked."""


class FactsAsked(Strict):
    """事实查询: the ledger asks a center for the state of every case, in that center's lane of facts.

    It asks a center that it hears for the first time, one that has given facts up, and one that was put back to a
    backup. The answer comes in pages, between the facts of that time."""

    kind: ClassVar[str] = "facts.asked"
    major: ClassVar[int] = 1
    why: Word
