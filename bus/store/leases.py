"""The lease on the store: one row names the one process that may write, by the store's own clock."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, delete, inspect, literal_column, select, update

from bus.store import tables as t
from bus.store.database import Tx
from bus.store.inserts import dialect_insert

LEASE_MS = 20_000
"""Duration of a lease after its last renewal."""
WHOLE = 0
"""The partition of an unpartitioned store."""
_L = t.leases.c


@dataclass(frozen=True, slots=True)
class Holder:
    """A process, as it identifies itself."""

    name: str
    boot_id: str
    """Identifies its machine's current boot."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The holder of the store, and whether the lease has expired."""

    holder: Holder
    until_ms: int
    is_over: bool


def _now_ms(tx: Tx) -> ColumnElement[int]:
    """The database's clock: clocks of two machines may differ."""
    if tx.dialect.name == "sqlite":
        return literal_column("CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)")
    return literal_column("CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)")


def are_kept(tx: Tx) -> bool:
    """Whether this store has the lease table; an empty store and one of an older program have not."""
    return inspect(tx).has_table(t.leases.name)


def current(tx: Tx) -> Lease | None:
    """The lease taken last; None where there is none, or it was released."""
    if not are_kept(tx):
        return None
    query = select(_L.name, _L.boot_id, _L.until_ms, _L.until_ms <= _now_ms(tx)).where(_L.partition == WHOLE)
    row = tx.execute(query).one_or_none()
    return Lease(Holder(row[0], row[1]), row[2], bool(row[3])) if row else None


def take(tx: Tx, mine: Holder, seen: Lease | None) -> bool:
    """Take the lease, unless another process has taken or renewed it since it was ``seen``."""
    given = {"name": mine.name, "boot_id": mine.boot_id, "until_ms": _now_ms(tx) + LEASE_MS}
    if seen is not None:
        as_seen = and_(_L.partition == WHOLE, _L.name == seen.holder.name, _L.until_ms == seen.until_ms)
        return tx.execute(update(t.leases).where(as_seen).values(given)).rowcount == 1
    new = dialect_insert(t.leases, tx.dialect.name).values(given | {"partition": WHOLE}).on_conflict_do_nothing()
    return tx.execute(new.returning(_L.partition)).first() is not None


def renew(tx: Tx, mine: Holder) -> bool:
    """Renew the lease for its full duration; False: another process has it."""
    until = update(t.leases).where(_L.partition == WHOLE, _L.name == mine.name)
    return tx.execute(until.values(until_ms=_now_ms(tx) + LEASE_MS)).rowcount == 1 or take(tx, mine, None)


def release(tx: Tx, mine: Holder) -> None:
    """Release the lease; another process' lease stays."""
    if are_kept(tx):  # a store downgraded for an older program has no such table
        tx.execute(delete(t.leases).where(_L.partition == WHOLE, _L.name == mine.name))
