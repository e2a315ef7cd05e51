"""The loop of a ledger that reads the broker's journal: each entry once, and no more often than there is something."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bus.contract.carried import CarriedMessage
from bus.contract.ids import new_id
from bus.log import log
from bus.runtime.auditing import GROUPS, READ_EVERY, Auditing
from tests.harness.step import MEDIA, PARTY, BareCenter
from tests.unit.test_facts_told import LEDGER


class Journal:
    """A journal that nothing but receipts goes through: they are about no case, and are not kept."""

    def __init__(self, entries: int) -> None:
        self.entries = [CarriedMessage(n, str(new_id()), MEDIA, PARTY, "bus.receipt") for n in range(entries)]
        self.read: list[int] = []

    def behind(self, after: int | None) -> Iterator[list[CarriedMessage]]:
        """Two entries a group."""
        first = 0 if after is None else after + 1
        for start in range(first, len(self.entries), 2):
            group = self.entries[start : start + 2]
            self.read += [one.offset for one in group]
            yield group


@pytest.mark.parametrize("entries", [0, 5, 5 * GROUPS])
def test_an_entry_about_no_case_is_read_once(tmp_path: Path, entries: int) -> None:
    """However many lie behind the last one that is kept, the loop gets past them, and then waits."""
    ledger, journal = BareCenter(LEDGER, tmp_path), Journal(entries)
    auditing = Auditing(ledger.store, lambda: ledger.now, log(), journal.behind)
    pauses = [auditing.watch() for _ in range(5)]
    assert journal.read == [*range(entries)]
    full = entries // (2 * GROUPS)
    assert pauses == [0.0] * full + [READ_EVERY] * (5 - full)
    ledger.close()
