"""Queries of the intake: accepted forms by their idempotency key, so that a repeat changes nothing."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import select

from bus.store import tables as t
from bus.store.database import Tx
from bus.store.inserts import insert
from bus.store.statements import Prepared, among, as_list


class IntakeRow(NamedTuple):
    """One accepted form."""

    form: str
    native_id: str
    digest: str
    answer: str
    at_ms: int


_KNOWN = Prepared(
    lambda _: select(t.intakes.c.form, t.intakes.c.native_id, t.intakes.c.digest, t.intakes.c.answer).where(
        among("keys", t.intakes.c.form, t.intakes.c.native_id)
    )
)


def known(tx: Tx, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], tuple[str, str]]:
    """(form, native id) → (digest of the form, the answer that was given)."""
    wanted = list(keys)
    rows = _KNOWN.rows(tx, keys=as_list(wanted)) if wanted else ()
    return {(form, native_id): (digest, answer) for form, native_id, digest, answer in rows}


def note(tx: Tx, rows: Sequence[IntakeRow]) -> None:
    """Store accepted forms and their answers."""
    insert(tx, t.intakes, rows)
