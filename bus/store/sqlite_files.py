"""The files of a store on SQLite: for their owner alone, whatever the umask says."""

import os
from contextlib import suppress
from pathlib import Path

from sqlalchemy import URL

from bus.log import is_set_up, log

PRIVATE = 0o600
_BESIDE = ("", "-wal", "-shm", "-journal")


def file_of(url: URL) -> Path | None:
    """The store's file; None for one in memory, or one that SQLite alone can tell."""
    name = url.database or ""
    return None if name in ("", ":memory:") or name.startswith("file:") else Path(name)


def keep_private(file: Path) -> None:
    """Make the file if it is not there, and take away from others what they may do with it and with those beside it.
    SQLite gives its log the rights of the file."""
    with suppress(OSError):  # it is there; or it cannot be made, which SQLite says itself
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, PRIVATE))
    for suffix in _BESIDE:
        path = file.with_name(file.name + suffix)
        with suppress(FileNotFoundError, PermissionError):  # not there, or not ours to change
            if path.stat().st_mode & 0o077:
                path.chmod(PRIVATE)
                if is_set_up():  # by a command it is done in silence: its output is its own
                    log().warning("store-made-private", where=path.name)
