"""Whether the record of what persons have done is whole: its chain is checked bit by bit, so that a long one costs no
more than a short one.

New entries are checked at each look. Besides, a slow walk goes through all of them again and again, and finds what was
altered after it had been checked. The newest entry that was seen is kept in the console's own store, apart from the
record: an end that was cut off is noticed, also after a restart.
"""

from typing import NamedTuple

from bus.store import access_log, console
from bus.store.access_log import Mark
from bus.store.console import EXPLAINED, SEEN
from bus.store.database import Store

AT_ONCE = 5_000
"""Entries of one look, for the new ones and for the walk each: some fifty milliseconds."""


class Chain(NamedTuple):
    """What is known of the record."""

    seen: Mark
    """The newest entry."""
    walked: int
    """Up to which entry the walk has come since it began anew."""
    walks: int
    """How often it has been through all of it since the console was started."""
    broken: tuple[int, ...] = ()
    """The entries that were altered, or that follow a missing one."""
    lost: bool = False
    """The newest entry of before is no longer there: the end was cut off, or all was rewritten."""
    unexplained: bool = False
    """Whether there is a break that no person has looked at."""

    @property
    def whole(self) -> bool:
        """Whether nothing is wrong with it."""
        return not self.broken and not self.lost


class ChainWatch:
    """Checks the record of one center. One thread at a time."""

    def __init__(self, center: Store, own: Store) -> None:
        """``own``: the console's store."""
        self._center, self._own = center, own
        self._walk, self._walks = Mark(), 0
        self._broken: set[int] = set()

    def check(self, now_ms: int) -> Chain:
        """Check what is new, and a little more of all. Raises ``StoreUnavailable``."""
        with self._own.reading() as tx:
            before, explained = console.mark(tx, SEEN), console.mark(tx, EXPLAINED)
        with self._center.reading() as tx:
            lost = not access_log.stands(tx, before)
            new = access_log.check(tx, before, AT_ONCE)
            walk = access_log.check(tx, self._walk, AT_ONCE)
        self._broken |= {*walk.broken, *(() if lost else new.broken)}
        if not walk.more:
            self._walks += 1
        walked, self._walk = walk.mark.number, walk.mark if walk.more else Mark()
        if not lost and new.mark != before:
            self._own.write(lambda tx: console.keep_mark(tx, SEEN, new.mark, now_ms))
        unexplained = lost or any(number > explained.number for number in self._broken)
        return Chain(new.mark, walked, self._walks, tuple(sorted(self._broken)), lost, unexplained)

    def explained(self, now_ms: int) -> None:
        """A person has looked at all breaks up to now: from here on it counts as it is. Raises ``StoreUnavailable``."""
        with self._center.reading() as tx:
            newest = access_log.page(tx, 0, 1)
        here = Mark(newest[0].number, newest[0].digest) if newest else Mark()
        for slot in (SEEN, EXPLAINED):
            self._own.write(lambda tx, slot=slot: console.keep_mark(tx, slot, here, now_ms))  # type: ignore[misc]  # mypy: a lambda with a default
