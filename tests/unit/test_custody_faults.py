"""The custody machine is worth what it catches: faults are planted in custody, and each must turn it red."""

import re
from collections.abc import Callable
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants
from hypothesis.stateful import run_state_machine_as_test

from tests.unit import test_custody, test_custody_rulings
from tests.unit.custody_model.cases import MEDIA
from tests.unit.custody_model.machine import CustodyMachine
from tests.unit.custody_model.world import World, town
from verification.mutants.defect import MACHINE, InProcess
from verification.mutants.defects import DEFECTS

SEARCH = settings(
    max_examples=800,
    stateful_step_count=60,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
    print_blob=False,
)

FAULTS = {
    one.words.en: one for one in DEFECTS.values() if isinstance(one.finder, InProcess) and MACHINE in one.finder.proof
}
"""Those of the one registry that are planted in custody and found here, by what is wrong."""
RED = {
    "an old holder's progress overwrites": "an older message moved custody",
    "an accept does not raise the version": "believes in a holder who never was",
    "a withdrawal needs no answer": "two offers of one version|has no offer|may decide|nobody makes",
    "a withdrawal is granted after the accept": "an older message moved custody",
    "a decline loses the holder": "believes in a holder who never was",
    "a decline is not taken down": "who has no offer",
    "an open offer is granted to two": "offers what it does not hold|one leg was decided twice",
    "losers of an open offer are not told": "an offer that nobody makes|the town never comes to rest",
    "a reopening begins no round": "differ about the round",
    "the holder closes what it resolves": "closed without a reply",
    "a ruling does not fence": "believes in a holder who never was",
    "crossing words are left alone": "an offer that nobody makes|has not heard that it was overruled|the origin",
}
"""What the machine says of each fault."""

EXAMPLES: dict[str, Callable[[World, UUID], None]] = {
    "a stale accept is believed": test_custody_rulings.test_late_accept_of_a_dead_center_is_superseded,
    "only the offerer hears of an accept": (
        test_custody_rulings.test_closing_that_crosses_a_ruling_reaches_the_imposed_holder
    ),
    "returns are not counted": test_custody.test_third_round_goes_to_the_arbiter,
    "a result reopens a closed case": test_custody.test_result_that_comes_after_the_closing_is_kept,
}
"""Faults that the machine meets seldom, and which example turns red at once."""


@pytest.mark.parametrize("name", RED)
def test_planted_fault_turns_the_machine_red(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the fault planted, the machine that is green without it names what is wrong."""
    FAULTS[name].plant(monkeypatch)
    found = _searched() or _searched_without_constants(monkeypatch)
    # what it meets first depends on the search; that it names one of these is what counts
    assert re.search("|".join(RED.values()), found), found or "not found"


def _searched() -> str:
    """What the machine says is wrong; nothing when it is green."""
    try:
        run_state_machine_as_test(CustodyMachine, settings=SEARCH)
    except AssertionError as wrong:
        return str(wrong)
    return ""


def _searched_without_constants(patch: pytest.MonkeyPatch) -> str:
    """Hypothesis draws constants of whatever modules are imported, so that what it meets hangs on other tests: a second
    search draws none."""
    patch.setattr(providers, "_get_local_constants", Constants)
    return _searched()


@pytest.mark.parametrize("name", EXAMPLES)
def test_planted_fault_turns_its_example_red(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the fault planted, the example that is green without it fails."""
    world = town(6)
    EXAMPLES[name](world, world.register(MEDIA))
    FAULTS[name].plant(monkeypatch)
    world = town(6)
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        EXAMPLES[name](world, world.register(MEDIA))


def test_every_fault_is_looked_for() -> None:
    """No fault stands in the list without a test that catches it."""
    assert set(RED) | set(EXAMPLES) == set(FAULTS)
