"""Queries of the intake: what was taken in from the center's own system, so that a repeat changes nothing."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import select, tuple_

from bus.store import tables as t
from bus.store.database import Tx, lay


def known(tx: Tx, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], tuple[str, str]]:
    """(form, native id) → (digest of the form, the answer that was given)."""
    wanted = list(keys)
    i = t.intakes.c
    query = select(i.form, i.native_id, i.digest, i.answer).where(tuple_(i.form, i.native_id).in_(wanted))
    return {(row.form, row.native_id): (row.digest, row.answer) for row in tx.execute(query)} if wanted else {}


def note(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Remember what was taken in and answered."""
    lay(tx, t.intakes, rows)
