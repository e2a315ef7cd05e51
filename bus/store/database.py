"""Opening the store, and its transactions: one writer at a time on SQLite, row locks on PostgreSQL."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy import Connection, Dialect, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, SQLAlchemyError
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

DriverError = SQLAlchemyError
"""What a database or its driver says of itself, before it is known whether trying again may help."""
Tx = Connection
"""One open transaction."""
T = TypeVar("T")
MAY_PASS = (OperationalError, IntegrityError)
"""What another try may cure: a database that is busy or away, and a race that was lost."""

WRITERS_CACHE_KIB = 16 * 1024
"""How much of its file SQLite's writer keeps in memory. With the 2 MiB that it has of itself, a center of 20,000 cases
read each page of its indexes from the file again and again."""

PAGE_BYTES = 8192
"""Of a page in SQLite's file, from its making on. A row with its message is a good part of the usual page of 4 KiB;
with this size a window's commits take a third less of the processor, and a commit of one hand-over is no slower."""

PAGES_IN_THE_LOG = 2000
"""How many pages SQLite's log takes before they are moved to the file: the pages on which every commit writes are moved
once for several commits. Of itself it would be 1000."""

POSTGRESQL = (
    "lock_timeout=10s",
    "statement_timeout=60s",
    # a list of values has 100 rows to the planner, whatever its length: for the two that we look up it would read a
    # table of 20,000 rows from end to end and hash it
    "enable_hashjoin=off",
    "enable_mergejoin=off",
    "random_page_cost=1.1",
)
"""How each connection to PostgreSQL is set."""


POSTGRESQL_GONE = {
    "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 4, "tcp_user_timeout": 30_000,
}  # fmt: skip
"""After how long a PostgreSQL whose machine is gone counts as away: within half a minute. Of itself it would be two
hours, and nobody ends a loop that waits for the store."""


class StoreUnavailable(RuntimeError):
    """The store could not be read or written. The text says what and the cure, never a value of a row."""

    def __init__(self, text: str, *, passing: bool) -> None:
        super().__init__(text)
        self.passing = passing
        """Whether it may be better later; if not, it is these rows that cannot be written."""


class Store:
    """One center's store. Threads may share it; each transaction belongs to one thread."""

    def __init__(self, url: str, encryption: object = None) -> None:
        """``encryption``: what hides and shows its rows (``bus/store/encryption.py``); without one they stand in
        clear."""
        self.url = make_url(url)
        self.on_sqlite = self.url.get_backend_name() == "sqlite"
        self._writers = threading.Lock()
        self._writer: Connection | None = None
        self.engine = _open(url, self.on_sqlite).execution_options(vault=encryption)

    def write(self, change: Callable[[Tx], T]) -> T:
        """Run ``change`` in one transaction and commit it. On a lost race or a passing fault it is run again, so it
        must change nothing but the store. Raises ``StoreUnavailable`` when that does not help."""
        try:
            try:
                return self._write_once(change)
            except MAY_PASS:
                return self._write_again(change)
        except DBAPIError as error:
            raise _trouble(error) from None

    def _write_again(self, change: Callable[[Tx], T]) -> T:
        again = Retrying(
            retry=retry_if_exception_type(MAY_PASS),
            wait=wait_random_exponential(multiplier=0.05, max=1.0),
            stop=stop_after_attempt(5),
            reraise=True,
        )
        done: T = again(self._write_once, change)
        return done

    def _write_once(self, change: Callable[[Tx], T]) -> T:
        if not self.on_sqlite:
            with self.engine.begin() as tx:
                return change(tx)
        with self._writers:  # waiting here is fair; SQLite's own waiting is sleep and luck
            return self._write_to_sqlite(change)

    def _write_to_sqlite(self, change: Callable[[Tx], T]) -> T:
        """By the one connection that writes, which is kept: taking one from the pool and SQLAlchemy's own transaction
        cost more than the statements of an ordinary round."""
        tx = self._writer = self._writer or self._new_writer()
        try:
            _sqlite_execute(tx, "BEGIN IMMEDIATE")
            done = change(tx)
            _sqlite_execute(tx, "COMMIT")
        except BaseException:
            self._undo(tx)
            raise
        return done

    def _new_writer(self) -> Connection:
        writer = self.engine.connect().execution_options(writer=True)
        _sqlite_execute(writer, f"PRAGMA cache_size={-WRITERS_CACHE_KIB}")
        _sqlite_execute(writer, f"PRAGMA wal_autocheckpoint={PAGES_IN_THE_LOG}")
        return writer

    def _undo(self, tx: Tx) -> None:
        try:
            tx.connection.rollback()
        except Exception:  # its disk is gone, say: the next transaction begins with a new connection
            tx.invalidate()
            tx.close()
            self._writer = None

    @contextmanager
    def reading(self) -> Iterator[Tx]:
        """A transaction that only reads; on SQLite it blocks no writer. Raises ``StoreUnavailable``."""
        try:
            with self.engine.connect().execution_options(reading=True) as tx:
                yield tx
        except DBAPIError as error:
            raise _trouble(error) from None

    def close(self) -> None:
        """Let go of every connection."""
        with self._writers:
            if self._writer is not None:
                self._writer.close()
                self._writer = None
        self.engine.dispose()


