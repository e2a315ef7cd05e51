"""A lock that ends with its process: a file beside a store on SQLite, a session's advisory lock on PostgreSQL.

It shows at once that the former process is gone; a lease shows it only after it has expired.
"""

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from bus.store.database import Store
from bus.store.errors import as_unavailable
from bus.store.sqlite_files import PRIVATE, file_of

KEY = 0x62757300
"""Our key among the advisory locks of a PostgreSQL database."""


class ProcessLock(Protocol):
    """A lock that one process holds."""

    certain: bool
    """Whether failing to take the lock proves that its holder lives."""

    def take(self) -> bool:
        """Whether this process holds the lock now. Raises ``StoreUnavailable``."""

    def release(self) -> None:
        """Release the lock; a second call does nothing."""


def process_lock(store: Store) -> ProcessLock:
    """The lock of this store."""
    file = file_of(store.url) if store.on_sqlite else None
    if file is not None:
        return FileLock(file)
    return NoLock() if store.on_sqlite else SessionLock(store)


class NoLock:
    """The lock of a store in memory: no other process sees it."""

    certain = True

    def take(self) -> bool:
        """True, always."""
        return True

    def release(self) -> None:
        """Does nothing."""


class FileLock:
    """A file lock; the kernel releases it when the process ends, however it ends."""

    certain = True

    def __init__(self, store: Path) -> None:
        self.path = store.with_name(store.name + ".lock")
        self._descriptor: int | None = None

    def take(self) -> bool:
        """Whether this process holds the lock now. Where no file can be made the store cannot be opened either, and
        reports that itself."""
        if self._descriptor is not None:
            return True
        try:
            descriptor = os.open(self.path, os.O_CREAT | os.O_RDWR, PRIVATE)
        except OSError:
            return not self.path.exists()
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        return True

    def release(self) -> None:
        """Release the lock. The file stays: another process may just be opening it."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


class SessionLock:
    """A session's advisory lock; the server releases it when the session ends: at once when its process dies, within
    seconds when its machine is gone."""

    certain = False

    def __init__(self, store: Store) -> None:
        self._store = store
        self._session: Connection | None = None

    def take(self) -> bool:
        """Whether this process holds the lock now. A second call checks the session, and takes the lock anew if the
        session is gone."""
        try:
            if self._session is not None:
                with suppress(DBAPIError):
                    self._session.exec_driver_sql("SELECT 1")
                    return True
                self.release()
            self._session = self._connect()
            if self._session.exec_driver_sql(
                "SELECT pg_try_advisory_lock(%s, hashtext(coalesce(current_schema(), '')))", (KEY,)
            ).scalar():
                return True
        except DBAPIError as error:
            self.release()
            raise as_unavailable(error) from None
        self.release()
        return False

    def _connect(self) -> Connection:
        """A session outside of the pool. The server itself notices within 15 s that the client's machine is gone."""
        session = self._store.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        session.detach()
        for name, seconds in (("idle", 5), ("interval", 5), ("count", 2)):
            session.exec_driver_sql(f"SET tcp_keepalives_{name} = {seconds}")
        return session

    def release(self) -> None:
        """End the session, and the lock with it."""
        session, self._session = self._session, None
        if session is not None:
            with suppress(DBAPIError):
                session.close()
