"""The disk of a simulated center: the product's own SQLite store.

It may be full, be restored from a backup, and lose its process before or after a commit.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple, TypeVar
from uuid import UUID

from bus.store import Store, StoreUnavailable, Tx, schema
from bus.store.encryption import CaseEncryption
from verification.simulation.random_source import RandomSource

T = TypeVar("T")


class Beside(NamedTuple):
    """The county beside a liar: the liar's name, and the cases that must be answered all the same."""

    liar: str
    owed: Sequence[UUID]


class Disk(Store):
    """A store whose process may crash before and after each commit, and whose disk may be full."""

    def __init__(self, number: int) -> None:
        # in memory: it need not survive its process, and without a file a round costs half as much
        self.encryption = CaseEncryption()
        super().__init__(f"sqlite:///file:{number}?mode=memory&uri=true", self.encryption)
        self.chance: RandomSource | None = None
        """None while nobody wants anything to happen."""
        self.commits = 0
        schema.upgrade(self)
        self.file = self._only_connection()
        """To look into it past the product's own statements."""
        self._empty = self.copied()

    def _only_connection(self) -> sqlite3.Connection:
        """The single connection of a database in memory, shared by readers and the writer of this thread."""
        with self.engine.connect() as tx:
            driver = tx.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        return driver

    def _write_once(self, change: Callable[[Tx], T]) -> T:
        chance = self.chance
        if chance is None:
            return super()._write_once(change)

        def fallible(tx: Tx) -> T:
            done = change(tx)
            if chance.happens(chance.profile.store):
                raise StoreUnavailable("the disk is full", passing=True)
            chance.trip()
            return done

        done = super()._write_once(fallible)
        self.commits += 1
        chance.trip()
        return done

    @contextmanager
    def undisturbed(self) -> Iterator[None]:
        """Suppress faults: an operator is at work, or the run only reads."""
        chance, self.chance = self.chance, None
        try:
            yield
        finally:
            self.chance = chance

    def wipe(self) -> None:
        """Empty the store, as after its first start, with row ids from 1."""
        self.put_back(self._empty)

    def due(self, gone: Sequence[str] = (), beside: Beside | None = None) -> int | None:
        """The time at which an outbox message or a receipt is due, in milliseconds, ignoring those for ``gone``
        centers. ``beside``: only outbox messages about its cases, and none to its liar."""
        marks = ", ".join("?" * len(gone))
        waiting = f"SELECT min(next_ms) m FROM outbox WHERE state='waiting' AND recipient NOT IN ({marks})"  # noqa: S608 - only marks
        of_the_outbox: tuple[str, ...] = ()
        if beside is not None:
            waiting += f" AND recipient != ? AND case_id IN ({', '.join('?' * len(beside.owed))})"
            of_the_outbox = (beside.liar, *map(str, beside.owed))
        receipts = f"SELECT min(next_ms) FROM receipts WHERE peer NOT IN ({marks})"  # noqa: S608 - only marks
        others = "SELECT min(next_ms) FROM errors UNION ALL SELECT min(next_ms) FROM pages_owed"
        others += " UNION ALL SELECT min(at_ms) FROM facts_untold UNION ALL SELECT min(1) FROM facts_asked"
        query = f"SELECT min(m) FROM ({waiting} UNION ALL {receipts} UNION ALL {others})"  # noqa: S608 - of the above
        found: int | None = self.file.execute(query, (*gone, *of_the_outbox, *gone)).fetchone()[0]
        return found

    def owed(self) -> list[UUID]:
        """The ids of some waiting messages of the outbox."""
        return [UUID(row[0]) for row in self.file.execute("SELECT message_id FROM outbox ORDER BY id LIMIT 5")]

    def waits_for(self, center: str) -> bool:
        """Whether a message to this center waits for its receipt."""
        query = "SELECT EXISTS (SELECT 1 FROM outbox WHERE recipient=? AND state='waiting')"
        return bool(self.file.execute(query, (center,)).fetchone()[0])

    def held_by(self, center: str) -> list[UUID]:
        """The cases that this center has held, by its own journal here, in their order."""
        query = "SELECT case_id FROM journal WHERE holder=? GROUP BY case_id ORDER BY min(id)"
        return [UUID(row[0]) for row in self.file.execute(query, (center,))]

    def registered(self) -> list[UUID]:
        """The cases that a resident brought here."""
        query = "SELECT case_id FROM journal WHERE way='did' AND kind='register' ORDER BY id"
        return [UUID(row[0]) for row in self.file.execute(query)]

    def handed_to(self, center: str) -> list[UUID]:
        """The cases in which this center was offered, asked for help, or granted custody from here."""
        query = (
            "SELECT case_id FROM journal WHERE (way='said' AND peer=? AND kind IN ('case.offered', "
            "'case.assist-requested')) OR (way='did' AND kind='rule' AND holder=?)"
        )
        return [UUID(row[0]) for row in self.file.execute(query, (center, center))]

    def unanswered(self) -> list[UUID]:
        """The cases that are not closed here."""
        return [UUID(row[0]) for row in self.file.execute("SELECT case_id FROM cases WHERE status != 'closed'")]

    def desk_due(self) -> int | None:
        """The time at which a task is due, in milliseconds."""
        found: int | None = self.file.execute("SELECT min(next_ms) FROM work WHERE state='waiting'").fetchone()[0]
        return found

    def parks(self) -> bool:
        """Whether anything is parked here."""
        return bool(self.file.execute("SELECT EXISTS (SELECT 1 FROM parked)").fetchone()[0])

    def copied(self) -> sqlite3.Connection:
        """A backup of this moment."""
        backup = sqlite3.connect(":memory:")
        self.file.backup(backup)
        return backup

    def put_back(self, backup: sqlite3.Connection) -> None:
        """Restore a backup."""
        backup.backup(self.file)