def _open(url: str, on_sqlite: bool) -> Engine:
    if not on_sqlite:
        return create_engine(
            url,
            hide_parameters=True,
            pool_pre_ping=True,
            pool_size=8,
            connect_args={
                "connect_timeout": 10,
                "options": " ".join(f"-c {one}" for one in POSTGRESQL),
                **POSTGRESQL_GONE,
            },
        )
    # every transaction is committed or rolled back by us; the pool need not roll back once more
    engine = create_engine(
        url, hide_parameters=True, pool_size=8, pool_reset_on_return=None, connect_args={"timeout": 10}
    )
    event.listen(engine, "connect", _sqlite_connect)
    event.listen(engine, "begin", _sqlite_begin)
    return engine


def _sqlite_connect(connection: DBAPIConnection, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves: the driver would begin too late and deferred
    for pragma in (
        f"page_size={PAGE_BYTES}",  # first: what is written once keeps its size
        "journal_mode=WAL",
        "synchronous=FULL",  # NORMAL forgets commits at a power cut
        "secure_delete=ON",  # a deleted resident is gone from the file too
        "foreign_keys=ON",
    ):
        connection.cursor().execute(f"PRAGMA {pragma}")


def _sqlite_begin(connection: Connection) -> None:
    """What SQLAlchemy's own transactions begin with; the writer says it itself."""
    options = connection.get_execution_options()
    if not options.get("writer", False):
        _sqlite_execute(connection, "BEGIN" if options.get("reading", False) else "BEGIN IMMEDIATE")


def _sqlite_execute(connection: Connection, word: str) -> None:
    try:
        # by the driver itself: SQLAlchemy's own way costs as much again as the rest of an empty transaction
        connection.connection.driver_connection.execute(word)  # type: ignore[union-attr]  # there is one
    except sqlite3.Error as error:
        raise as_sqlalchemys(error, connection.dialect) from error


def as_sqlalchemys(error: Exception, dialect: Dialect) -> BaseException:
    """An error of the driver, met past SQLAlchemy, as SQLAlchemy itself would raise it; no parameter stands in it."""
    return DBAPIError.instance(None, None, error, dialect.loaded_dbapi.Error, hide_parameters=True, dialect=dialect)


def _trouble(error: DBAPIError) -> StoreUnavailable:
    return StoreUnavailable(
        f"{type(error.orig).__name__ if error.orig else type(error).__name__}: the store cannot be used now; "
        "check that its disk has room, that the database runs, and that no other program holds it",
        passing=isinstance(error, OperationalError),
    )
