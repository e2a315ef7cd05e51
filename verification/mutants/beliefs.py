"""Defects in what a center believes of a lying member; honest members never trigger them."""

from importlib import import_module
from typing import Any

import pytest

from bus.bilingual import Bilingual
from bus.custody import Record
from verification.mutants.defect import tested

MERGE, HEAR = import_module("bus.custody.merge"), import_module("bus.custody.hear_message")
OPENERS = import_module("bus.custody.initiating")
LIARS = "tests/unit/test_custody_beliefs.py"
MARKS = "tests/unit/test_directory_marks.py"
BY = Bilingual("说谎成员的测试", "the tests of a member that lies")
WHY = Bilingual("仿真里的中心都诚实", "the centers of the simulation are honest")
JUMP = f"{LIARS}::test_a_holder_is_not_passed_by_with_a_crossed_thousand[1000-progressed]"


@tested("跨千位即裁定", "takes any jump over a thousand for a ruling", JUMP, by=BY, why=WHY)
def jump_is_a_ruling(patch: pytest.MonkeyPatch) -> None:
    plain = MERGE.could_hold

    def could_hold(record: Record, data: Any, source: str) -> None:
        if not MERGE.overruled(record.version, data.version):
            plain(record, data, source)

    for module in (MERGE, HEAR, OPENERS):
        patch.setattr(module, "could_hold", could_hold)


@tested(
    "转办期间谁接都信", "believes anybody while an offer is out",
    f"{LIARS}::test_an_offered_case_goes_to_a_center_that_was_asked[2-accepted]", by=BY, why=WHY,
)  # fmt: skip
def anybody_takes_an_offer(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(MERGE, "_by_way_of_one_asked", lambda *_: True)


@tested(
    "谁的裁定都信", "believes anybody's ruling of a case whose arbiter is unknown",
    f"{MARKS}::test_a_ruling_by_nobodys_arbiter_waits_until_its_center_is_marked", by=BY, why=WHY,
)  # fmt: skip
def anybody_rules(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(HEAR, "may_rule", lambda *_: None)


@tested(
    "早到的消息当作拒收", "refuses for good what only comes too early",
    f"{MARKS}::test_a_ruling_by_nobodys_arbiter_waits_until_its_center_is_marked", by=BY, why=WHY,
)  # fmt: skip
def early_is_refused(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("bus.pipeline.receiving.apply.NOT_FINAL", ("unknown-case",))


@tested(
    "只限步长，不限总和", "bounds the step of a version, and not the sum",
    f"{LIARS}::test_no_row_of_claims_takes_the_power_to_rule", by=BY, why=WHY,
)  # fmt: skip
def step_without_sum(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(HEAR, "HIGHEST_VERSION", 2**31 - 1)


@tested(
    "丢了标记也不知道", "does not see that a newer directory lacks marks",
    "tests/unit/test_cli_keys.py::test_marks_that_an_older_program_has_dropped_are_not_signed_away",
    f"{MARKS}::test_marks_that_a_newer_directory_lacks_are_missed",
    by=Bilingual("名录的测试", "the tests of the directory"),
    why=Bilingual("仿真里名录不变", "the directory of the simulation never changes"),
)  # fmt: skip
def lost_marks_unseen(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("bus.security.directory.Directory.lost", lambda *_: {})
