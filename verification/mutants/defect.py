"""What a planted defect is: how it is put in, and who must find it."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from bus.bilingual import Bilingual
from verification.simulation.fault_profile import FaultProfile

Plant = Callable[[pytest.MonkeyPatch], None]
"""Puts the defect into the modules of this process; ``undo`` of the patch takes it out again."""


def fair(profile: FaultProfile) -> FaultProfile:
    """A small county where no store is put back and nobody leaves: what is broken there has no excuse."""
    centers = min(profile.centers, 5)
    return replace(
        profile, centers=centers, hops=min(profile.hops, centers - 1), cases=30, restores=0, leaves=0, joins=0
    )


@dataclass(frozen=True, slots=True)
class BySeeds:
    """Found by the deterministic simulation."""

    rules: tuple[str, ...]
    """Rules of the checker, each of which tells of this defect; one of them must fire."""
    profile: Callable[[FaultProfile], FaultProfile] = fair


@dataclass(frozen=True, slots=True)
class ByTests:
    """Found by tests of ``make test``, where a simulation has no place for it."""

    tests: tuple[str, ...]
    """Each of them must turn red."""
    by: Bilingual
    """What kind of tests, for people."""
    why: Bilingual
    """Why neither simulation nor chaos."""


Finder = BySeeds | ByTests


@dataclass(frozen=True, slots=True)
class Defect:
    """One defect, as somebody might really write it."""

    name: str
    words: Bilingual
    plant: Plant
    finder: Finder


def simulated(
    zh: str, en: str, *rules: str, profile: Callable[[FaultProfile], FaultProfile] = fair
) -> Callable[[Plant], Defect]:
    """The decorated function plants a defect that the simulation must find by one of ``rules``."""
    return lambda plant: Defect(_name(plant), Bilingual(zh, en), plant, BySeeds(rules, profile))


def tested(zh: str, en: str, *tests: str, by: Bilingual, why: Bilingual) -> Callable[[Plant], Defect]:
    """The decorated function plants a defect that turns each of ``tests`` red."""
    return lambda plant: Defect(_name(plant), Bilingual(zh, en), plant, ByTests(tests, by, why))


def _name(plant: Plant) -> str:
    return plant.__name__.replace("_", "-")
