"""Benchmark figures: one value a round, reported as their median, and as a ratio to another figure of the same run."""

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class Figure:
    """One measured quantity in ``unit``, one value a round."""

    benchmark: str
    """``B1`` …"""
    name: str
    unit: str
    rounds: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        """The median of all rounds."""
        return statistics.median(self.rounds)


@dataclass(frozen=True, slots=True)
class Goal:
    """A goal for a ratio or a figure: at least or at most ``wanted``."""

    benchmark: str
    text: str
    reached: float
    wanted: float
    at_most: bool = False

    @property
    def met(self) -> bool:
        """Whether the goal is met."""
        return self.reached <= self.wanted if self.at_most else self.reached >= self.wanted


@dataclass(slots=True)
class Results:
    """The results of one benchmark."""

    figures: list[Figure]
    goals: list[Goal]


def alternating(
    rounds: int, figures: Sequence[Figure], measure: Callable[[Figure], float], say: Callable[[str], None]
) -> None:
    """Measure each figure once a round, one after the other, so that a slow minute of the machine affects all of them
    alike."""
    for number in range(1, rounds + 1):
        for figure in figures:
            value = measure(figure)
            figure.rounds.append(value)
            say(f"{figure.benchmark} {number}/{rounds}  {figure.name}: {value:,.0f} {figure.unit}")


def named(figures: Iterable[Figure], name: str) -> Figure:
    """The figure of this name. Raises ``KeyError``."""
    for figure in figures:
        if figure.name == name:
            return figure
    raise KeyError(name)
