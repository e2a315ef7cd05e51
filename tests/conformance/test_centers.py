"""Every adapter that is found passes the suite that is shipped for everybody's."""

from collections.abc import Iterator

import pytest

from bus.sdk import discovery
from bus.testing.center_suite import CHECKS, AdapterHarness, Check


@pytest.fixture(scope="module", params=[one.kind for one in discovery.known()])
def harness(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AdapterHarness]:
    """One center of each kind, running for real."""
    one = AdapterHarness(discovery.find(request.param).package, tmp_path_factory.mktemp(request.param)).start()
    yield one
    one.stop()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_center(check: Check, harness: AdapterHarness) -> None:
    """The adapter does what every center must."""
    check(harness)
