"""Queries of the ledger that takes no facts: it is told no more of them, and tried again later."""

from typing import NamedTuple

from sqlalchemy import delete, select, update

from bus.store import tables as t
from bus.store.database import Tx
from bus.store.inserts import insert
from bus.store.statements import Prepared

_R = t.facts_refused.c


class FactsRefused(NamedTuple):
    """The refusal of a ledger."""

    ledger: str
    code: str
    at_ms: int
    edition: str
    """The directory by which it was told."""
    tried_ms: int = 0
    """When it was told one message again, of which nothing is known yet; 0: it was not."""


_KEPT = Prepared(lambda _: select(*_R))


def kept(tx: Tx, ledger: str) -> FactsRefused | None:
    """The refusal of this ledger; None: it takes facts, or was not told any. There is one row at most."""
    found = any_kept(tx)
    return found if found is not None and found.ledger == ledger else None


def any_kept(tx: Tx) -> FactsRefused | None:
    """The refusal of the ledger that was told last."""
    rows = _KEPT.rows(tx)
    return FactsRefused(*rows[0]) if rows else None


def keep(tx: Tx, refused: FactsRefused) -> None:
    """Note a refusal. One of another ledger, which the settings named before, is forgotten."""
    tx.execute(delete(t.facts_refused))
    insert(tx, t.facts_refused, [refused])


def tried(tx: Tx, now_ms: int) -> None:
    """Note that it was told one message again."""
    tx.execute(update(t.facts_refused).values(tried_ms=now_ms))


def end(tx: Tx) -> None:
    """Note that the ledger takes facts."""
    tx.execute(delete(t.facts_refused))
