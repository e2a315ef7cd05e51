"""The columns of a store that may hold residents' data, and the leak scan of all others."""

from collections.abc import Iterator, Mapping

from sqlalchemy import LargeBinary, String, select

from bus.store import tables as t
from bus.store.database import Store
from verification.checker.leak_scan import Place

IN_CLEAR = "the message itself: in clear in a store without a master key"
HOLD_RESIDENTS: Mapping[str, str] = {
    "cases.record": "the case itself: the center that serves the resident must know him",
    "outbox.body": IN_CLEAR,
    "held.body": IN_CLEAR,
    "work.body": IN_CLEAR,
    "parked.body": IN_CLEAR,
    "early_forms.body": "a form as it was handed in: in clear in a store without a master key",
    "archive.body": IN_CLEAR,
    "recovery_told.body": IN_CLEAR,
    "recovery_peers.partial": IN_CLEAR,
    "attachments.name": "the file's name, as the resident or his office gave it",
}
"""Columns that are skipped, and why. Every other column of text or bytes must be clean, new ones included."""


def clean_columns(name: str, store: Store, except_for: Mapping[str, str] = HOLD_RESIDENTS) -> Iterator[Place]:
    """The columns that must hold no residents' data, as places for ``scan``. ``except_for``: empty if the store has a
    master key."""
    with store.reading() as tx:
        for table in t.metadata.sorted_tables:
            columns = [column for column in table.c if isinstance(column.type, String | LargeBinary)]
            for column in columns:
                spot = f"{table.name}.{column.name}"
                if spot not in except_for:
                    values = tx.execute(select(column).where(column.is_not(None)).distinct()).scalars()
                    content = b"\n".join(v if isinstance(v, bytes) else str(v).encode() for v in values)
                    yield f"{name} {spot}", content
