"""Statements written once in SQLAlchemy and compiled once for each database.

Building and compiling a statement costs several times its execution, and the steps run the same few statements all day.
``among`` makes the length of a list part of the data, not of the statement.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any, NamedTuple, Self, TypeVar

from pydantic_core import to_json
from sqlalchemy import BindParameter, Boolean, ColumnElement, Dialect, Integer, Text, bindparam
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.sql.selectable import SelectBase

from bus.store.database import Tx, as_sqlalchemys

Statement = SelectBase | UpdateBase
Row = Sequence[Any]
T = TypeVar("T")


class Prepared:
    """One statement; ``write`` compiles it for a database by name (``sqlite``, ``postgresql``)."""

    def __init__(self, write: Callable[[str], Statement]) -> None:
        self._write = write
        self._compiled: dict[str, _Compiled] = {}

    def rows(self, tx: Tx, **values: Any) -> Sequence[Row]:  # noqa: ANN401 - whatever the columns hold
        """Every row, as plain values in the order of the columns."""
        compiled = self._for(tx.dialect)

        def read(cursor: DBAPICursor) -> Sequence[Row]:
            cursor.execute(compiled.text, compiled.parameters(values))
            return cursor.fetchall()

        return _by_cursor(tx, read)

    def run(self, tx: Tx, **values: Any) -> int:  # noqa: ANN401 - whatever the columns hold
        """Run the statement. Returns the number of affected rows."""
        compiled = self._for(tx.dialect)

        def change(cursor: DBAPICursor) -> int:
            cursor.execute(compiled.text, compiled.parameters(values))
            return cursor.rowcount

        return _by_cursor(tx, change)

    def each(self, tx: Tx, many: Iterable[Mapping[str, Any]]) -> None:
        """Run the statement once for each set of parameters."""
        compiled = self._for(tx.dialect)
        rows = [compiled.parameters(values) for values in many]
        if rows:
            _by_cursor(tx, lambda cursor: cursor.executemany(compiled.text, rows))

    def each_row(self, tx: Tx, rows: Sequence[NamedTuple]) -> None:
        """Run the statement once for each typed row, all of one type."""
        if rows:
            compiled = self._for(tx.dialect)
            read = compiled.reader(rows[0]._fields)
            given = rows if read is None else [read(row) for row in rows]
            _by_cursor(tx, lambda cursor: cursor.executemany(compiled.text, given))

    def _for(self, dialect: Dialect) -> "_Compiled":
        known = self._compiled.get(dialect.name)
        if known is None:
            known = self._compiled[dialect.name] = _Compiled(self._write(dialect.name), dialect)
        return known


def _by_cursor(tx: Tx, use: Callable[[DBAPICursor], T]) -> T:
    """The result of ``use`` on the driver's own cursor: SQLAlchemy's results cost more than these statements. Its
    errors become SQLAlchemy's."""
    cursor = tx.connection.cursor()
    try:
        return use(cursor)
    except tx.dialect.loaded_dbapi.Error as error:
        raise as_sqlalchemys(error, tx.dialect) from error
    finally:
        cursor.close()


class _Compiled:
    def __init__(self, statement: Statement, dialect: Dialect) -> None:
        compiled: SQLCompiler = statement.compile(dialect=dialect)
        self.text = str(compiled)
        self._order = compiled.positiontup
        self._given = {name: value for name, value in compiled.params.items() if value is not None}
        order = self._order or ()
        self._in_order = itemgetter(*order) if len(order) > 1 else lambda values: tuple(values[name] for name in order)
        self._readers: dict[tuple[str, ...], Callable[[NamedTuple], Any] | None] = {}

    def parameters(self, values: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a tuple or a mapping: as the driver wants it
        if self._given:
            values = {**self._given, **values}
        return values if self._order is None else self._in_order(values)

    def reader(self, fields: tuple[str, ...]) -> Callable[[NamedTuple], Any] | None:
        """A function from a typed row with these fields to the parameters; None: the driver takes the row itself."""
        if fields not in self._readers:
            self._readers[fields] = self._reader(fields)
        return self._readers[fields]

    def _reader(self, fields: tuple[str, ...]) -> Callable[[NamedTuple], Any] | None:
        if self._order is None or not {*self._order} <= {*fields}:
            return lambda row: self.parameters(dict(zip(fields, row, strict=True)))
        if tuple(self._order) == fields:
            return None
        return itemgetter(*(fields.index(name) for name in self._order))


class among(ColumnElement[bool]):  # noqa: N801 - reads as SQL does
    """A condition: the columns are one of the values, or tuples of values, bound under ``name`` by ``as_list``."""

    inherit_cache = True
    type = Boolean()

    def __init__(self, name: str, *columns: ColumnElement[Any]) -> None:
        self.name, self.columns = name, columns

    def self_group(self, against: OperatorType | None = None) -> Self:
        """The condition unchanged. SQLAlchemy would write ``… = 1`` for a database without booleans, which no index
        serves."""
        return self


def as_list(values: Iterable[Any]) -> str:
    """The JSON list that ``among`` binds: texts, numbers, or tuples of them."""
    return to_json(list(values)).decode()


# no value stands in these texts: only columns and a bind mark that SQLAlchemy itself has written


@compiles(among, "sqlite")
def _among_sqlite(element: among, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401 - SQLAlchemy's own
    columns = [compiler.process(column, **kw) for column in element.columns]
    bound = compiler.process(_bound(element), **kw)
    if len(columns) == 1:
        return f"{columns[0]} IN (SELECT value FROM json_each({bound}))"  # noqa: S608 - see above
    parts = ", ".join(f"json_extract(value, '$[{place}]')" for place in range(len(columns)))
    return f"({', '.join(columns)}) IN (SELECT {parts} FROM json_each({bound}))"  # noqa: S608 - see above


@compiles(among, "postgresql")
def _among_postgresql(element: among, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401 - SQLAlchemy's own
    columns = [compiler.process(column, **kw) for column in element.columns]
    listed = f"jsonb_array_elements(CAST({compiler.process(_bound(element), **kw)} AS jsonb)) AS r"
    casts = ["::bigint" if isinstance(column.type, Integer) else "" for column in element.columns]
    if len(columns) == 1:
        return f"{columns[0]} IN (SELECT (r #>> '{{}}'){casts[0]} FROM {listed})"  # noqa: S608 - see above
    parts = ", ".join(f"(r ->> {place}){cast}" for place, cast in enumerate(casts))
    return f"({', '.join(columns)}) IN (SELECT {parts} FROM {listed})"  # noqa: S608 - see above


def _bound(element: among) -> BindParameter[str]:
    return bindparam(element.name, type_=Text())
