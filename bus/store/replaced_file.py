"""Notices that another file lies where the store's was: somebody has put a backup in its place."""

from pathlib import Path

from bus.store.database import Store


class ReplacedFile:
    """Follows the file of a store on SQLite. A long-lived reader would else read the old one, which nobody writes any
    more."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._path = Path(store.url.database or "") if store.on_sqlite else None
        self._known = self._identity()

    def follow(self) -> bool:
        """Close the connections if the file was replaced; the next ones open the new file. Returns whether it was."""
        found = self._identity()
        if found is None or found == self._known:
            return False
        self._known = found
        self._store.close()
        return True

    def _identity(self) -> tuple[int, int] | None:
        """Device and number of the file; None: there is none now, or the store is no file."""
        if self._path is None:
            return None
        try:
            seen = self._path.stat()
        except OSError:
            return None
        return seen.st_dev, seen.st_ino
