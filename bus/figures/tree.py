"""The tree of divisions: village 12, township 9, county 6, city 4, region 2 digits. Pure.

A total is that of its children, and what lies in none of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

LEVELS = (2, 4, 6, 9, 12)
"""The digits of each level, from the top down."""


class Tally(NamedTuple):
    """What is counted in one division."""

    registered: int = 0
    resolved: int = 0
    projects: int = 0
    projects_resolved: int = 0

    def plus(self, other: "Tally") -> "Tally":
        """Both together."""
        return Tally(*(one + more for one, more in zip(self, other, strict=True)))


@dataclass(frozen=True, slots=True)
class Node:
    """One division with all below it."""

    code: str
    total: Tally
    unplaced: Tally
    """What lies in it and in none of its children: a matter of a county without a street, a project of two villages."""


def place_of(divisions: tuple[str, str]) -> str:
    """The lowest division that holds both: where a project is counted once, whose demands lie apart."""
    one, other = divisions
    shared = (d for d in LEVELS if d <= min(len(one), len(other)) and one[:d] == other[:d])
    return one[: max(shared, default=0)]


def tree(placed: Mapping[str, Tally]) -> Iterator[Node]:
    """Every division that holds something, each after the one that it lies in. ``placed``: division → what lies there
    itself."""
    totals: dict[str, Tally] = {}
    for division, tally in placed.items():
        for digits in (0, *LEVELS):
            if digits <= len(division):
                code = division[:digits]
                totals[code] = totals.get(code, Tally()).plus(tally)
    for code in sorted(totals):
        yield Node(code, totals[code], placed.get(code, Tally()))
