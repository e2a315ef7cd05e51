"""A row that is written for no other reason than to see that the store takes it."""

from bus.store import tables as t
from bus.store.database import Tx
from bus.store.inserts import upsert


def beat(tx: Tx, now_ms: int) -> None:
    """Write the moment; a store that is full, read-only or away refuses it as it would refuse a form."""
    upsert(tx, t.counters, [{"name": "heartbeat", "value": now_ms}])
