"""Counted figures: numerator and denominator beside each rate."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bus.contract.messages import Rater
from bus.figures.definitions import FIGURES, Figure, Kind, Part
from bus.figures.rounding import percent, ratio


@dataclass(frozen=True, slots=True)
class Counts:
    """What was counted. The counts of several centers are added; rates are never averaged."""

    parts: Mapping[Part, int]
    hand_overs: Mapping[int, int] = field(default_factory=dict)
    """How often resolved cases were handed over → how many cases."""

    def __add__(self, other: "Counts") -> "Counts":
        parts = {part: self.parts.get(part, 0) + other.parts.get(part, 0) for part in Part}
        times = {*self.hand_overs, *other.hand_overs}
        return Counts(parts, {n: self.hand_overs.get(n, 0) + other.hand_overs.get(n, 0) for n in times})

    def hand_overs_at(self, percentile: int) -> int | None:
        """The number of hand-overs that so many percent of the resolved cases do not exceed; None for no case."""
        total, below = sum(self.hand_overs.values()), 0
        for times in sorted(self.hand_overs):
            below += self.hand_overs[times]
            if below * 100 >= total * percentile:
                return times
        return None


@dataclass(frozen=True, slots=True)
class Counted:
    """One figure with its numbers."""

    figure: Figure
    numerator: int
    denominator: int | None

    @property
    def value(self) -> str:
        """The figure as people read it."""
        if self.denominator is None:
            return str(self.numerator)
        write = ratio if self.figure.kind is Kind.MEAN else percent
        return write(self.numerator, self.denominator)


def figures_of(counts: Counts, figures: Iterable[Figure] = FIGURES) -> list[Counted]:
    """Each figure, counted."""
    return [
        Counted(
            one,
            counts.parts[one.numerator],
            None if one.denominator is None else counts.parts[one.denominator],
        )
        for one in figures
    ]


RATERS = (Rater.RESIDENT, Rater.SELF, Rater.MASSES, Rater.SURVEY)
"""Every kind of rater, in the order of the weights."""
PARTS_OF: Mapping[Rater, tuple[Part, Part]] = {
    Rater.RESIDENT: (Part.SATISFIED, Part.RATED),
    Rater.SELF: (Part.SATISFIED_SELF, Part.RATED_SELF),
    Rater.MASSES: (Part.SATISFIED_MASSES, Part.RATED_MASSES),
    Rater.SURVEY: (Part.SATISFIED_SURVEY, Part.RATED_SURVEY),
}
"""Rater → how many opinions are satisfied, and how many there are."""


def combined(parts: Mapping[Part, int], weights: tuple[int, ...]) -> tuple[int, int]:
    """The satisfied opinions and all opinions, each by the weight of its kind of rater, in thousandths."""
    each = [(weight, *PARTS_OF[rater]) for weight, rater in zip(weights, RATERS, strict=True)]
    satisfied = sum(weight * parts[part] for weight, part, _ in each)
    return satisfied, sum(weight * parts[part] for weight, _, part in each)


def weighted(grades: Mapping[int, int], weights: tuple[int, ...]) -> int:
    """The sum of the weights: how many cases have which grade, and what each grade weighs."""
    return sum(count * weights[grade - 1] for grade, count in grades.items())
