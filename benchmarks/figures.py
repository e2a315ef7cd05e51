"""What a benchmark measures: one figure a round, told as their median, and as a ratio to another of the same run."""

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class Figure:
    """One thing that was measured, in ``unit``, once a round."""

    benchmark: str
    """``B1`` …"""
    name: str
    unit: str
    rounds: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        """Of all rounds."""
        return statistics.median(self.rounds)


@dataclass(frozen=True, slots=True)
class Goal:
    """What a ratio, or a figure itself, is wanted to be: at least or at most ``wanted``."""

    benchmark: str
    text: str
    reached: float
    wanted: float
    at_most: bool = False

    @property
    def met(self) -> bool:
        """Whether it is."""
        return self.reached <= self.wanted if self.at_most else self.reached >= self.wanted


@dataclass(slots=True)
class Results:
    """Of one benchmark."""

    figures: list[Figure]
    goals: list[Goal]


def alternating(
    rounds: int, figures: Sequence[Figure], measure: Callable[[Figure], float], say: Callable[[str], None]
) -> None:
    """Each figure once a round, one after the other, so that a slow minute of the machine harms all of them alike."""
    for number in range(1, rounds + 1):
        for figure in figures:
            value = measure(figure)
            figure.rounds.append(value)
            say(f"{figure.benchmark} {number}/{rounds}  {figure.name}: {value:,.0f} {figure.unit}")


def named(figures: Iterable[Figure], name: str) -> Figure:
    """The one of this name. Raises ``KeyError``."""
    for figure in figures:
        if figure.name == name:
            return figure
    raise KeyError(name)
