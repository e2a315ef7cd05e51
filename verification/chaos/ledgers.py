"""The county's ledger as a run looks at it: what its auditor has found, and whether it knows what the centers know."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import func, select

from bus.audit import Finding
from bus.figures.answers import Counts
from bus.figures.definitions import Part
from bus.figures.period import Period, Reckoning
from bus.store import figures, findings, ledger_figures, outbox
from bus.store import tables as t
from bus.store.database import Store, StoreUnavailable
from bus.store.ledger_parts_of_days import OF_CASES
from bus.store.timestamps import ms
from verification.chaos.county import ChaosCounty
from verification.chaos.operating import bus
from verification.chaos.over import OVER

MOST = 100_000
LOOK_EVERY = 0.5
COMPARED = OF_CASES | {Part.SATISFIED}
"""Parts that a center counts as well; of offers it forgets what was answered."""


class Found(NamedTuple):
    """What the auditor has found."""

    open: list[Finding]
    cleared: list[Finding]

    @property
    def all(self) -> list[Finding]:
        """Both."""
        return [*self.open, *self.cleared]


def found(county: ChaosCounty) -> Found:
    """What the auditor has found so far; nothing where the county has no ledger, or its store is away."""
    if county.ledger is None:
        return Found([], [])
    with closing(county.store(county.ledger.name)) as store:
        try:
            with store.reading() as tx:
                return Found(findings.listed(tx, MOST), findings.listed(tx, MOST, cleared=True))
        except StoreUnavailable:
            return Found([], [])


def await_found(county: ChaosCounty, wanted: Callable[[Found], bool], seconds: float) -> bool:
    """Wait until the auditor's findings are as wanted, for so long at most. Returns whether they are."""
    deadline = time.monotonic() + seconds
    while not wanted(found(county)):
        if time.monotonic() > deadline or OVER.wait(LOOK_EVERY):
            return False
    return True


# -- at rest -----------------------------------------------------------------------------------------------------------


def unmet(county: ChaosCounty, poisoned: int) -> Iterator[str]:
    """What ``bus ledger reconcile`` says of the broker's journal beside the facts. ``poisoned``: how many messages
    without an id were published in a center's name."""
    if county.ledger is None:
        return
    told: dict[str, Any] = bus(county.ledger, "ledger", "reconcile", "--patience", "0", ends=(0, 1))
    for missing in ("without_fact", "without_label"):
        for one in told[missing]:
            if one["message_id"] or not poisoned:
                yield f"reconcile: {missing}: {one['kind']} {one['sender']} to {one['recipient']} {one['message_id']}"


def differing(county: ChaosCounty) -> Iterator[str]:
    """Where the ledger knows a case otherwise than its center does, and where its figures are not those of a recount of
    the centers' stores."""
    if county.ledger is None:
        return
    with closing(county.store(county.ledger.name)) as ledger:
        recount = Counts({})
        now = datetime.now(UTC)
        day = Period(now - timedelta(days=40), now + timedelta(days=40))
        at_ms = ms(now + timedelta(days=40))
        for center in county.centers:
            with closing(county.store(center)) as store:
                yield from _refused(store, center, county.ledger.name)
                yield from _other_states(ledger, store, center)
                with store.reading() as tx:
                    recount += figures.count(tx, center, day, at_ms, Reckoning())
        with ledger.reading() as tx:
            counted = ledger_figures.count(tx, day, at_ms, Reckoning())
        for part in sorted(COMPARED):
            if counted.parts[part] != recount.parts[part]:
                yield f"figure {part}: the ledger says {counted.parts[part]}, a recount {recount.parts[part]}"


def _refused(store: Store, center: str, ledger: str) -> Iterator[str]:
    """What the ledger did not take of one center."""
    o = t.outbox.c
    query = select(func.count()).where(o.recipient == ledger, o.state == outbox.REFUSED)
    with store.reading() as tx:
        if count := tx.execute(query).scalar_one():
            yield f"the ledger has refused {count} messages of {center}"


def _other_states(ledger: Store, store: Store, center: str) -> Iterator[str]:
    """The cases of one center that the ledger does not have as it has them."""
    c, s = t.cases.c, t.ledger_states.c
    with store.reading() as tx:
        here = {row[0]: tuple(row[1:]) for row in tx.execute(select(c.case_id, c.holder, c.version, c.status))}
    with ledger.reading() as tx:
        query = select(s.case_id, s.holder, s.version, s.status).where(s.center == center)
        there = {row[0]: tuple(row[1:]) for row in tx.execute(query)}
    wrong = [case for case in here.keys() | there.keys() if here.get(case) != there.get(case)]
    for case in sorted(wrong)[:5]:
        yield f"state of {case} at {center}: {here.get(case)}, told {there.get(case)}; {len(wrong)} such cases"
