"""A ledger or a center that was put back to a backup: in the end the ledger has every case as each center has it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from bus.context import Ledger
from bus.contract.facts import FactsTold
from bus.store import tables as t
from tests.harness.recovering_county import Restored
from tests.harness.step import BareCenter

LEDGER = "ledger-150402"

Known = dict[UUID, tuple[str, int, str, int]]
"""case → holder, version, status, round"""


@pytest.fixture
def county(tmp_path: Path) -> Iterator[Restored]:
    """Three centers and their ledger, on a bad road."""
    county = Restored(tmp_path, 2, 3)
    for center in county.centers.values():
        center.context = replace(
            center.context, ledger=Ledger(LEDGER), reads=lambda name, kind: (name, kind) == (LEDGER, FactsTold.kind)
        )
    county.centers[LEDGER] = BareCenter(LEDGER, tmp_path)
    county.vaults[LEDGER] = county.vaults[county.names[0]]
    county.names = (*county.names, LEDGER)
    for name in county.names[:3]:
        county.register(name)
    yield county
    county.close()


def lives(county: Restored, steps: int = 150) -> None:
    """Some time passes; now and then a resident comes."""
    for number in range(steps):
        if number % 40 == 0:
            county.register(county.names[number // 40 % 3])
        county.step()


def at_the_ledger(county: Restored, center: str) -> Known:
    """What the ledger has of one center's cases."""
    s = t.ledger_states.c
    query = select(s.case_id, s.holder, s.version, s.status, s.round).where(s.center == center)
    with county.centers[LEDGER].store.reading() as tx:
        return {UUID(row.case_id): (row.holder, row.version, row.status, row.round) for row in tx.execute(query)}


def as_they_are(county: Restored, center: str) -> Known:
    """The same from the center's own records."""
    return {
        case_id: (one.holder, one.version, one.status.value, one.round)
        for case_id, one in county.records(center).items()
    }


@pytest.mark.parametrize("lost", [0, 3], ids=["center", "ledger"])
def test_after_a_restore_the_ledger_is_right_again(county: Restored, lost: int) -> None:
    """Whoever was put back, and whatever the road lost or repeated."""
    lives(county)
    name = county.names[lost]
    backup = county.backup(name)
    lives(county)
    county.put_back(name, backup, tuple(one for one in county.names if one != name))
    lives(county)
    county.rest()
    for center in county.names[:3]:
        assert at_the_ledger(county, center) == as_they_are(county, center)
        assert ("wire", "no-ledger") not in county.parked(center)


def test_without_a_loss_it_is_right(county: Restored) -> None:
    """On the bad road alone."""
    lives(county, 200)
    county.rest()
    for center in county.names[:3]:
        assert at_the_ledger(county, center) == as_they_are(county, center)
