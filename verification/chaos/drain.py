"""Draining: the time from the last healing until nothing is pending."""

import time
from collections.abc import Iterator

from sqlalchemy import Connection, Table, func, inspect, select

from bus.store import operations
from bus.store import tables as t
from bus.store.database import Store, StoreUnavailable
from verification.chaos.pulse import Pulse
from verification.chaos.stage import Stage

WITHIN = 60.0
"""Seconds after the last healing within which everything must be settled, on an otherwise idle machine."""
PATIENCE = 40.0
"""Further seconds of waiting before the run gives up and reports it."""


def drain(on: Stage, pulse: Pulse, healed: float, patience: float) -> float:
    """Wait until nothing moves any more, or for ``patience`` seconds. Returns the seconds since the healing."""
    quiet = 0
    while (waited := time.monotonic() - healed) < patience:
        before = len(pulse.answered)
        quiet = quiet + 1 if on.links.depth() == 0 and _settled(on) else 0
        pulse.look()
        if quiet >= 3 and len(pulse.answered) == before:
            return waited
        time.sleep(0.3)
    return time.monotonic() - healed


def _settled(on: Stage) -> bool:
    try:
        return not any(waiting(on.county.store_url(one)) for one in on.county.participants)
    except StoreUnavailable:
        return False


def what_waits(on: Stage) -> list[str]:
    """The unsettled items, one line a participant, for the finding."""
    lines = []
    for center in on.county.participants:
        store = on.county.store(center)
        try:
            with store.reading() as tx:
                waits = [line for table in (t.outbox, t.work) for line in _groups(tx, table)]
                waits += [
                    f"{table.name}: {count}"
                    for table in (t.held, t.receipts, t.errors)
                    if (count := tx.execute(select(func.count()).select_from(table)).scalar_one())
                ]
                waits += [f"{name}: {count}" for name, count in _since_facts(tx).items() if count]
        except StoreUnavailable as trouble:
            waits = [str(trouble)]
        finally:
            store.close()
        if waits:
            lines.append(f"{center} waits: {'; '.join(waits)}")
    return [*lines, f"in the inboxes: {on.links.depth()}"]


def _groups(tx: Connection, table: Table) -> Iterator[str]:
    now_ms = int(time.time() * 1000)
    row = table.c
    query = select(row.kind, row.attempts, func.count(), func.min(row.next_ms)).where(row.state == "waiting")
    for kind, attempts, count, due in tx.execute(query.group_by(row.kind, row.attempts)):
        yield f"{table.name} {kind} x{count}, attempt {attempts}, due in {(due - now_ms) / 1000:.0f} s"


def waiting(url: str) -> int:
    """The number of pending items in one participant's store."""
    store = Store(url)
    tables = (
        (t.outbox, t.outbox.c.state == "waiting"), (t.work, t.work.c.state == "waiting"), (t.held, None),
        (t.receipts, None), (t.errors, None),
    )  # fmt: skip
    try:
        with store.reading() as tx:
            total = 0
            for table, which in tables:
                query = select(func.count()).select_from(table)
                total += tx.execute(query if which is None else query.where(which)).scalar_one()
            return total + sum(_since_facts(tx).values())
    finally:
        store.close()


def _since_facts(tx: Connection) -> dict[str, int]:
    """What a store of v0.1.0 does not have: what the ledger was not told, whom it still asks, and operations."""
    if not inspect(tx).has_table(t.operations.name):
        return {}
    running = t.operations.c.state == operations.State.RUNNING.value
    queries = {
        "untold": select(func.count()).select_from(t.facts_untold),
        "asked by the ledger": select(func.count()).where(t.ledger_centers.c.why.is_not(None)),
        "operations": select(func.count()).where(running),
    }
    return {name: int(tx.execute(query).scalar_one()) for name, query in queries.items()}
