"""Figures as definitions: names, formulas, rounding in whole numbers, periods by the county's reckoning."""

from datetime import datetime, time
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus.figures.answers import Counts, figures_of, weighted
from bus.figures.definitions import FIGURES, Kind, Part
from bus.figures.period import CHINA, NotAPeriod, Period, Reckoning
from bus.figures.rounding import percent, ratio


@pytest.mark.parametrize(
    ("numerator", "denominator", "shown"),
    [
        (1706, 2400, "71.08 %"),
        (16_263, 16_263, "100.00 %"),
        (16_263, 16_264, "99.99 %"),
        (999_999, 1_000_000, "99.99 %"),
        (1, 1_000_000, "0.01 %"),
        (0, 7, "0.00 %"),
        (0, 0, "—"),
        (39_000, 62_000, "62.90 %"),
        (1, 8, "12.50 %"),
        (1, 16_000, "0.01 %"),
        (3, 2, "150.00 %"),
        (1_000_001, 1_000_000, "100.01 %"),
    ],
)
def test_rates_as_the_definitions_say(numerator: int, denominator: int, shown: str) -> None:
    """Half up, and a whole only where it is one."""
    assert percent(numerator, denominator) == shown


@given(st.integers(0, 10**6), st.integers(1, 10**6))
def test_a_rate_is_within_half_a_hundredth_but_at_its_ends(numerator: int, denominator: int) -> None:
    """By exact fractions; only a rate that would be shown as a whole or as nothing is further off."""
    shown, exact = Fraction(percent(numerator, denominator)[:-2]), Fraction(100 * numerator, denominator)
    assert abs(shown - exact) <= Fraction(1, 100)
    if shown not in (Fraction("0.01"), Fraction("99.99"), Fraction("100.01")):
        assert -Fraction(1, 200) < shown - exact <= Fraction(1, 200) or shown == exact
    assert (shown == 100) == (numerator == denominator)
    assert (shown == 0) == (numerator == 0)


def test_a_mean_has_two_places() -> None:
    """And none where there is no case."""
    assert (ratio(7, 3), ratio(1, 8), ratio(0, 0)) == ("2.33", "0.13", "—")


def test_every_figure_has_its_own_name_and_its_formula() -> None:
    """In both languages; a rate has a denominator, a count has none."""
    for names in ({f.code for f in FIGURES}, {f.name.zh for f in FIGURES}, {f.name.en for f in FIGURES}):
        assert len(names) == len(FIGURES)
    for figure in FIGURES:
        assert figure.formula.zh
        assert figure.formula.en
        assert (figure.denominator is None) == (figure.kind is Kind.COUNT)
        assert ("÷" in figure.formula.zh) == ("÷" in figure.formula.en) == (figure.kind is not Kind.COUNT)
        assert ("率" in figure.name.zh) == (figure.kind is Kind.RATE)


def test_roll_ups_add_numerators_and_denominators() -> None:
    """Two centers of 1/2 and 0/98 are 1/100 together, and no average of their rates."""
    one = Counts(dict.fromkeys(Part, 0) | {Part.RESOLVED: 1, Part.REGISTERED: 2}, {0: 1})
    other = Counts(dict.fromkeys(Part, 0) | {Part.REGISTERED: 98}, {0: 2, 3: 1})
    both = one + other
    found = {counted.figure.code: counted.value for counted in figures_of(both)}
    assert found["resolution-rate"] == "1.00 %"
    assert both.hand_overs == {0: 3, 3: 1}


def test_median_and_p90_are_counts_that_occurred() -> None:
    """The smallest number that so many percent do not exceed."""
    counts = Counts({}, {0: 5, 1: 4, 7: 1})
    assert (counts.hand_overs_at(50), counts.hand_overs_at(90), counts.hand_overs_at(100)) == (0, 1, 7)
    assert Counts({}).hand_overs_at(50) is None


def test_weights_are_whole_numbers() -> None:
    """In thousandths, the worst grade first."""
    assert weighted({5: 3, 3: 1, 1: 2}, (0, 0, 600, 800, 1000)) == 3600


def test_months_follow_each_other_without_gap_or_overlap() -> None:
    """Whatever their first day and day cut, each moment lies in exactly the month that is found for it."""
    for begins, cut in product((1, 19, 28), (time(0), time(12))):
        reckoning = Reckoning(month_begins=begins, day_begins=cut)
        for month in range(1, 13):
            here = reckoning.month(2026, month)
            assert here.end == (reckoning.month(2027, 1) if month == 12 else reckoning.month(2026, month + 1)).begin
            assert reckoning.month_of(here.begin) == here
            assert reckoning.month_of(here.begin + (here.end - here.begin) / 2) == here


def test_beijings_month_begins_on_the_19th_at_noon() -> None:
    """Of the month before."""
    month = Reckoning(month_begins=19, day_begins=time(12)).month(2026, 1)
    assert month == Period(datetime(2025, 12, 19, 12, tzinfo=CHINA), datetime(2026, 1, 19, 12, tzinfo=CHINA))


def test_moments_are_chinas_unless_they_say_otherwise() -> None:
    """A day begins at its cut."""
    reckoning = Reckoning(day_begins=time(12))
    assert reckoning.moment("2021-08-01") == datetime(2021, 8, 1, 12, tzinfo=CHINA)
    assert reckoning.moment("2021-08-01T00:00") == datetime(2021, 8, 1, tzinfo=CHINA)
    assert reckoning.moment("2021-07-31T16:00:00+00:00") == datetime(2021, 8, 1, tzinfo=CHINA)
    with pytest.raises(NotAPeriod):
        reckoning.moment("1 August")
    with pytest.raises(NotAPeriod):
        Period(datetime(2021, 8, 1, tzinfo=CHINA), datetime(2021, 8, 1, tzinfo=CHINA))
