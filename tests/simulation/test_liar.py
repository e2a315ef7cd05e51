"""A county of which one member lies: no case that nobody handed to it is harmed, and no loop of a center stops."""

import json

import pytest

from bus.store import unit_of_work
from tests.simulation.test_simulation import HANGS, simulate
from verification.simulation.county import Workspace
from verification.simulation.fault_profile import LIES as WORDS
from verification.simulation.fault_profile import TINY, drawn, with_a_liar
from verification.simulation.lies import LIES
from verification.simulation.run import Played, play

SEEDS = 100
GROWS = 2
"""A seed in which a liar makes a record grow."""


def _played(seed: int) -> Played:
    return play(seed, Workspace(), with_a_liar(seed, drawn(seed, TINY), WORDS["tiny"]))


@pytest.mark.timeout(HANGS)
def test_no_lie_harms_a_case_that_nobody_handed_to_the_liar() -> None:
    """In a hundred small counties: each such case is answered, every loop goes on, all that is stored can be read, and
    every lie was told."""
    done = simulate("--liar", "--size", "tiny", "--first", "300000", "--seeds", str(SEEDS), "--json")
    assert done.stdout, done.stderr[-4000:]
    summary = json.loads(done.stdout)
    print(json.dumps(summary, indent=1))  # noqa: T201 - the figures belong to the record of the run
    assert summary["failed"] == [], done.stderr[-4000:]
    happened = summary["happened"]
    assert happened["cases owed"] > 2 * SEEDS, "the counties have too little to harm"
    assert happened["cases handed to the liar"] > SEEDS // 4, "the liar has no part in anything"
    assert happened["words of the liar"] > 50 * SEEDS, "the liar says too little"
    for lie, _ in LIES:
        assert happened.get(f"lie: {lie.__name__}"), f"no seed has heard: {lie.__name__}"


def test_a_seed_with_a_liar_replays_exactly() -> None:
    """What a lie has found can be looked at again, event for event."""
    first, again = _played(7), _played(7)
    assert (first.digest, first.happened) == (again.digest, again.happened)


def test_a_liar_finds_a_planted_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """A center that lets a record grow past its bound is found; else a clean run would say nothing."""
    monkeypatch.setattr(unit_of_work, "check_growth", lambda _before, _after: None)
    assert {"stored-reads-back"} & {finding.rule for finding in _played(GROWS).findings}
