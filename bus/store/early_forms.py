"""Queries of early forms: accepted forms that wait for the record that they are about."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from sqlalchemy import delete, func, select

from bus.store import tables as t
from bus.store.database import Tx
from bus.store.encryption import encryption_of
from bus.store.inserts import insert
from bus.store.statements import Prepared, among, as_list

_E = t.early_forms.c


class EarlyForm(NamedTuple):
    """One waiting form; its body as JSON, empty where it was altered in the store."""

    form: str
    native_id: str
    system: str
    record: str
    body: bytes
    at_ms: int


_WAITING = Prepared(
    lambda _: (
        select(_E.form, _E.native_id, _E.system, _E.record, _E.body, _E.at_ms)
        .where(among("records", _E.system, _E.record))
        .order_by(_E.at_ms, _E.form, _E.native_id)
    )
)
_TAKE = Prepared(lambda _: delete(t.early_forms).where(among("keys", _E.form, _E.native_id)))


def hold(tx: Tx, forms: Sequence[EarlyForm]) -> None:
    """Store these forms until their records come; their bodies are encrypted under the key of rows without a case."""
    hidden = encryption_of(tx).hidden(tx, [(None, one.body) for one in forms])
    insert(tx, t.early_forms, [one._replace(body=body) for one, body in zip(forms, hidden, strict=True)])


def waiting_for(tx: Tx, records: Collection[tuple[str, str]]) -> list[EarlyForm]:
    """The forms that wait for these records (system, native id), oldest first."""
    if not records:
        return []
    found = [EarlyForm(*row) for row in _WAITING.rows(tx, records=as_list(sorted(records)))]
    plain = encryption_of(tx).readable(tx, [(None, bytes(one.body)) for one in found])
    return [one._replace(body=body or b"") for one, body in zip(found, plain, strict=True)]


def known_by_now(tx: Tx, most: int) -> set[tuple[str, str]]:
    """Records for which forms still wait although they are linked to a case: where the form and the record were
    committed at the same moment, or the record was made by a handler."""
    same = (t.links.c.system == _E.system) & (t.links.c.native_id == _E.record)
    query = select(_E.system, _E.record).join_from(t.early_forms, t.links, same).distinct().limit(most)
    return {(system, record) for system, record in tx.execute(query)}


def take(tx: Tx, keys: Collection[tuple[str, str]]) -> None:
    """Remove these forms (form, native id)."""
    if keys:
        _TAKE.run(tx, keys=as_list(sorted(keys)))


def figures(tx: Tx) -> tuple[int, int]:
    """How many forms wait, and since when the oldest (0: none does). Reads all of them: for commands, and for a batch
    with early forms, whose number is bounded."""
    count, oldest_ms = tx.execute(select(func.count(), func.min(_E.at_ms)).select_from(t.early_forms)).one()
    return int(count), int(oldest_ms or 0)
