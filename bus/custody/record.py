"""The record of one case at one center, and the decision that changes it."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, StringConstraints

from bus.contract.case import Case
from bus.contract.messages import CaseKind, Centers, Mode, Outcome, Rater, Return
from bus.contract.types import WHERE_SET, CenterName, Count, Line, Moment, NativeId, Strict, Text, is_absent
from bus.custody.casework import Appointment, NotedPaper, Plan
from bus.custody.first import FirstHandOver, FirstRound
from bus.custody.grants import Extension, Hold

RULING_STEP = 1000
"""A ruling lifts the custody version to the next multiple of this. So it is above every hand-over that may have
happened unseen by the arbiter. Between two rulings a case may change hands at most 999 times."""
HIGHEST_VERSION = 2**31 - 2 * RULING_STEP
"""Highest version that any center but the arbiter may reach. Above it there is room for two rulings, so no claim, and
no series of claims, can take the power to rule from the arbiter."""


class Status(StrEnum):
    """The stage of a case; holder and offers tell which center works on it."""

    OPEN = "open"
    RESOLVED = "resolved"
    """The holder gave the result; the origin has not yet told the resident."""
    CLOSED = "closed"


class SentOffer(Strict):
    """An undecided offer that this center has made."""

    offer_id: UUID
    mode: Mode
    version: Count
    pending: Centers
    """The centers that have not answered."""
    asked: Centers
    """All recipients of the offer."""
    withdrawing: bool = False
    at: Moment
    asked_back_at: Annotated[Moment | None, WHERE_SET] = None
    """When the withdrawal was asked for."""
    sign_by: Annotated[Moment | None, WHERE_SET] = None
    """By when the answer was asked for, where that is not as the county's rules say."""
    masked: Annotated[bool, WHERE_SET] = False
    """Whether it did not tell who the resident is: the new holder is told then."""


class ReceivedOffer(Strict):
    """An offer from another center that waits for this center's decision."""

    offer_id: UUID
    offerer: CenterName
    mode: Mode
    version: Count
    bid: bool = False
    """Answered with a bid, which the offerer has not yet decided."""
    at: Moment
    sign_by: Annotated[Moment | None, WHERE_SET] = None
    """By when the offerer asked for the answer."""


class Assist(Strict):
    """A request for help, seen from either side."""

    assist_id: UUID
    asker: CenterName
    assistant: CenterName
    ask: Text
    done: bool | None = None
    """None while unanswered."""
    at: Moment | None = None
    """When the help was asked for. Absent in records of v0.1.0."""
    due: Moment | None = None
    """By when the asker wants an answer."""


class Result(Strict):
    """How the current round was resolved."""

    by: CenterName
    outcome: Outcome
    public_reply: Text
    lawful_route: Text | None = None
    instant: bool = False


class Rating(Strict):
    """One rating."""

    round: Count
    rater: Rater
    grade: Annotated[int, Field(ge=1, le=5)]
    at: Moment | None = None
    """When it was given. Absent in records of v0.1.0."""


class Reminder(Strict):
    """The highest reminder that was given of one deadline, so that none is given twice."""

    key: Annotated[str, StringConstraints(max_length=100)]
    """The deadline (``bus.clocks.deadlines``)."""
    level: Annotated[int, Field(ge=0, le=4)]
    at: Moment
    to: Centers = ()


class Claimed(Strict):
    """Who of this center has claimed the matter (认领)."""

    claimant: Annotated[Line, Field(max_length=60)]
    post: Annotated[Line, Field(max_length=60)] | None = None
    round: Count
    at: Moment

    @property
    def who(self) -> str:
        """The claimant, with the post where it was told."""
        return f"{self.claimant}（{self.post}）" if self.post else self.claimant


