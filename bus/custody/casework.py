"""What the holder notes of its work on a case: a visit, the steps of a plan, and which papers are there. Pure."""

from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from bus.contract.types import CLEAN, CLEAN_LINE, CenterName, Moment, Strict

MOST_STEPS = 20
MOST_PAPERS = 30
Ask = Annotated[str, StringConstraints(pattern=CLEAN, min_length=1, max_length=2000)]
PaperTitle = Annotated[str, StringConstraints(pattern=CLEAN_LINE, min_length=1, max_length=60)]


class Appointment(Strict):
    """A visit that is awaited, at a center that knows its hour."""

    at: Moment
    """When somebody will come."""
    made_at: Moment
    """When it was told."""


class PlanStep(Strict):
    """One step of a plan: what is asked of which unit."""

    unit: CenterName
    ask: Ask
    due: Moment | None = None
    show_resident: bool = False
    """Whether the unit is told who the resident is."""


class TrackedStep(PlanStep):
    """A step, and how far it has come."""

    assist_id: UUID | None = None
    """None until it is asked."""
    done: bool | None = None
    """None while unanswered."""


class Plan(Strict):
    """Ordered steps at several units, one asked after the other; custody stays with the holder."""

    steps: Annotated[tuple[TrackedStep, ...], Field(min_length=1, max_length=MOST_STEPS)]
    ended: bool = False
    """All steps are done, one was answered with no, or the holder took the plan back or lost the case."""

    @property
    def waits_for(self) -> TrackedStep | None:
        """The step that is asked and not answered."""
        return next((step for step in self.steps if step.assist_id is not None and step.done is None), None)

    def place_of(self, assist_id: UUID) -> tuple[int, int] | None:
        """(number, of how many) of the step that was asked under this id; None for help outside the plan."""
        places = (place for place, step in enumerate(self.steps, 1) if step.assist_id == assist_id)
        place = next(places, None)
        return None if place is None else (place, len(self.steps))


class ListedPaper(Strict):
    """One paper that the matter needs."""

    title: PaperTitle
    """What the paper is called; nothing of what it says."""
    there: bool


class NotedPaper(ListedPaper):
    """A paper, as the record keeps it."""

    since: Moment
    """Since when it is there, or missing."""
