"""What one center knows of one case: the record that custody works on, and what comes out of that work."""

import warnings
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from bus.contract.case import Case
from bus.contract.messages import CaseKind, Centers, Mode, Outcome, Rater, Return
from bus.contract.types import CenterName, Count, Moment, Strict, Text

RULING_STEP = 1000
"""A ruling lifts the custody version to the next multiple of this: above every hand-over that may have happened
meanwhile, unseen by the arbiter. Between two rulings a case may change hands at most 999 times."""
HIGHEST_VERSION = 2**31 - 2 * RULING_STEP
"""The highest version to which anybody but the arbiter may lift a case. Above it there is room for two rulings, so
that no claim, and no row of claims, takes from the arbiter the power to rule."""


class Status(StrEnum):
    """The stage of a case; who works on it is told by holder and offers."""

    OPEN = "open"
    RESOLVED = "resolved"
    """The holder gave the result; the origin has not yet told the resident."""
    CLOSED = "closed"


class SentOffer(Strict):
    """The offer that this center has made and that is not yet decided."""

    offer_id: UUID
    mode: Mode
    version: Count
    pending: Centers
    """Who has not answered."""
    asked: Centers
    """Everyone it went to."""
    withdrawing: bool = False
    at: Moment


class ReceivedOffer(Strict):
    """The offer that another center has made to this one and that waits for its decision."""

    offer_id: UUID
    offerer: CenterName
    mode: Mode
    version: Count
    bid: bool = False
    """Answered with a bid, which the offerer has not yet decided."""
    at: Moment


class Assist(Strict):
    """Help that was asked for, seen from either side."""

    assist_id: UUID
    asker: CenterName
    assistant: CenterName
    ask: Text
    done: bool | None = None
    """None while unanswered."""


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


class Record(Strict):
    """A center's knowledge of one case: ``holder`` at ``version`` is what it believes; the highest version is right."""

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
    """At the one who asked: the arbiter. At the arbiter: who asked. None when no ruling is awaited."""
    concerned: Centers = ()
    """At the arbiter: who must hear the ruling though it never held the case."""
    assists: tuple[Assist, ...] = ()
    result: Result | None = None
    ratings: tuple[Rating, ...] = ()
    urges: Count = 0
    due: Moment | None = None

    @property
    def mine(self) -> bool:
        """Whether this center believes itself the holder."""
        return self.holder == self.me

    @property
    def decision_pending(self) -> bool:
        """Whether the decision has been lent away: nothing but urging until it comes back."""
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
        """How many offers came back declined; an open offer declined by several counts once."""
        return len({r.offer_id for r in self.returns})

    def with_(self, **changes: object) -> Self:
        """The record after ``changes``."""
        return self.model_copy(update=changes)

    def held_by(self, *centers: str) -> tuple[str, ...]:
        """The path with these added, each center once."""
        return tuple(dict.fromkeys((*self.path, *centers)))


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to be sent. To the center itself, it becomes work at its own desk without travelling."""

    to: str
    data: CaseKind


@dataclass(frozen=True, slots=True)
class Decision:
    """What a command or a message leads to."""

    record: Record
    outgoing: tuple[Outgoing, ...] = ()
    needs_handling: bool = False
    """Whether the message that was heard is work for the center's own system."""
    superseded: bool = False
    """The message was right but older than what is known; the record is unchanged by it."""


EARLY = ("unknown-case", "early-news", "unknown-arbiter")
"""Codes of refusals that are not final: what decides may still be on its way, so the message waits and comes again."""


class Refusal(Exception):
    """Custody says no. ``code`` is closed and safe to log; ``cure`` tells the person on duty what to do."""

    def __init__(self, code: str, cure: str) -> None:
        super().__init__(f"{code}: {cure}")
        self.code = code
        self.cure = cure


def notify_path(record: Record, data: CaseKind, *, also: tuple[str, ...] = ()) -> tuple[Outgoing, ...]:
    """Tell every center that has held the case, and ``also``, but not ourselves."""
    return tuple(Outgoing(center, data) for center in record.held_by(*also) if center != record.me)
