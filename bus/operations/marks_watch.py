"""The watch over the directory: marks that were lost since an earlier one, also across restarts; and centers because of
which residents are not masked."""

from collections.abc import Mapping

from bus.security.directory import MASKING_NEEDS, Directory
from bus.security.message_security import MessageSecurity
from bus.store import directory_marks
from bus.store.database import Store, Tx


def lost_marks(tx: Tx, known: Directory) -> dict[str, tuple[str, ...]]:
    """The remembered marks of each center that ``known`` no longer lists."""
    return known.lost(directory_marks.remembered(tx))


class MarksWatch:
    """Checks each directory once, remembers its marks in the store, and reports the lost ones."""

    def __init__(self, store: Store, security: MessageSecurity) -> None:
        self._store, self._security = store, security
        self._seen: Directory | None = None
        self.lost: Mapping[str, tuple[str, ...]] = {}
        """By center."""
        self.masking: bool | None = None
        """Whether residents are masked; None: no directory was seen yet."""
        self.hindering: tuple[str, ...] = ()
        """Centers because of which residents are not masked, though others read what masking needs."""

    def look(self) -> bool:
        """Check the current directory. Returns whether it is new and lacks marks. Raises ``StoreUnavailable``."""
        known = self._security.current_directory()
        if known is None or known is self._seen:
            return False
        self.lost = self._store.write(lambda tx: _compared(tx, known))
        self._seen = known
        readers = any(MASKING_NEEDS in known.reads.get(center, ()) for center in known.members)
        self.masking = known.read_by_all(MASKING_NEEDS)
        self.hindering = known.not_reading(MASKING_NEEDS) if readers else ()
        return bool(self.lost)


def _compared(tx: Tx, known: Directory) -> dict[str, tuple[str, ...]]:
    had = directory_marks.remembered(tx)
    news = {center: marks for center, marks in known.marks.items() if had.get(center) != marks}
    directory_marks.remember(tx, news, known.serial)
    return known.lost(had)
