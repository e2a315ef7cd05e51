"""The suite that every center must pass, run against this adapter."""

from collections.abc import Iterator

import pytest

from bus.testing.center_suite import CHECKS, AdapterHarness, Check


@pytest.fixture(scope="module")
def harness(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AdapterHarness]:
    """The adapter at work: its platform beside it, and other centers that are played."""
    harness = AdapterHarness("county_command", tmp_path_factory.mktemp("harness")).start()
    yield harness
    harness.stop()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_center(check: Check, harness: AdapterHarness) -> None:
    """The adapter does what every center must."""
    check(harness)
