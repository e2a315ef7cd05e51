"""A planted defect: how it is planted, and which check must find it."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from bus.bilingual import Bilingual
from verification.simulation.fault_profile import FaultProfile

Plant = Callable[[pytest.MonkeyPatch], None]
"""Plants the defect into the modules of this process; ``undo`` of the patch removes it."""


def fair(profile: FaultProfile) -> FaultProfile:
    """A small county without restores and departures: a broken promise there has no excuse."""
    centers = min(profile.centers, 5)
    return replace(
        profile, centers=centers, hops=min(profile.hops, centers - 1), cases=30, restores=0, leaves=0, joins=0
    )


@dataclass(frozen=True, slots=True)
class BySeeds:
    """Found by the deterministic simulation."""

    rules: tuple[str, ...]
    """Rules of the checker that reveal this defect; one of them must fire."""
    profile: Callable[[FaultProfile], FaultProfile] = fair


@dataclass(frozen=True, slots=True)
class ByTests:
    """Found by tests of ``make test``, if a simulation does not cover it."""

    tests: tuple[str, ...]
    """Tests, each of which must fail."""
    by: Bilingual
    """The kind of these tests, for people."""
    why: Bilingual
    """Why neither simulation nor chaos finds it."""


@dataclass(frozen=True, slots=True)
class InProcess:
    """Found within a test of ``make test``, which plants the defect itself, and checks that ``by`` fails."""

    proof: str
    """The proving test; it passes if the defect was found."""
    by: str
    """The failing check: one of the center suite, a test, or the custody machine."""
    moods: tuple[str, ...] = ()
    """The center's own system's answers with which the check is tried."""

    @property
    def told(self) -> str:
        """The failing check, in short."""
        return f"{self.by.rpartition('/')[2]} {' '.join(self.moods)}".strip()


Finder = BySeeds | ByTests | InProcess


@dataclass(frozen=True, slots=True)
class Defect:
    """One defect, as a developer might really write it."""

    name: str
    words: Bilingual
    plant: Plant
    finder: Finder


def simulated(
    zh: str, en: str, *rules: str, profile: Callable[[FaultProfile], FaultProfile] = fair
) -> Callable[[Plant], Defect]:
    """Register the decorated function as a defect that the simulation must find by one of ``rules``."""
    return lambda plant: Defect(_name(plant), Bilingual(zh, en), plant, BySeeds(rules, profile))


def tested(zh: str, en: str, *tests: str, by: Bilingual, why: Bilingual) -> Callable[[Plant], Defect]:
    """Register the decorated function as a defect that makes each of ``tests`` fail."""
    return lambda plant: Defect(_name(plant), Bilingual(zh, en), plant, ByTests(tests, by, why))


CATCHES = "tests/conformance/test_mutants.py::test_planted_fault_is_caught"


def on_the_harness(zh: str, en: str, check: str, *, moods: tuple[str, ...] = ()) -> Callable[[Plant], Defect]:
    """Register the decorated function as a defect that a check of the center suite must find: ``module.function`` of
    ``bus.testing``."""
    return _in_process(zh, en, check, check.rpartition(".")[2], moods)


MACHINE = "tests/unit/test_custody_faults.py::"


def in_custody(zh: str, en: str, *, machine: bool = True) -> Callable[[Plant], Defect]:
    """Register the decorated function as a defect in custody that the custody machine must find, or one example if the
    machine meets it too seldom."""
    test = "test_planted_fault_turns_the_machine_red" if machine else "test_planted_fault_turns_its_example_red"
    by = "custody machine" if machine else "custody example"
    return lambda plant: Defect(_name(plant), Bilingual(zh, en), plant, InProcess(f"{MACHINE}{test}[{en}]", by))


def between_centers(zh: str, en: str, test: str) -> Callable[[Plant], Defect]:
    """Register the decorated function as a defect that this test of bare centers must find."""
    return _in_process(zh, en, test, test.rpartition("::")[2].partition("[")[0], ())


def _in_process(zh: str, en: str, by: str, short: str, moods: tuple[str, ...]) -> Callable[[Plant], Defect]:
    def defect(plant: Plant) -> Defect:
        proof = f"{CATCHES}[{plant.__name__}-{short}]"
        return Defect(_name(plant), Bilingual(zh, en), plant, InProcess(proof, by, moods))

    return defect


def _name(plant: Plant) -> str:
    return plant.__name__.replace("_", "-")
