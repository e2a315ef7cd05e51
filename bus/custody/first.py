"""What the figures count of the first round of a case: how it was handed over first, and how the round went."""

from typing import Annotated

from pydantic import Field

from bus.contract.messages import Outcome
from bus.contract.types import WHERE_SET, CenterName, Count, Moment, Strict, is_absent


class FirstHandOver(Strict):
    """At the origin: how a case came to another center for the first time (首派). Of the first round alone."""

    failed: Annotated[bool, WHERE_SET] = False
    """Whether the first offer came to nothing: declined by all, or withdrawn."""
    taken_by: Annotated[CenterName | None, WHERE_SET] = None
    """The center that accepted the first offer; None where it failed, or the arbiter decided."""
    taken_at: Annotated[Moment | None, WHERE_SET] = None
    """When another center had the case."""
    contacted_at: Annotated[Moment | None, WHERE_SET] = None
    """When a holder first spoke to the resident."""


class FirstRound(Strict):
    """How the first round of a case went, kept when the case is opened again: the figures of cases count it."""

    due: Moment | None = None
    resolved_at: Moment | None = None
    closed_at: Moment | None = None
    reopened_at: Moment
    outcome: Outcome | None = None
    instant: bool = False
    hand_overs: Count = 0
    claimed_at: Moment | None = None
    by: Annotated[CenterName | None, WHERE_SET] = None
    """Who resolved it."""
    called_back_at: Annotated[Moment | None, WHERE_SET] = None
    solved: Annotated[bool | None, Field(exclude_if=is_absent)] = None
    answered_again_at: Annotated[Moment | None, WHERE_SET] = None
    """When the resident first had the answer of a later round."""
