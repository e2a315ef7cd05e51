"""Counties with a ledger and the auditor on it: a quiet day shows nothing, what faults show clears, lies do no harm."""

import json
import os
import subprocess
import sys

import pytest

from tests.simulation.test_simulation import HANGS, simulate

LEDGER = ("--size", "tiny", "--ledger", "--jobs", "1")
SEEDS, LIARS = 6, 2
"""Tiny counties, with crashes, losses, restores and centers that leave; and some of those with a liar."""
TELLS_NO_HOLDER = 307
"""A liar's message is refused before its case is known: the fact of it had no holder, and the honest center's relay
stopped."""


@pytest.mark.timeout(HANGS)
def test_a_day_without_faults_shows_no_finding() -> None:
    """Twenty-four hours, by processes that have a turn every few seconds: not one finding is ever opened."""
    done = simulate(
        "--first", "20", "--seeds", "1", "--size", "tiny", "--quiet", "--jobs", "1", "--json", timeout=HANGS
    )
    assert done.returncode == 0, done.stderr[-3000:]
    happened = json.loads(done.stdout)["happened"]
    assert happened["hours"] >= 24
    assert not [what for what in happened if what.startswith("found")]


@pytest.mark.timeout(HANGS)
def test_what_faults_show_is_found_and_clears() -> None:
    """Centers that are gone are found; everything else has cleared once all has come to rest. No promise is broken."""
    done = simulate("--first", "106", "--seeds", str(SEEDS), *LEDGER)
    assert done.returncode == 0, done.stderr[-3000:]
    for code in ("silent-center", "overdue-receipt"):
        assert f"found: {code}" in done.stdout


@pytest.mark.timeout(HANGS)
def test_the_facts_of_a_liar_are_findings_and_never_harm() -> None:
    """Honest cases are answered, no loop stops, and the lies are found."""
    for first in (300, TELLS_NO_HOLDER):
        seeds = LIARS if first != TELLS_NO_HOLDER else 1
        done = simulate("--first", str(first), "--seeds", str(seeds), *LEDGER, "--liar")
        assert done.returncode == 0, done.stderr[-3000:]
        assert "found: two-holders" in done.stdout


@pytest.mark.timeout(HANGS)
def test_a_lost_message_stays_a_finding() -> None:
    """Otherwise a clean run would say nothing: a center that takes the broker's confirm for a receipt loses some."""
    planted = (
        "import pytest\nfrom verification.mutants.defects import DEFECTS\n"
        "DEFECTS['confirm-is-enough'].plant(pytest.MonkeyPatch())\n"
        "from verification.simulation.__main__ import main\nraise SystemExit(main())\n"
    )
    command = [sys.executable, "-c", planted, *LEDGER, "--first", "104", "--seeds", "6"]
    ours = {**os.environ, "PYTHONHASHSEED": "0"}
    done = subprocess.run(command, capture_output=True, text=True, env=ours, timeout=HANGS, check=False)
    assert done.returncode == 1, done.stderr[-2000:]
    assert "every finding clears" in done.stderr
    assert "| overdue-receipt" in done.stderr or "| silent-center" in done.stderr
