"""Housekeeping fills what an older program has not kept, a little at a time, and then looks for it no more."""

import time
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from bus.custody.commands import Register
from bus.runtime import housekeeping
from bus.runtime.housekeeping import PRUNE_S, Housekeeping
from bus.settings import load
from bus.store import Tx, older_cases
from bus.store import tables as t
from tests.harness.step import MEDIA, NOW, BareCenter, a_case


def test_cases_of_an_older_program_are_filled_round_by_round(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each round is due at once until the last; after it nothing asks for them."""
    monkeypatch.setattr(housekeeping, "OLDER_AT_ONCE", 2)
    center = BareCenter(MEDIA, tmp_path)
    for number in range(5):
        center.execute(Register(case=a_case(MEDIA, number=f"N-{number}")))
    center.store.write(lambda tx: tx.execute(update(t.cases).values(category=None)))
    url = f"sqlite:///{tmp_path}/{MEDIA}.db"
    settings = load(None, center=MEDIA, store=url, backend={"url": "http://x"}, intake_secret="s" * 40)
    keeping = Housekeeping(settings, center.context, center.blobs, lambda: NOW)
    left = []
    while keeping._older is not None:
        keeping._prune_due = 0.0
        keeping.round()
        left.append(_empty(center))
    assert left == [3, 1, 0, 0]
    assert keeping._prune_due > time.monotonic() + PRUNE_S / 2
    monkeypatch.setattr(older_cases, "refresh", None)
    keeping._prune_due = 0.0
    keeping.round()
    center.close()


def _empty(center: BareCenter) -> int:
    def count(tx: Tx) -> int:
        return int(tx.execute(select(func.count()).where(t.cases.c.category.is_(None))).scalar_one())

    return center.store.write(count)
