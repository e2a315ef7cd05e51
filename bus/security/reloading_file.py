"""A file that is read again whenever it has changed, by a process that goes on with what it had when it cannot be."""

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar, cast

from bus.security.errors import KeyUnusable, RolledBack

T = TypeVar("T")


class ReloadingFile(Generic[T]):
    """What a file says. Threads may share it."""

    def __init__(self, path: Path, read: Callable[[T | None], T]) -> None:
        """``read`` is given what was known before, None at first. Raises ``KeyUnusable`` when it cannot be read now; a
        file that is only older than it was is as good as none, until a newer one lies there."""
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
        """The newest that could be read. Who asks while another thread reads it waits for what that thread finds:
        by an older directory it would park what was signed by the new one. Raises ``KeyUnusable`` when nothing could
        be read yet."""
        with self._reading:
            stamp = self._stamped()
            if stamp != self._stamp:
                self._stamp = stamp
                self._renew()
            if self._known is None and self.trouble is not None:
                raise self.trouble.with_traceback(None)  # it is raised again and again
            return cast("T", self._known)

    def reread(self) -> None:
        """Read it now, as if nothing had been known before."""
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
