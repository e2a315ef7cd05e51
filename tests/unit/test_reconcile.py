"""Labels beside facts, without a broker: what is held against whom."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from bus.contract.carried import CarriedMessage
from bus.contract.facts import FactsTold
from bus.ledger.reconcile import compare, keep
from bus.store import ledger
from tests.harness.step import MEDIA, PARTY, BareCenter

LEDGER = "ledger-150402"
HOUR_MS = 3_600_000


@pytest.fixture
def county(tmp_path: Path) -> Iterator[BareCenter]:
    """The ledger."""
    center = BareCenter(LEDGER, tmp_path)
    yield center
    center.close()


def carried(at_ms: int, place: int) -> CarriedMessage:
    """An entry of the broker's journal, of a message that the media center made then."""
    made = UUID(int=at_ms << 80 | 7 << 76 | 2 << 62 | place)
    return CarriedMessage(place, str(made), MEDIA, PARTY, "case.offered")


def told(county: BareCenter, at_ms: int, *, cut: bool = False) -> None:
    """The media center tells something."""
    message = FactsTold(cut=cut)
    county.store.write(lambda tx: ledger.take(tx, MEDIA, message, 0, at_ms, county.context.keeping))


def test_what_was_given_up_is_not_held_against_a_center(county: BareCenter) -> None:
    """It says that facts are missing: messages of that time have none, those of later have one."""
    told(county, HOUR_MS)
    keep(county.store, [[carried(2 * HOUR_MS, 1)]])
    assert [one.at_ms for one in compare(county.store, 9 * HOUR_MS).without_fact] == [2 * HOUR_MS]
    told(county, 3 * HOUR_MS, cut=True)
    keep(county.store, [[carried(4 * HOUR_MS, 2)]])
    assert [one.at_ms for one in compare(county.store, 9 * HOUR_MS).without_fact] == [4 * HOUR_MS]
