"""Every rule of the checker: silent over true evidence, and loud over each planted lie."""

import pytest

from tests.checker.conftest import Clean
from tests.checker.violations import LIES, Lie
from verification.checker import RULES, When, check, wrong


def test_true_evidence_breaks_no_rule(clean: Clean) -> None:
    """A county in which nothing went wrong is found clean, midway and at the end."""
    assert check(clean.midway, When.STILL) == []
    assert check(clean.end, When.DRAINED) == []


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.name)
def test_a_planted_lie_is_caught(clean: Clean, lie: Lie) -> None:
    """The rule that is there for it finds the lie, and nothing excuses it."""
    dirty = lie.plant(clean.midway if lie.midway else clean.end)
    found = wrong(check(dirty, When.DRAINED))
    assert lie.rule in {finding.rule for finding in found}, found


def test_every_rule_has_its_lie() -> None:
    """No rule is trusted that was never seen to bite."""
    assert {lie.rule for lie in LIES} == {rule.name for rule in RULES}
