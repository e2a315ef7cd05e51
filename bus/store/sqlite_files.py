"""The files of a store on SQLite: private to their owner, whatever the umask."""

import os
from contextlib import suppress
from pathlib import Path

from sqlalchemy import URL

from bus.log import is_set_up, log

PRIVATE = 0o600
_BESIDE = ("", "-wal", "-shm", "-journal")


def file_of(url: URL) -> Path | None:
    """The store's file; None for a store in memory, or for a URL that only SQLite can resolve."""
    name = url.database or ""
    return None if name in ("", ":memory:") or name.startswith("file:") else Path(name)


def keep_private(file: Path) -> None:
    """Create the file if necessary, and remove other users' rights to it and to the files beside it. SQLite gives its
    log the rights of the file."""
    with suppress(OSError):  # it exists; or it cannot be made, which SQLite reports itself
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, PRIVATE))
    for suffix in _BESIDE:
        path = file.with_name(file.name + suffix)
        with suppress(FileNotFoundError, PermissionError):  # missing, or owned by another user
            if path.stat().st_mode & 0o077:
                path.chmod(PRIVATE)
                if is_set_up():  # a command stays silent: its output is its own
                    log().warning("store-made-private", where=path.name)
