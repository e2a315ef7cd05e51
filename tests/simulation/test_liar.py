"""A county of which one member lies: no case that nobody handed to it is harmed, and no loop of a center stops."""

import json
import os
import subprocess
import sys

import pytest

from tests.simulation.test_simulation import HANGS, simulate
from verification.simulation.lies import LIES

SEEDS = 100
GROWS = 8
"""A seed in which a liar makes a record grow."""
WITH_A_LIAR = ("--liar", "--size", "tiny")


@pytest.mark.timeout(HANGS)
def test_no_lie_harms_a_case_that_nobody_handed_to_the_liar() -> None:
    """In a hundred small counties: each such case is answered, every loop goes on, all that is stored can be read, and
    every lie was told."""
    done = simulate(*WITH_A_LIAR, "--first", "300000", "--seeds", str(SEEDS), "--json")
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
    first, again = (simulate(*WITH_A_LIAR, "--seed", "7").stdout.split("digest ")[1] for _ in range(2))
    assert first == again


@pytest.mark.timeout(HANGS)
def test_a_liar_finds_a_planted_fault() -> None:
    """A center that lets a record grow past its bound is found; else a clean run would say nothing."""
    planted = (
        "from bus.store import unit_of_work\n"
        "unit_of_work.check_growth = lambda before, after: None\n"
        "from verification.simulation.__main__ import main\n"
        "raise SystemExit(main())\n"
    )
    command = [sys.executable, "-c", planted, *WITH_A_LIAR, "--seed", str(GROWS)]
    ours = {**os.environ, "PYTHONHASHSEED": "0"}
    done = subprocess.run(command, capture_output=True, text=True, env=ours, timeout=HANGS, check=False)
    assert done.returncode == 1, done.stderr[-2000:]
    assert "stored-reads-back" in done.stdout
