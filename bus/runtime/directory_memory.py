"""The newest directory in use, remembered in the store, so that no older one returns with a restart."""

from contextlib import suppress

from bus.security.directory_file import DirectoryFile
from bus.security.errors import KeyUnusable, RolledBack
from bus.security.keyed_security import KeyedSecurity
from bus.security.message_security import MessageSecurity
from bus.store import directories
from bus.store.database import Store


def file_of(security: MessageSecurity) -> DirectoryFile | None:
    """The directory's file, where there is one."""
    source = security.directory if isinstance(security, KeyedSecurity) else None
    return source if isinstance(source, DirectoryFile) else None


def recall(security: MessageSecurity, store: Store) -> None:
    """Load the remembered edition: an older directory does not count. Raises ``StoreUnavailable``."""
    file = file_of(security)
    if file is not None:
        with store.reading() as tx:
            newest = directories.newest(tx, file.operator)
        if newest is not None:
            file.not_before(newest)


class DirectoryMemory:
    """The memory of one running center: it stores what the directory's file says, and follows an operator's decision in
    the store."""

    def __init__(self, security: MessageSecurity, store: Store) -> None:
        self._file, self._store = file_of(security), store
        self._told = ""

    def keep(self, now_ms: int) -> str:
        """Look at the file once. Returns a trouble that was not reported before, empty otherwise. Raises
        ``StoreUnavailable``."""
        file = self._file
        if file is None:
            return ""
        with suppress(KeyUnusable):
            file.current()
        with self._store.reading() as tx:
            kept = directories.newest(tx, file.operator)
        if isinstance(file.trouble, RolledBack) and kept is not None and kept != file.newest:
            file.not_before(kept)  # an operator took an older one on purpose, or another process saw a newer one
        newest = file.newest
        if newest is not None and (kept is None or kept.serial < newest.serial):
            self._store.write(lambda tx: directories.keep(tx, file.operator, newest, now_ms))
        return self._news(file.trouble)

    def _news(self, trouble: KeyUnusable | None) -> str:
        before, self._told = self._told, str(trouble or "")
        return "" if self._told == before else self._told
