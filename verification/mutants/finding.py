"""The search for one planted defect, in a process of its own.

It plays the seeds 0, 1, 2 … until a rule of the checker fires, or runs the tests that must fail. If the product fails
without the defect too, nothing is proven.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import pytest

from verification.mutants.defect import BySeeds, ByTests, Defect, InProcess
from verification.simulation.fault_profile import drawn
from verification.simulation.run import play
from verification.simulation.workspace import Workspace


class Found(NamedTuple):
    """The finding, and the effort."""

    name: str
    by: str
    """The rule that fired first, or the test that failed first; empty: none."""
    also: tuple[str, ...] = ()
    """Every other rule or test."""
    seed: int | None = None
    seeds: int = 0
    """The number of seeds played; 0 for tests."""
    seconds: float = 0.0
    """CPU time of the seeds; wall time of the tests, most of which wait."""


@contextmanager
def planted(defect: Defect) -> Iterator[None]:
    """The product with the defect in it."""
    with pytest.MonkeyPatch.context() as patch:
        defect.plant(patch)
        yield


def look_for(defect: Defect, limit: int) -> Found:
    """Search up to ``limit`` seeds, or run its tests."""
    match defect.finder:
        case BySeeds() as finder:
            return _by_seeds(defect, finder, limit)
        case ByTests() as finder:
            return _by_tests(defect, finder)
        case InProcess() as finder:
            return _in_process(defect, finder)


def _by_seeds(defect: Defect, finder: BySeeds, limit: int) -> Found:
    spent, land = 0.0, Workspace()
    for seed in range(limit):
        profile = finder.profile(drawn(seed))
        start = time.process_time()
        with planted(defect):
            rules = list(dict.fromkeys(finding.rule for finding in play(seed, land, profile).findings))
        spent += time.process_time() - start
        hits = [rule for rule in rules if rule in finder.rules]
        if hits and not play(seed, land, profile).findings:
            others = tuple(rule for rule in rules if rule != hits[0])
            return Found(defect.name, hits[0], others, seed, seed + 1, round(spent, 1))
    return Found(defect.name, "", (), None, limit, round(spent, 1))


class _Outcomes:
    """A pytest plug-in that records outcomes."""

    def __init__(self) -> None:
        self.failed: list[str] = []
        self.ran = 0
        self.passed = 0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Record a failure at setup, call or end."""
        self.ran += report.when == "call"
        self.passed += report.when == "call" and report.passed
        if report.failed and report.when == "call":
            self.failed.append(report.nodeid)


def _run(tests: tuple[str, ...]) -> tuple[_Outcomes, float]:
    outcomes = _Outcomes()
    start = time.monotonic()
    quiet = ["-q", "-p", "no:cacheprovider", "--no-header", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
    pytest.main([*quiet, *tests], plugins=[outcomes])  # the defects have imported some plug-ins already
    return outcomes, round(time.monotonic() - start, 1)


def _by_tests(defect: Defect, finder: ByTests) -> Found:
    with planted(defect):
        outcomes, seconds = _run(finder.tests)
    red = [one.rpartition("/")[2] for one in outcomes.failed]
    if not red or len(red) < outcomes.ran:
        return Found(defect.name, "", tuple(red), None, 0, seconds)
    return Found(defect.name, red[0], tuple(red[1:]), None, 0, seconds)


def _in_process(defect: Defect, finder: InProcess) -> Found:
    outcomes, seconds = _run((finder.proof,))
    found = outcomes.passed == 1 and not outcomes.failed
    return Found(defect.name, finder.told if found else "", (), None, 0, seconds)
