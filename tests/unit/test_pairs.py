"""The interval that paired measurements are told with."""

import pytest

from benchmarks.pairs import interval


@pytest.mark.parametrize(
    ("count", "low", "high"),
    [(3, 0, 2), (5, 0, 4), (12, 2, 9), (20, 5, 14), (40, 14, 25)],
    ids=str,
)
def test_the_interval_holds_the_median_with_nine_tenths(count: int, low: int, high: int) -> None:
    """The ranks are those of the sign test; too few pairs give all that was measured."""
    assert interval([float(rank) for rank in range(count)]) == (low, high)
