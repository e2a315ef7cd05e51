"""Faults that were put in on purpose turn the suites red; a suite that stays green with them would prove nothing."""

from pathlib import Path

import pytest

from tests.conformance.mutants import (
    PLANTED,
    Planted,
    case_and_message_stand_or_fall_together,
    receipts_only_what_is_stored,
    stores_before_it_settles,
)


@pytest.mark.parametrize("planted", PLANTED, ids=lambda one: f"{one.plant.__name__}-{one.by}")
def test_planted_fault_is_caught(planted: Planted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The named check fails while the fault is in."""
    adapter = planted.plant(monkeypatch)
    with pytest.raises((AssertionError, ValueError)):
        planted.catch(tmp_path, adapter)


@pytest.mark.parametrize(
    "check", [stores_before_it_settles, receipts_only_what_is_stored, case_and_message_stand_or_fall_together]
)
def test_checks_made_for_faults_pass_without_them(check: object, tmp_path: Path) -> None:
    """The checks that stand only here are green on the product as it is."""
    check(tmp_path, None)  # type: ignore[operator]  # a check


def test_there_are_at_least_twenty() -> None:
    """Twenty different faults at the least."""
    assert len({planted.plant.__name__ for planted in PLANTED}) >= 20
