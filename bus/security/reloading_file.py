"""A file that is read again whenever it changes; while it is unreadable, the process keeps the last content."""

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar, cast

from bus.security.errors import KeyUnusable, RolledBack

T = TypeVar("T")


class ReloadingFile(Generic[T]):
    """The parsed content of a file. Threads may share it."""

    def __init__(self, path: Path, read: Callable[[T | None], T]) -> None:
        """``read`` gets the earlier content, None at first. Raises ``KeyUnusable`` if the file cannot be read now. A
        file older than the earlier content counts as missing, until a newer one replaces it."""
        self._path, self._read = path, read
        self._reading = threading.Lock()
        self._stamp = self._stamped()
        self._known: T | None = None
        self.trouble: KeyUnusable | None = None
        """Why what it says now is not used."""
        self._renew()
        if self.trouble is not None and not isinstance(self.trouble, RolledBack):
            raise self.trouble

    def current(self) -> T:
        """The newest readable content. A caller waits while another thread reads the file: with an older directory it
        would park messages signed under the new one. Raises ``KeyUnusable`` if nothing could be read yet."""
        with self._reading:
            stamp = self._stamped()
            if stamp != self._stamp:
                self._stamp = stamp
                self._renew()
            if self._known is None and self.trouble is not None:
                raise self.trouble.with_traceback(None)  # it is raised again and again
            return cast("T", self._known)

    def reread(self) -> None:
        """Read the file now, without regard to the earlier content."""
        with self._reading:
            self._known, self._stamp = None, self._stamped()
            self._renew()

    def _renew(self) -> None:
        try:
            self._known, self.trouble = self._read(self._known), None
        except KeyUnusable as trouble:
            self.trouble = trouble

    def _stamped(self) -> tuple[int, int, int] | None:
        try:
            told = os.stat(self._path)
        except OSError:
            return None
        return told.st_mtime_ns, told.st_ino, told.st_size