class Record(Strict):
    """A center's knowledge of one case. It believes ``holder`` at ``version``; the highest version is right."""

    me: CenterName
    case: Case
    holder: CenterName
    version: Count
    status: Status = Status.OPEN
    round: Count = 1
    path: Centers
    """Every center known to have held the case, the origin first, each once."""
    returns: tuple[Return, ...] = ()
    arbiter: CenterName | None = None
    offer_out: SentOffer | None = None
    offer_in: ReceivedOffer | None = None
    arbitration: CenterName | None = None
    """At the center that asked: the arbiter. At the arbiter: the center that asked. None when no ruling is awaited."""
    concerned: Centers = ()
    """At the arbiter: centers that must hear the ruling although they never held the case."""
    assists: tuple[Assist, ...] = ()
    result: Result | None = None
    ratings: tuple[Rating, ...] = ()
    urges: Count = 0
    due: Moment | None = None
    since: Annotated[Moment | None, WHERE_SET] = None
    """Since when the holder has the case. This and the moments below: absent in records of v0.1.0."""
    round_at: Annotated[Moment | None, WHERE_SET] = None
    """When the current round began; of the first, when the resident was heard."""
    contacted_at: Annotated[Moment | None, WHERE_SET] = None
    """When the holder first spoke to the resident (先行联系)."""
    resolved_at: Annotated[Moment | None, WHERE_SET] = None
    """When the holder gave the result of the current round."""
    closed_at: Annotated[Moment | None, WHERE_SET] = None
    """When the origin closed the current round."""
    arbitration_at: Annotated[Moment | None, WHERE_SET] = None
    """When the ruling that is awaited was asked for."""
    called_back_at: Annotated[Moment | None, WHERE_SET] = None
    """When the origin called the resident back about the current round."""
    solved: Annotated[bool | None, Field(exclude_if=is_absent)] = None
    """What the resident said on that call: whether the matter is solved."""
    entered_at: Annotated[Moment | None, WHERE_SET] = None
    """When a matter was entered that had been settled before (补录)."""
    term: Annotated[Moment | None, WHERE_SET] = None
    """By when the current round must be resolved, where that is not what was registered: extended, or ruled."""
    first: Annotated[FirstRound | None, WHERE_SET] = None
    """At the origin, of a case that was opened again: its first round."""
    first_hand_over: Annotated[FirstHandOver | None, WHERE_SET] = None
    """Absent in records of older programs."""
    project: Annotated[NativeId | None, WHERE_SET] = None
    """At the origin: its project that the demand belongs to."""
    extended: Annotated[Count, WHERE_SET] = 0
    """How often the term was moved with a grant, over all rounds."""
    extensions: Annotated[tuple[Extension, ...], WHERE_SET] = ()
    """Requests for more time; at most ``bus.custody.bounds.MOST_EXTENSIONS``."""
    holds: Annotated[tuple[Hold, ...], WHERE_SET] = ()
    """At most ``bus.custody.bounds.MOST_HOLDS``."""
    informed: Annotated[bool, WHERE_SET] = False
    """Whether this center knows the case only from an escalation or a request for more time: it has not been asked to
    rule, and was not told who the resident is."""
    told: Annotated[Centers, WHERE_SET] = ()
    """Centers that never held the case and know it from this one: they hear how it ends. At such a center: who told
    it. Absent in records of v0.1.0."""
    claim: Annotated[Claimed | None, WHERE_SET] = None
    """Where somebody of this center has claimed the matter: the latest claim."""
    reminded: Annotated[tuple[Reminder, ...], WHERE_SET] = ()
    """Reminders that were given; at most ``bus.clocks.marks.MOST_REMINDERS``."""
    plan: Annotated[Plan | None, WHERE_SET] = None
    """At the holder: the steps that it asks of several units. Absent, as the papers are, in records of v0.1.0."""
    papers: Annotated[tuple[NotedPaper, ...], WHERE_SET] = ()
    """At the holder: what the matter needs; at most ``bus.custody.casework.MOST_PAPERS``."""
    appointment: Annotated[Appointment | None, WHERE_SET] = None
    """The visit that is awaited of the holder, in this round."""

    @property
    def mine(self) -> bool:
        """Whether this center believes itself the holder."""
        return self.holder == self.me

    @property
    def decision_pending(self) -> bool:
        """Whether the decision is with another center: until it comes back, only urging is allowed."""
        return self.offer_out is not None or (self.arbitration is not None and self.mine and self.arbiter != self.me)

    @property
    def lent(self) -> bool:
        """The old name of ``decision_pending``; it goes with 0.3."""
        warnings.warn(
            "Record.lent is now Record.decision_pending; the old name goes with 0.3", DeprecationWarning, stacklevel=2
        )
        return self.decision_pending

    @property
    def times_returned(self) -> int:
        """How many offers came back declined; an open offer declined by several centers counts once."""
        return len({r.offer_id for r in self.returns})

    def with_(self, **changes: object) -> Self:
        """The record after ``changes``."""
        return self.model_copy(update=changes)

    @property
    def hear_the_end(self) -> tuple[str, ...]:
        """Centers that hear of result, close and new round although they may never have held the case.

        Each of them is sure to know it: this center has told it, or it has ruled. Otherwise it would wait in vain for
        what opens the case there."""
        asked = self.arbitration == self.arbiter or self.version >= RULING_STEP
        arbiter = (self.arbiter,) if self.arbiter is not None and asked else ()
        return tuple(dict.fromkeys((*self.told, *arbiter)))

    def held_by(self, *centers: str) -> tuple[str, ...]:
        """The path with these centers added, each once."""
        return tuple(dict.fromkeys((*self.path, *centers)))


Reads = Callable[[str, str], bool]
"""(center, kind) → whether the center's program and adapter read messages of this kind."""


def nobody_reads(_center: str, _kind: str) -> bool:
    """Return False: of no center is it known that it reads more than v0.1.0 did."""
    return False


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to be sent. A message to the center itself becomes a task there, without travelling."""

    to: str
    data: CaseKind


@dataclass(frozen=True, slots=True)
class Opinion:
    """The opinion of one of many, which stands beside the record and not in it."""

    round: int
    rater: Rater
    pseudonym: str
    grade: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome of a command or a message."""

    record: Record
    outgoing: tuple[Outgoing, ...] = ()
    needs_handling: bool = False
    """Whether the message is work for the center's own system."""
    superseded: bool = False
    """The message was right but older than what is known; the record is unchanged by it."""
    opinion: Opinion | None = None
    """An opinion to be kept, unless its pseudonym has given one."""

    def with_record(self, record: Record) -> Self:
        """The same outcome with this record; itself where it has it already."""
        return self if record is self.record else replace(self, record=record)


EARLY = ("unknown-case", "early-news", "unknown-arbiter")
"""Codes of refusals that are not final: the deciding message may still be on its way, so this one waits and comes
again."""


class Refusal(Exception):
    """A refusal by custody. ``code`` is from a closed list and safe to log; ``cure`` tells the operator what to do."""

    def __init__(self, code: str, cure: str) -> None:
        super().__init__(f"{code}: {cure}")
        self.code = code
        self.cure = cure


def notify_path(record: Record, data: CaseKind, *, also: tuple[str, ...] = ()) -> tuple[Outgoing, ...]:
    """The message for every center that has held the case, and for ``also``, but not for this center."""
    return tuple(Outgoing(center, data) for center in record.held_by(*also) if center != record.me)
