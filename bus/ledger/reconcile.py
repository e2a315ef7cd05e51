"""Reconciling: what the broker has carried, beside what centers have told of it.

The journal's labels are an independent witness. A label without its fact is a message that its sender does not own up
to; a fact without its label is a message that never went through the broker.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from bus.contract.carried import CarriedMessage
from bus.store import ledger_carried
from bus.store.database import Store
from bus.store.ledger_carried import Alone, CarriedRow

PATIENCE_MS = 15 * 60_000
"""Facts may come later than the message, and a broker that is away carries it later than the fact."""
MOST = 1000
"""Most of one kind that are listed."""
UUID_V7 = 7


class Reconciled(NamedTuple):
    """What does not meet."""

    without_fact: list[Alone]
    without_label: list[Alone]


class Kept(NamedTuple):
    """What was read of the journal."""

    groups: int = 0
    entries: int = 0
    place: int | None = None
    """The offset of the last entry, also of one that is about no case; None: there was none."""


def keep(store: Store, groups: Iterable[Sequence[CarriedMessage]]) -> Kept:
    """Keep these groups of entries."""
    with store.reading() as tx:
        at_ms = ledger_carried.last_moment(tx)
    kept = Kept()
    for group in groups:
        rows = []
        for one in group:
            at_ms = made_ms(one.message_id) or at_ms
            rows.append(CarriedRow(one.message_id, one.recipient, one.sender, one.kind, one.offset, at_ms))
        store.write(lambda tx, rows=rows: ledger_carried.keep(tx, rows))  # type: ignore[misc]
        kept = Kept(kept.groups + 1, kept.entries + len(rows), rows[-1].place)
    return kept


def compare(store: Store, now_ms: int, patience_ms: int = PATIENCE_MS) -> Reconciled:
    """What does not meet, of what is older than ``patience_ms``."""
    with store.reading() as tx:
        bounds = (0, now_ms - patience_ms, MOST)
        return Reconciled(ledger_carried.without_fact(tx, *bounds), ledger_carried.without_label(tx, *bounds))


def made_ms(message_id: str) -> int | None:
    """When a message was made: its id says so (UUIDv7, RFC 9562). None for an id that does not."""
    try:
        known = UUID(message_id)
    except ValueError:
        return None
    return known.int >> 80 if known.version == UUID_V7 else None
