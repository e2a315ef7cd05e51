"""Inserts, upserts and inserts of new rows only.

A row is a named tuple; its fields that are columns are written. A mapping serves for tables that are little used.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple, TypeGuard, cast

from sqlalchemy import Column, Table, bindparam, literal
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from bus.store.database import Tx
from bus.store.statements import Prepared

Rows = Sequence[Mapping[str, Any]] | Sequence[NamedTuple]


def dialect_insert(table: Table, database: str) -> sqlite.Insert | postgresql.Insert:
    """An INSERT in the database's own dialect, for ``on_conflict_…``; ``excluded`` names the new row."""
    return (sqlite.insert if database == "sqlite" else postgresql.insert)(table)


def insert(tx: Tx, table: Table, rows: Rows) -> None:
    """Insert ``rows``; nothing for none."""
    if rows:
        _each(tx, _insert(table, _columns(table, rows)), rows)


def upsert(tx: Tx, table: Table, rows: Rows, settled: tuple[str, ...] = ()) -> None:
    """Insert ``rows``, or replace those with the same primary key. ``settled``: columns that are as they were, so that
    their indexes are not written once more."""
    if rows:
        _each(tx, _upsert(table, _columns(table, rows), settled), rows)


def insert_or_add(tx: Tx, table: Table, rows: Rows, amount: str) -> None:
    """Insert ``rows``, or add their ``amount`` to that of those with the same primary key."""
    if rows:
        _each(tx, _insert_or_add(table, _columns(table, rows), amount), rows)


def insert_new(tx: Tx, table: Table, rows: Rows, unique: Sequence[str]) -> None:
    """Insert those ``rows`` that do not exist yet, by the columns ``unique``."""
    if rows:
        _each(tx, _insert_new(table, _columns(table, rows), tuple(unique)), rows)


def _typed(rows: Rows) -> TypeGuard[Sequence[NamedTuple]]:
    return isinstance(rows[0], tuple)


def _columns(table: Table, rows: Rows) -> tuple[str, ...]:
    return tuple(name for name in rows[0]._fields if name in table.c) if _typed(rows) else tuple(rows[0])


def _each(tx: Tx, statement: Prepared, rows: Rows) -> None:
    if _typed(rows):
        statement.each_row(tx, rows)
    else:
        statement.each(tx, cast(Sequence[Mapping[str, Any]], rows))


@cache
def _insert(table: Table, columns: tuple[str, ...]) -> Prepared:
    return Prepared(lambda _: table.insert().values(_named(table, columns)))


@cache
def _upsert(table: Table, columns: tuple[str, ...], settled: tuple[str, ...]) -> Prepared:
    keys = [column.name for column in table.primary_key]

    def write(database: str) -> sqlite.Insert | postgresql.Insert:
        insert = dialect_insert(table, database).values(_named(table, columns))
        changed = {name: insert.excluded[name] for name in columns if name not in (*keys, *settled)}
        return insert.on_conflict_do_update(index_elements=keys, set_=changed)

    return Prepared(write)


@cache
def _insert_or_add(table: Table, columns: tuple[str, ...], amount: str) -> Prepared:
    keys = [column.name for column in table.primary_key]

    def write(database: str) -> sqlite.Insert | postgresql.Insert:
        insert = dialect_insert(table, database).values(_named(table, columns))
        added = {amount: table.c[amount] + insert.excluded[amount]}
        return insert.on_conflict_do_update(index_elements=keys, set_=added)

    return Prepared(write)


@cache
def _insert_new(table: Table, columns: tuple[str, ...], unique: tuple[str, ...]) -> Prepared:
    return Prepared(
        lambda database: (
            dialect_insert(table, database)
            .values(_named(table, columns))
            .on_conflict_do_nothing(index_elements=list(unique))
        )
    )


def _named(table: Table, columns: tuple[str, ...]) -> dict[str, Any]:
    """Each column bound under its own name; a missing one gets the table's default."""
    given = {name: bindparam(name, type_=table.c[name].type) for name in columns}
    return given | {column.name: literal(default) for column, default in _defaults(table) if column.name not in given}


def _defaults(table: Table) -> Iterator[tuple[Column[Any], Any]]:
    for column in table.c:
        if isinstance(column.default, ScalarElementColumnDefault):
            yield column, column.default.arg
