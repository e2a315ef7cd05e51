"""A write probe: one row that shows whether the store accepts writes."""

from bus.store import tables as t
from bus.store.database import Tx
from bus.store.inserts import upsert


def beat(tx: Tx, now_ms: int) -> None:
    """Write the current time; a store that is full, read-only or away refuses it as it would refuse a form."""
    upsert(tx, t.counters, [{"name": "heartbeat", "value": now_ms}])
