"""Counties with their clocks on, under a seeded fate: each reminder once, and a clock breaks no promise of custody."""

import pytest

from tests.simulation.test_simulation import HANGS, simulate

SEEDS = 30
"""Tiny counties; some are restored from a backup, lose centers or their power."""


@pytest.mark.timeout(HANGS)
def test_a_clock_breaks_no_promise() -> None:
    """One custodian, nothing lost; each reminder once, timers as the records ask, none after the close."""
    done = simulate("--first", "500", "--seeds", str(SEEDS), "--size", "tiny", "--clocks")
    assert done.returncode == 0, done.stderr[-3000:]


def test_the_clocks_have_something_to_say() -> None:
    """Otherwise the test above would prove nothing."""
    told = simulate("--seed", "501", "--size", "tiny", "--clocks").stdout
    assert " remind " in told, told
