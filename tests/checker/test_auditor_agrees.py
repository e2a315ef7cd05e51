"""The auditor over facts and the checker over stores are two readings of one county: they agree."""

import pytest

from bus.audit import Code
from tests.checker.conftest import Clean
from tests.checker.told import audited
from tests.checker.violations import LIES, Lie
from verification.checker import When, check, wrong

SHOWN: dict[str, Code] = {
    "one-custodian: two_at_one_version": Code.TWO_HOLDERS,
    "one-custodian: believes_in_another": Code.TWO_HOLDERS,
    "versions-never-fall: an_older_state_came_back": Code.SET_BACK,
    "record-as-in-journal: changed_without_a_line": Code.NO_HOLDER,
    "record-as-in-journal: a_record_vanished": Code.SET_BACK,
    "holder-knows: the_holder_forgot": Code.NO_HOLDER,
    "holder-knows: an_old_holder_stays": Code.TWO_HOLDERS,
    "no-leg-dangles: an_offer_without_taker": Code.LEG_WITHOUT_END,
    "no-leg-dangles: an_open_case_awaits_a_ruling": Code.UNANSWERED,
    "no-leg-dangles: an_open_case_awaits_help": Code.UNANSWERED,
    "said-is-kept: receipted_before_it_arrived": Code.OVERDUE_RECEIPT,
    "inbox-as-in-journal: applied_unwritten": Code.OVERDUE_RECEIPT,
    "said-has-its-deed: passed_on_an_end_that_it_never_heard": Code.OVERDUE_RECEIPT,
    "told-is-kept: the_case_vanished": Code.SET_BACK,
    "submitted-is-open-plus-closed: the_origin_forgot": Code.SET_BACK,
    "nothing-left: not_drained": Code.OVERDUE_RECEIPT,
}
"""The violations that facts can show, and as what. The others are of a center's own tables, or of the matter itself:
inbox, outbox, lanes, desk, intake, bodies, residents."""


def test_a_clean_county_shows_nothing(clean: Clean) -> None:
    """At the end neither finds anything; midway the auditor has only what is under way, with patience."""
    assert check(clean.end, When.DRAINED) == []
    assert audited(clean.end) == []
    midway = audited(clean.midway)
    assert all(one.patience_ms for one in midway)
    assert {one.code for one in midway} <= {
        Code.OVERDUE_RECEIPT,
        Code.LEG_WITHOUT_END,
        Code.TWO_HOLDERS,
        Code.UNANSWERED,
    }


@pytest.mark.parametrize("lie", [lie for lie in LIES if lie.name in SHOWN], ids=lambda lie: lie.name)
def test_both_find_a_planted_violation(clean: Clean, lie: Lie) -> None:
    """What the checker finds in the stores, the auditor finds in what the same stores have told."""
    dirty = lie.plant(clean.midway if lie.midway else clean.end)
    assert lie.rule in {finding.rule for finding in wrong(check(dirty, When.DRAINED))}
    assert SHOWN[lie.name] in {one.code for one in audited(dirty)}


@pytest.mark.parametrize(
    "lie", [lie for lie in LIES if lie.name not in SHOWN and not lie.midway], ids=lambda lie: lie.name
)
def test_what_facts_cannot_show_is_no_false_alarm(clean: Clean, lie: Lie) -> None:
    """A violation of another kind is left to the checker: the auditor accuses nobody of something else."""
    assert audited(lie.plant(clean.end)) == []


def test_the_table_names_violations_that_are_planted() -> None:
    """None of them is a slip of the pen."""
    assert {*SHOWN} <= {lie.name for lie in LIES}
