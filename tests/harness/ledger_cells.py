"""What holds of every cell of a ledger: its rows add up to the county, and behind it are as many cases as it says."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from bus.figures.answers import Counts
from bus.figures.definitions import Part
from bus.figures.period import Period, Reckoning
from bus.store import Store, ledger_figures
from bus.store.figures import Asked
from bus.store.ledger_breakdown import By, parts_of, split
from bus.store.ledger_cases import COUNTED, FIRST, Behind, Within, behind
from bus.store.timestamps import ms

PAGE = 40
"""Cases at once, so that most cells take several pages."""


def check_cells(store: Store, period: Period, at: datetime, reckoning: Reckoning) -> "Counter[Part]":
    """Check every cell of a ledger without ledgers below it, each way of splitting. Returns what was counted at all."""
    with store.reading() as tx:
        whole = ledger_figures.count(tx, period, ms(at), reckoning)
        rows = {by: split(tx, by, period, ms(at), reckoning) for by in By}
    for part in ledger_figures.KEPT:
        _check(store, part, period, at, reckoning, {}, whole)
    for by, each in rows.items():
        _adds_up(by, each, whole)
        for key, counts in each.items():
            for part in parts_of(by):
                _check(store, part, period, at, reckoning, {by: key}, counts)
    return Counter({part: number for part, number in whole.parts.items() if number})


def _adds_up(by: By, rows: dict[str, Counts], whole: Counts) -> None:
    for part in parts_of(by):
        if (by, part) != (By.REASON, Part.OFFERS_ANSWERED):
            assert sum(one.parts[part] for one in rows.values()) == whole.parts[part], (by, part)
    if Part.RESOLVED in parts_of(by):
        assert sum((Counter(one.hand_overs) for one in rows.values()), Counter()) == Counter(whole.hand_overs)


def _check(
    store: Store, part: Part, period: Period, at: datetime, reckoning: Reckoning, within: Within, counts: Counts
) -> None:
    asked = Asked(ms(period.begin), ms(period.end), ms(at))
    found = [*_pages(store, part, asked, reckoning, within)]
    assert found == sorted({*found}), (part, within)
    assert len(found) == counts.parts[COUNTED.get(part, part)], (part, within)


def _pages(store: Store, part: Part, asked: Asked, reckoning: Reckoning, within: Within) -> Iterator[Behind]:
    after = FIRST
    while True:
        with store.reading() as tx:
            page = behind(tx, part, asked, reckoning, within, after, PAGE)
        yield from page
        if len(page) < PAGE:
            return
        after = page[-1]
