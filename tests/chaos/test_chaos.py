"""Every fault once on a single broker, and six of them on a cluster, each for 20 seconds of load: nothing is lost."""

import sys

import pytest
from rich.console import Console

from tests.chaos.lanes import LANES, Run, covered, play_lanes, wanted
from tests.chaos.play import Row
from tests.chaos.table import show

CASES = [(run, name) for lane in LANES for run in lane.runs for name in run.faults]


@pytest.fixture(scope="session")
def rows(request: pytest.FixtureRequest) -> dict[Run, Row]:
    """What came of every run that a selected test asks for; all of them are played at the first question."""
    asked = [item.callspec.params["run"] for item in request.session.items if item.originalname == "test_fault"]  # type: ignore[attr-defined]  # pytest's items of functions
    played = play_lanes(asked)
    show(played.values(), Console(file=sys.stderr, width=200))
    return played


def test_every_fault_is_played() -> None:
    """No fault of the list is missing from the lanes, and six are played on a cluster."""
    assert covered("single") == wanted()
    assert len(covered("cluster")) == 6


@pytest.mark.chaos
@pytest.mark.broker
@pytest.mark.database
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("run", "name"), CASES, ids=[f"{name}-{run.broker}" for run, name in CASES])
def test_fault(rows: dict[Run, Row], run: Run, name: str) -> None:
    """The checker finds nothing after this fault, and everything is settled a minute after its healing."""
    row = rows[run]
    assert row.strikes >= len(run.faults)
    assert not row.findings, f"{name}, played as {row.faults}: {row.findings[:10]}"
