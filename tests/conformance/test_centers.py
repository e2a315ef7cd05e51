"""Every adapter that is found passes the suite that is shipped for everybody's."""

from collections.abc import Iterator

import pytest

from bus.contract.messages import CASE_KINDS, LATER_KINDS, Handed
from bus.sdk import discovery
from bus.testing.center_suite import CHECKS, AdapterHarness, Check
from bus.testing.samples import samples_of
from tests.harness.center import ADAPTERS, on_harness


@pytest.fixture(scope="module", params=ADAPTERS)
def harness(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AdapterHarness]:
    """One center of each kind, running for real."""
    with on_harness(request.param, tmp_path_factory.mktemp(request.param)) as one:
        yield one


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_center(check: Check, harness: AdapterHarness) -> None:
    """The adapter does what every center must."""
    check(harness)


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_shipped_adapter_accepts_every_kind(adapter: str) -> None:
    """No kind of the contract is without a handler in the adapters that we ship. Kinds that only inform a desk, and
    that v0.1.0 did not know, need no line in the manifest."""
    accepts = set(samples_of(f"adapters.{adapter}").manifest["accepts"])
    assert accepts == {kind.kind for kind in CASE_KINDS} - (LATER_KINDS - {Handed.kind})
    assert discovery.find(adapter).center().handlers.keys() >= {kind.kind for kind in CASE_KINDS}
