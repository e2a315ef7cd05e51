"""A foreign lock on a center's store: an administrator with an open shell, or a hanging backup."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Self
from urllib.parse import quote

from sqlalchemy.engine import make_url

LOCKHOLDER = Path(__file__).with_name("lockholder.py")


class StoreIntruder:
    """A separate process that locks a store: ``hold`` … ``release``, as often as wanted. It dies with this process.

    As a context manager it holds the lock from beginning to end."""

    def __init__(self, url: str, tables: Sequence[str] = (), *, patience: float = 60) -> None:
        """``url`` as the store's: ``sqlite:///…`` (BEGIN EXCLUSIVE) or ``postgresql+psycopg://…`` (LOCK TABLE, of
        ``tables`` or else of all tables in the schema ``public``). ``patience``: seconds to wait for the lock."""
        place = make_url(url)
        if place.get_backend_name() == "sqlite":
            self._orders: dict[str, object] = {"path": quote(place.database or "")}
        else:
            address = place.set(drivername="postgresql").render_as_string(hide_password=False)
            self._orders = {"address": address, "tables": list(tables)}
        self._orders["patience"] = patience
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self.hold()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def hold(self) -> None:
        """Returns when the lock is held. Raises RuntimeError if it is not granted, with the reason from stderr."""
        if self._process is not None:
            return
        # -P: files beside it must not shadow Python's own modules
        command = [sys.executable, "-P", str(LOCKHOLDER)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        # by pipe and not as arguments: the URL holds a password, and every user can read a command line
        self._process.stdin.write(json.dumps(self._orders) + "\n")
        self._process.stdin.flush()
        if self._process.stdout.readline() != "held\n":
            self.release()
            raise RuntimeError("the store could not be locked: see stderr, and whether it exists")

    def release(self) -> None:
        """Release the lock; idempotent."""
        if self._process is not None:
            process, self._process = self._process, None
            process.communicate()

    def close(self) -> None:
        self.release()
