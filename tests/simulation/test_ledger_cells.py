"""The cells of a simulated county's ledger: kept sums, rows and the cases behind them say the same."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from bus.context import Keeping
from bus.figures.definitions import Part
from bus.figures.period import Period, Reckoning
from bus.store import Store, Tx, ledger_cells
from bus.store import tables as t
from bus.store.inserts import insert
from tests.harness.ledger_cells import check_cells
from verification.simulation.county import MORNING, County
from verification.simulation.fault_profile import tiny, with_ledger
from verification.simulation.workspace import Workspace

SEEDS = (1, 2, 3)
RECKONING = Reckoning()
BEGIN = datetime.fromtimestamp(MORNING, UTC)
WHOLE = Period(BEGIN - timedelta(days=60), BEGIN + timedelta(days=60))
HAPPENS = {Part.REGISTERED, Part.RESOLVED, Part.CONTACT_DUE, Part.OFFERS_ANSWERED}
"""What surely happens in one of three counties; the rest is planted in the tests of the stores."""


def _played(seed: int) -> Store:
    """The ledger's store after a county with crashes, losses and restores has come to rest."""
    with County(seed, with_ledger(tiny(seed)), Workspace()) as county:
        assert county.play()
    assert county.ledger is not None
    return county.ledger.node.store


def _copy(source: Store, target: Store) -> None:
    def copy(tx: Tx) -> None:
        for table in (t.ledger_states, t.ledger_offers, t.ledger_facts):
            tx.execute(table.delete())
            with source.reading() as read:
                rows = [dict(row._mapping) for row in read.execute(table.select())]
            insert(tx, table, rows)
        tx.execute(t.ledger_reckoning.delete())

    target.write(copy)
    ledger_cells.recount(target, Keeping(RECKONING), lambda _count: None)


@pytest.mark.filterwarnings("ignore:Selection of the SingletonThreadPool")  # by the simulation's stores in memory
def test_the_cells_of_a_simulated_county_have_their_cases(store: Store) -> None:
    """Three counties: first as their ledger has counted while it was told, then the same on a store of its own."""
    seen: Counter[Part] = Counter()
    for seed in SEEDS:
        played = _played(seed)
        for days in (0.1, 1, 50):
            check_cells(played, WHOLE, BEGIN + timedelta(days=days), RECKONING)
        _copy(played, store)
        seen += check_cells(store, WHOLE, BEGIN + timedelta(days=50), RECKONING)
    assert {*seen} >= HAPPENS
