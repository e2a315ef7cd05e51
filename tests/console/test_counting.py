"""Figures are counted beside the pages: no page waits for them, and none shows old ones as new."""

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from bus.console import counting
from bus.console.counting import Answer, Counting
from bus.figures.answers import Counted
from bus.figures.definitions import FIGURES
from bus.figures.period import Period
from bus.store.database import StoreUnavailable
from tests.harness.step import NOW

MONTH, YEAR = Period(NOW - timedelta(days=30), NOW), Period(NOW - timedelta(days=365), NOW)


class Store:
    """What a scope counts from, as slowly as the test wants."""

    def __init__(self) -> None:
        self.cases = 0
        self.times = 0
        self.away = False
        self.goes_on = threading.Event()
        self.goes_on.set()

    def count(self, _period: Period, _until: datetime) -> Sequence[Counted]:
        """How many cases there are now."""
        self.goes_on.wait(10)
        self.times += 1
        if self.away:
            raise StoreUnavailable("the disk is full", passing=True)
        return [Counted(FIGURES[0], self.cases, None)]


@pytest.fixture
def store() -> Store:
    """A store that answers at once."""
    return Store()


@pytest.fixture
def figures(store: Store, monkeypatch: pytest.MonkeyPatch) -> Counting:
    """Nobody counts but the test, and a page waits for nothing."""
    monkeypatch.setattr(counting, "PATIENCE", 0.0)
    return Counting(store.count)


def _number(answer: Answer | None) -> int | None:
    return answer.counted[0].numerator if answer is not None else None


def test_a_page_is_told_that_it_is_being_counted(store: Store, figures: Counting) -> None:
    """Then the answer is there, with its as-of; the same question is counted once."""
    assert figures.as_of(MONTH, NOW) is None
    assert figures.as_of(MONTH, NOW) is None
    figures.round()
    answer = figures.as_of(MONTH, NOW)
    assert answer is not None
    assert (answer.until, store.times) == (NOW, 1)


def test_a_dear_answer_is_good_for_a_while(store: Store, figures: Counting, monkeypatch: pytest.MonkeyPatch) -> None:
    """In proportion to what it has cost."""
    assert figures.now(MONTH, NOW) is None
    figures.round()
    monkeypatch.setattr(counting, "GOOD_FOR", 1e9)
    assert _number(figures.now(MONTH, NOW + timedelta(minutes=1))) == 0
    assert figures.waits == 0


def test_an_old_answer_is_told_while_the_next_is_counted(
    store: Store, figures: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the moment of which it tells."""
    monkeypatch.setattr(counting, "GOOD_FOR", 0.0)
    assert figures.now(MONTH, NOW) is None
    figures.round()
    store.cases = 5
    later = NOW + timedelta(minutes=1)
    assert _number(figures.now(MONTH, later)) == 0
    assert figures.now(MONTH, later + timedelta(seconds=3)) is not None
    figures.round()
    assert (_number(figures.now(MONTH, later)), store.times) == (5, 2)


def test_a_cheap_answer_is_always_of_the_present(store: Store) -> None:
    """A second question a moment later is counted anew."""
    figures = Counting(store.count)
    ends = threading.Event()

    def count() -> None:
        while not ends.is_set():
            figures.round()

    thread = threading.Thread(target=count, daemon=True)
    thread.start()
    try:
        for cases in range(4):
            store.cases = cases
            assert _number(figures.as_of(MONTH, NOW + timedelta(seconds=cases))) == cases
    finally:
        ends.set()
        thread.join(10)


def test_a_store_that_is_away_is_told_and_asked_again(store: Store, figures: Counting) -> None:
    """The trouble is told once, and is no answer for ever."""
    store.away = True
    assert figures.as_of(MONTH, NOW) is None
    figures.round()
    with pytest.raises(StoreUnavailable):
        figures.as_of(MONTH, NOW)
    store.away = False
    assert figures.as_of(MONTH, NOW) is None
    figures.round()
    assert _number(figures.as_of(MONTH, NOW)) == 0


def test_neither_questions_nor_answers_pile_up(store: Store, figures: Counting) -> None:
    """Somebody who asks for a thousand periods keeps the others waiting for a few of them alone."""
    for hours in range(1000):
        figures.as_of(YEAR, NOW - timedelta(hours=hours))
    for _ in range(1000):
        if not figures.waits:
            break
        figures.round()
    assert store.times == counting.KEPT
