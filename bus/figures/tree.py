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


def level_of(division: str) -> str:
    """The node at which a division stands: the code of a region (150000) or of a city (150700) is that of a county with
    nothing behind it, and stands above all counties."""
    if len(division) == len("150000") and division.endswith("00"):
        return division[:2] if division.endswith("0000") else division[:4]
    return division


def outside(placed: Mapping[str, Tally], counted_in: str) -> dict[str, Tally]:
    """What a center without a county above it has placed, all counted in its region or city."""
    total = Tally()
    for tally in placed.values():
        total = total.plus(tally)
    return {counted_in: total} if placed else {}


def tree(placed: Mapping[str, Tally]) -> Iterator[Node]:
    """Every division that holds something, each after the one that it lies in. ``placed``: division → what lies there
    itself."""
    totals: dict[str, Tally] = {}
    own: dict[str, Tally] = {}
    for told, tally in placed.items():
        division = level_of(told)
        own[division] = own.get(division, Tally()).plus(tally)
        for digits in (0, *LEVELS):
            if digits <= len(division):
                code = division[:digits]
                totals[code] = totals.get(code, Tally()).plus(tally)
    for code in sorted(totals):
        yield Node(code, totals[code], own.get(code, Tally()))
