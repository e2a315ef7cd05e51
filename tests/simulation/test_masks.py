"""Counties that mask residents, under a seeded fate: only a holder learns who the resident is, and it does learn it."""

import os
import subprocess
import sys

import pytest

from tests.simulation.test_simulation import HANGS, simulate

SEEDS = 8
"""Tiny counties; some are restored from a backup, or lose the center that knows the resident."""
MASKED = ("--size", "tiny", "--masks")
TOLD_TOO_EARLY = "bus.custody.handing._masked = lambda one, me: one"
NEVER_TOLD = "bus.custody.handing.tell = lambda record: ()"


@pytest.mark.timeout(HANGS)
def test_only_holders_learn_who_the_resident_is() -> None:
    """Nobody else does, whatever is lost, repeated, restored or ruled; every case ends, and its holder knows whom to
    call, unless nobody is left who does."""
    done = simulate("--first", "600", "--seeds", str(SEEDS), "--jobs", "1", *MASKED)
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.mark.timeout(HANGS)
@pytest.mark.parametrize(
    ("defect", "rule"),
    [(TOLD_TOO_EARLY, "only-holders-know-the-resident"), (NEVER_TOLD, "holder-knows-the-resident")],
)
def test_a_planted_fault_is_found(defect: str, rule: str) -> None:
    """Otherwise a clean run would say nothing."""
    planted = (
        f"import bus.custody.handing\n{defect}\n"
        "from verification.simulation.__main__ import main\nraise SystemExit(main())\n"
    )
    command = [sys.executable, "-c", planted, *MASKED, "--seed", "600"]
    ours = {**os.environ, "PYTHONHASHSEED": "0"}
    done = subprocess.run(command, capture_output=True, text=True, env=ours, timeout=HANGS, check=False)
    assert done.returncode == 1, done.stderr[-2000:]
    assert rule in done.stdout
