"""Behind each cell of a ledger are as many cases as it says, however it is split, on SQLite and on PostgreSQL."""

from collections import Counter

import pytest

from bus.figures.definitions import Part
from bus.store import Store
from bus.store.figures import Asked
from bus.store.ledger_breakdown import By
from bus.store.ledger_cases import FIRST, NotSplit, behind
from bus.store.ledger_figures import KEPT
from tests.conformance.test_ledger_figures import (  # noqa: F401 - the stores that they fill
    AS_OFS,
    PERIODS,
    RECKONING,
    filled,
)
from tests.harness.ledger_cells import check_cells


@pytest.mark.parametrize("filled", range(3), indirect=True)
def test_behind_each_cell_are_as_many_cases_as_it_says(filled: Store) -> None:  # noqa: F811 - the fixture
    """By center, street and category; of offers by sender, recipient and reason. The rows add up to the county."""
    seen: Counter[Part] = Counter()
    for period, at in ((PERIODS[1], AS_OFS[2]), (PERIODS[3], AS_OFS[4])):
        seen += check_cells(filled, period, at, RECKONING)
    assert {*seen} >= KEPT


def test_what_cannot_be_split_so_is_refused(filled: Store) -> None:  # noqa: F811 - the fixture
    """A project lies in several streets; an offer has no category, and a case no recipient."""
    asked = Asked(0, 2**50, 2**50)
    with filled.reading() as tx:
        for part, by in (
            (Part.PROJECTS, By.STREET),
            (Part.SIGN_DUE, By.CATEGORY),
            (Part.REGISTERED, By.RECIPIENT),
        ):
            with pytest.raises(NotSplit):
                behind(tx, part, asked, RECKONING, {by: "x"}, FIRST, 1)
