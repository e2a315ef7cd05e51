"""The engine of a store: each new connection is configured and checked before its first query."""

import sqlite3
from typing import Any

from sqlalchemy import URL, Connection, Dialect, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection

from bus.bilingual import Bilingual
from bus.store import postgresql
from bus.store.errors import StoreUnfit, as_sqlalchemys
from bus.store.sqlite_files import file_of, keep_private

PAGE_BYTES = 8192
"""Page size of SQLite's file, fixed when it is made. A row with its message fills much of the default page of 4 KiB.
With 8 KiB a batch's commits take a third less CPU, and the commit of one hand-over is no slower."""

LOG_BYTES = 16 * 1024 * 1024
"""Size to which SQLite truncates its log after a full checkpoint: an open reader makes the log grow meanwhile."""

USUAL_PATIENCE_MS = 10_000
"""How long SQLite waits for another program's lock on the store."""

POSTGRESQL_LOGIN = {
    "connect_timeout": 10, "client_encoding": "utf8",
    "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 4, "tcp_user_timeout": 30_000,
}  # fmt: skip
"""Settings of each connection to PostgreSQL. A server whose machine is gone counts as away after half a minute; the
default is two hours, and no loop can be ended while it waits."""

UNREADABLE = Bilingual(
    "store 的地址读不出；口令须按百分号编码：@ 写作 %40，: 写作 %3A，/ 写作 %2F",
    "the URL of `store` cannot be read; in its password @ must be written %40, : %3A, / %2F",
)


def read_url(url: str) -> URL:
    """The store's URL, in its parts. Raises ``StoreUnfit``, which repeats no piece of it, where the password splits it;
    and what SQLAlchemy raises where it is none at all."""
    try:
        found = make_url(url)
    except ValueError:  # of what it took for a port, which it repeats
        raise StoreUnfit(UNREADABLE) from None
    login = url.partition("://")[2].partition("?")[0].rpartition("@")[0]
    if found.host is not None and "@" in login.partition(":")[2]:
        raise StoreUnfit(UNREADABLE)
    return found


def open_engine(url: str, on_sqlite: bool) -> Engine:
    """The engine of a store; no connection is open yet."""
    if not on_sqlite:
        engine = create_engine(
            url, hide_parameters=True, pool_pre_ping=True, pool_size=8, connect_args=dict(POSTGRESQL_LOGIN)
        )
        event.listen(engine, "do_connect", connect_to_postgresql)
        return engine
    # we commit or roll back every transaction ourselves; the pool need not roll back again
    engine = create_engine(
        url,
        hide_parameters=True,
        pool_size=8,
        pool_reset_on_return=None,
        connect_args={"timeout": USUAL_PATIENCE_MS / 1000},
    )
    event.listen(engine, "do_connect", _sqlite_open)
    event.listen(engine, "connect", _sqlite_connect)
    event.listen(engine, "begin", _sqlite_begin)
    return engine


def connect_to_postgresql(dialect: Dialect, _record: object, arguments: Any, named: Any) -> Any:  # noqa: ANN401 - SQLAlchemy's own
    """A connection to a database that can hold every character, checked before SQLAlchemy's first query. Raises
    ``StoreUnfit``."""
    connection: Any = dialect.connect(*arguments, **named)
    unfit = postgresql.unfit_encoding(connection)
    if unfit is not None:
        connection.close()
        raise StoreUnfit(unfit)
    postgresql.prepare(connection)
    return connection


def _sqlite_open(_dialect: Dialect, _record: object, arguments: Any, _named: object) -> None:  # noqa: ANN401 - SQLAlchemy's own
    file = file_of(make_url(f"sqlite:///{arguments[0]}"))
    if file is not None:
        keep_private(file)


def _sqlite_connect(connection: DBAPIConnection, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves: the driver's would come too late and be deferred
    for pragma in (
        f"page_size={PAGE_BYTES}",  # first: the page size is fixed with the first write
        "journal_mode=WAL",
        "synchronous=FULL",  # NORMAL can lose commits at a power cut
        "secure_delete=ON",  # a deleted resident is also overwritten in the file
        "foreign_keys=ON",
        f"journal_size_limit={LOG_BYTES}",
    ):
        connection.cursor().execute(f"PRAGMA {pragma}")


def _sqlite_begin(connection: Connection) -> None:
    """The begin of SQLAlchemy's own transactions; the writing connection says its own."""
    options = connection.get_execution_options()
    if not options.get("writer", False):
        sqlite_execute(connection, "BEGIN" if options.get("reading", False) else "BEGIN IMMEDIATE")


def sqlite_execute(connection: Connection, word: str) -> None:
    """Run one statement without parameters on SQLite."""
    try:
        # by the driver itself: SQLAlchemy's own way costs as much again as the rest of an empty transaction
        connection.connection.driver_connection.execute(word)  # type: ignore[union-attr]  # there is one
    except sqlite3.Error as error:
        raise as_sqlalchemys(error, connection.dialect) from error
