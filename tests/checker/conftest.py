"""One small county, run once: its evidence in the middle of the work, and at the end."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.checker.county import PLANS, County
from verification.checker import Evidence


@dataclass(frozen=True)
class Clean:
    """Evidence of a county in which nothing went wrong."""

    midway: Evidence
    """Offers are out, tasks wait."""
    end: Evidence
    """Everything is closed."""


@pytest.fixture(scope="session")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clean]:
    """Eight cases of four kinds at three centers that mask residents."""
    county = County(Path(tmp_path_factory.mktemp("county")), masks=True)
    county.hand_in(*(f"{plan} {number}" for plan in PLANS for number in range(2)))
    county.carry(2)
    midway = county.evidence()
    county.drain()
    yield Clean(midway, county.evidence())
    county.close()


@pytest.fixture
def county(tmp_path: Path) -> Iterator[County]:
    """A county of the test's own."""
    made = County(tmp_path)
    yield made
    made.close()
