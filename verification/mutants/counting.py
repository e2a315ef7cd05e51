"""Defects of figures, found by the tests that recount them."""

from typing import Any

import pytest
from sqlalchemy import true

from bus.bilingual import Bilingual
from bus.custody import moments
from bus.figures import spans
from bus.store import ledger_breakdown, ledger_cases
from verification.mutants.defect import tested

BY = Bilingual("与逐案重算比对的测试", "the tests that recount every case")
WHY = Bilingual("仿真不核对指标", "the simulation judges no figure")
CELLS = "tests/conformance/test_ledger_cells.py::test_behind_each_cell_are_as_many_cases_as_it_says[sqlite-0]"
SUMS = "tests/conformance/test_ledger_figures.py::test_kept_sums_are_those_of_a_recount[sqlite-0]"
FIRST = "tests/unit/test_first_hand_over.py::test_a_first_offer_that_came_to_nothing_was_not_right[withdrawn]"


@tested("案件在每个经手中心都计一次", "counts a case at every center that has had it", CELLS, by=BY, why=WHY)
def counted_where_it_was(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ledger_breakdown, "OWN", true())


@tested("列案件时不看筛选条件", "lists the cases of the whole county behind one center's figure", CELLS, by=BY, why=WHY)
def listed_of_the_whole_county(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ledger_cases, "_within", lambda *_: [])


@tested("撤回的首派不算数", "forgets a first offer that came to nothing", FIRST, by=BY, why=WHY)
def first_offer_forgotten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(moments, "_is_over", lambda *_: False)


@tested("逾期整改也算按期", "takes a late second answer for one in time", SUMS, by=BY, why=WHY)
def reworked_whenever(patch: pytest.MonkeyPatch) -> None:
    plain = spans._reworked

    def reworked(case: Any, rated: int, due: int) -> Any:
        late = case.answered_again_ms is not None and case.answered_again_ms > due
        return plain(case._replace(answered_again_ms=due) if late else case, rated, due)

    patch.setattr(spans, "_reworked", reworked)
