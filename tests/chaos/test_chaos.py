"""Every fault once on a single broker, and six of them on a cluster, each for 20 seconds of load: nothing is lost.

``make test`` plays one run of each lane, ``make whole`` and ``make chaos`` all of them.
"""

import sys
from collections.abc import Sequence

import pytest
from rich.console import Console

from verification.chaos.lanes import LANES, PLANTED, Run, covered, play_lanes, wanted
from verification.chaos.mutants import FOUND_AS
from verification.chaos.play import Row
from verification.chaos.table import show


def _id(run: Run, name: str) -> str:
    """One fault of one run."""
    return f"{name}-{run.broker}" if not (run.whole and run.lasting) else f"{name}-lasting"


CASES = [
    pytest.param(run, name, marks=pytest.mark.whole if run.whole else (), id=_id(run, name))
    for lane in LANES
    for run in lane.runs
    if run is not PLANTED
    for name in run.faults
]


def _asked(items: Sequence[pytest.Item]) -> set[Run]:
    """The runs that the selected tests look at."""
    asked = {PLANTED} if any(item.name.startswith("test_planted_harm_is_found") for item in items) else set()
    for item in items:
        run = getattr(getattr(item, "callspec", None), "params", {}).get("run")
        if isinstance(run, Run):
            asked.add(run)
    return asked


@pytest.fixture(scope="session")
def rows(request: pytest.FixtureRequest) -> dict[Run, Row | Exception]:
    """What came of every run that a selected test asks for; all of them are played at the first question."""
    played = play_lanes(_asked(request.session.items))
    show([row for row in played.values() if isinstance(row, Row)], Console(file=sys.stderr, width=200))
    return played


def _row(rows: dict[Run, Row | Exception], run: Run) -> Row:
    """What came of the run; what ended it before its end is raised."""
    row = rows[run]
    if isinstance(row, Exception):
        raise row
    return row


def test_every_fault_is_played() -> None:
    """No fault of the list is missing from the lanes, and six are played on a cluster."""
    assert covered("single") == wanted()
    assert len(covered("cluster")) == 6


@pytest.mark.chaos
@pytest.mark.broker
@pytest.mark.database
@pytest.mark.timeout(7200)
@pytest.mark.parametrize(("run", "name"), CASES)
def test_fault(rows: dict[Run, Row | Exception], run: Run, name: str) -> None:
    """The checker finds nothing after this fault, and after its healing everything is settled."""
    row = _row(rows, run)
    assert row.strikes >= len(run.faults)
    assert not row.findings, f"{name}, played as {row.faults}: {row.findings[:10]}"


@pytest.mark.chaos
@pytest.mark.broker
@pytest.mark.timeout(7200)
@pytest.mark.parametrize(("name", "said"), FOUND_AS.items(), ids=FOUND_AS)
def test_planted_harm_is_found(rows: dict[Run, Row | Exception], name: str, said: str) -> None:
    """A lost case, a center that died, a leak and a second effect are each found: these runs can go red."""
    assert any(finding.startswith(said) for finding in _row(rows, PLANTED).findings), f"{name} was not found"
