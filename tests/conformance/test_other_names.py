"""The suite's own peers stand aside: a candidate may have any name, also one that the suite has used for them."""

import sys
from collections.abc import Iterator

import pytest

from bus.testing.adapter_harness import AdapterHarness
from bus.testing.center_suite import Check
from bus.testing.check_bad_input import refuses_broken_forms
from bus.testing.check_samples import answers_a_repeated_form_alike, turns_forms_into_commands
from bus.testing.given_records import ARBITER, PEER, beside
from tests.unit.plug_ins import command_center


@pytest.fixture(scope="module")
def harness(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AdapterHarness]:
    """A candidate from outside the tree that is called like the suite's arbiter."""
    site = tmp_path_factory.mktemp("site")
    command_center(site)
    sys.path.insert(0, str(site))
    one = AdapterHarness("county_command", tmp_path_factory.mktemp("center")).start()
    yield one
    one.stop()
    sys.path.remove(str(site))
    for name in [name for name in sys.modules if name.partition(".")[0] == "county_command"]:
        del sys.modules[name]


@pytest.mark.parametrize(
    "check",
    [turns_forms_into_commands, answers_a_repeated_form_alike, refuses_broken_forms],
    ids=lambda check: check.__name__,
)
def test_a_candidate_called_like_the_arbiter_passes(check: Check, harness: AdapterHarness) -> None:
    """The checks in which it asks the arbiter for a ruling: it is not its own arbiter."""
    assert harness.me == ARBITER
    check(harness)


@pytest.mark.parametrize("candidate", [PEER, ARBITER, "media_center-150402", "ruling_center-150402"])
def test_the_others_have_other_names(candidate: str) -> None:
    """Peer and arbiter are two centers, and neither is the candidate."""
    assert len({candidate, *beside(candidate)}) == 3
