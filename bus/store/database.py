"""The store and its transactions: one writer at a time on SQLite, row locks on PostgreSQL."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from bus.store import postgresql
from bus.store.errors import (
    READ_ONLY_NOW,
    DriverError,
    StoreUnavailable,
    StoreUnfit,
    as_sqlalchemys,
    as_unavailable,
    may_pass,
)
from bus.store.opening import (
    POSTGRESQL_LOGIN,
    USUAL_PATIENCE_MS,
    connect_to_postgresql,
    open_engine,
    read_url,
    sqlite_execute,
)

__all__ = ["DriverError", "Store", "StoreUnavailable", "StoreUnfit", "Tx", "as_sqlalchemys"]

Tx = Connection
"""One open transaction."""
T = TypeVar("T")
WRITERS_CACHE_KIB = 16 * 1024
"""SQLite's page cache of the writer. With the default of 2 MiB, a center of 20,000 cases read each index page from the
file again and again."""

PAGES_IN_THE_LOG = 2000
"""Pages in SQLite's write-ahead log before a checkpoint; the default is 1000. Pages that every commit writes are then
moved once for several commits."""

LOG_PATIENCE_MS = 200
"""How long emptying SQLite's log waits for readers; meanwhile all writers wait."""
LAPSED = (
    "this process has not been able to renew its lease on the store, and another one may have it: nothing is written "
    "until it is renewed"
)


def _always() -> bool:
    return True


class Store:
    """One center's store. Threads may share it; each transaction belongs to one thread."""

    def __init__(self, url: str, encryption: object = None) -> None:
        """``encryption`` encrypts and decrypts its rows (``bus/store/encryption.py``); without one they are stored in
        clear."""
        self.url = read_url(url)
        self.on_sqlite = self.url.get_backend_name() == "sqlite"
        self.may_write: Callable[[], bool] = _always
        """Asked before each change: whether this process still holds the lease on the store
        (``bus/runtime/lease.py``)."""
        self._writers = threading.Lock()
        self._writer: Connection | None = None
        self.engine = open_engine(url, self.on_sqlite).execution_options(vault=encryption)

    def write(self, change: Callable[[Tx], T]) -> T:
        """Run ``change`` in one transaction and commit it. It is run again on a lost race or a transient fault, so it
        must change nothing but the store. Raises ``StoreUnavailable`` when retries do not help."""
        if not self.may_write():
            raise StoreUnavailable(LAPSED, passing=True)
        return self.write_unasked(change)

    def write_unasked(self, change: Callable[[Tx], T]) -> T:
        """The same as ``write`` without asking ``may_write``; for the lease itself."""
        try:
            try:
                return self._write_once(change)
            except DBAPIError as error:
                if not may_pass(error):
                    raise
                return self._write_again(change)
        except DBAPIError as error:
            raise as_unavailable(error) from None

    def _write_again(self, change: Callable[[Tx], T]) -> T:
        again = Retrying(
            retry=retry_if_exception(may_pass),
            wait=wait_random_exponential(multiplier=0.05, max=1.0),
            stop=stop_after_attempt(5),
            reraise=True,
        )
        done: T = again(self._write_once, change)
        return done

    def _write_once(self, change: Callable[[Tx], T]) -> T:
        if not self.on_sqlite:
            with self._connected() as tx, tx.begin():
                return change(tx)
        with self._writers:  # waiting here is fair; SQLite's own waiting is sleep and luck
            return self._write_to_sqlite(change)

    def _write_to_sqlite(self, change: Callable[[Tx], T]) -> T:
        """Run ``change`` on the one writing connection, which stays open. A pooled connection and SQLAlchemy's own
        transaction cost more than the statements of an ordinary round."""
        tx = self._writer = self._writer or self._new_writer()
        try:
            sqlite_execute(tx, "BEGIN IMMEDIATE")
            done = change(tx)
            sqlite_execute(tx, "COMMIT")
        except BaseException:
            self._undo(tx)
            raise
        return done

    def _new_writer(self) -> Connection:
        writer = self.engine.connect().execution_options(writer=True)
        sqlite_execute(writer, f"PRAGMA cache_size={-WRITERS_CACHE_KIB}")
        sqlite_execute(writer, f"PRAGMA wal_autocheckpoint={PAGES_IN_THE_LOG}")
        return writer

    def _undo(self, tx: Tx) -> None:
        try:
            tx.connection.rollback()
        except Exception:  # for example its disk is gone: the next transaction begins with a new connection
            tx.invalidate()
            tx.close()
            self._writer = None

    @contextmanager
    def reading(self) -> Iterator[Tx]:
        """A read-only transaction; on SQLite it blocks no writer. Raises ``StoreUnavailable``."""
        try:
            with self._connected() as tx:
                yield tx.execution_options(reading=True)
        except DBAPIError as error:
            raise as_unavailable(error) from None

    @contextmanager
    def _connected(self) -> Iterator[Tx]:
        """A pooled connection. It does not return to the pool if its server is in a transient state: the next
        connection may reach a healthy server."""
        with self.engine.connect() as tx:
            try:
                yield tx
            except DBAPIError as error:
                if postgresql.is_passing(error):
                    tx.invalidate()
                raise

    def require_fit(self) -> None:
        """Check the store. Raises ``StoreUnfit`` where using it would harm data, ``StoreUnavailable`` where it cannot
        be asked."""
        if self.on_sqlite:
            return
        try:
            shared = postgresql.shares_sessions(self._raw_connection)
        except self.engine.dialect.loaded_dbapi.Error as error:
            raise as_unavailable(as_sqlalchemys(error, self.engine.dialect)) from None
        if shared:
            raise StoreUnfit(postgresql.SHARED)

    def _raw_connection(self) -> Any:  # noqa: ANN401 - the driver's own, outside of the pool
        arguments, named = self.engine.dialect.create_connect_args(self.url)
        return connect_to_postgresql(self.engine.dialect, None, arguments, {**named, **POSTGRESQL_LOGIN})

    def unwritable(self) -> str:
        """The reason why nothing can be written now, as far as a look tells; empty if none is known. Raises
        ``StoreUnavailable`` when the store cannot be asked at all."""
        if not self.may_write():
            return LAPSED
        if self.on_sqlite:
            return ""
        with self.reading() as tx:
            if tx.exec_driver_sql("SHOW transaction_read_only").scalar() != "on":
                return ""
            tx.invalidate()  # the server may answer a new connection differently
        return READ_ONLY_NOW

    def empty_log(self) -> bool:
        """Move SQLite's log into its file and empty it, so that erased data is in neither. False: a reader still uses
        an older state, so try again later. PostgreSQL manages its own log."""
        if not self.on_sqlite:
            return True
        with self._writers:
            tx = self._writer = self._writer or self._new_writer()
            raw: Any = tx.connection.driver_connection
            try:
                raw.execute(f"PRAGMA busy_timeout={LOG_PATIENCE_MS}")
                busy, *_ = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            except sqlite3.OperationalError:
                busy = True
            finally:
                raw.execute(f"PRAGMA busy_timeout={USUAL_PATIENCE_MS}")
        return not busy

    def close(self) -> None:
        """Close every connection."""
        with self._writers:
            if self._writer is not None:
                self._writer.close()
                self._writer = None
        self.engine.dispose()
