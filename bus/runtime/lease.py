"""The lease: one process for each center. ``bus run`` owns its store by a lease that it renews.

A lock that ends with its process shows at once that the last holder is dead. Where that cannot be seen (another
machine, a lost network), the lease expires. A process that cannot renew its lease writes nothing until it can, and ends
when another process has it.
"""

import os
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bus.bilingual import Bilingual
from bus.log import log
from bus.store import leases
from bus.store.database import Store, StoreUnavailable, StoreUnfit
from bus.store.leases import LEASE_MS, Holder, Lease
from bus.store.process_lock import process_lock

TAKEN = 75
"""The exit code of a process without the lease: another process may have it."""
RENEW_S = 4.0
"""Seconds between two renewals: four may fail."""
PATIENCE_S = 25.0
"""Seconds for which a start watches a holder that it cannot see. A live holder renews its lease meanwhile."""
LOOK_S = 0.25


class StoreTaken(StoreUnfit):
    """Another process of this center uses the store."""

    def __init__(self, holder: Holder | None) -> None:
        name = holder.name if holder else "?"
        super().__init__(
            Bilingual(
                f"本中心已有一个进程在运行（{name}），本进程退出；一个中心只运行一个 bus run",
                f"another process of this center is at work ({name}), so this one leaves; a center has one `bus run`",
            )
        )


class StoreLease:
    """The lease of one process. ``acquire`` it before anything is opened; a thread renews it until ``release``."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.monotonic) -> None:
        self._store, self._clock = store, clock
        self._lock = process_lock(store)
        self._mine = me()
        self._until = float("-inf")
        self._turn = threading.Lock()
        self._leaving = threading.Event()
        self._thread: threading.Thread | None = None
        self.lost = threading.Event()
        """Set for good when another process has the lease."""
        self.when_lost: Callable[[], None] = lambda: None
        """Called at that moment."""

    def held(self) -> bool:
        """Whether no other process can have the lease now."""
        return not self.lost.is_set() and self._clock() < self._until

    def acquire(self) -> None:
        """Take the lease and keep it. Raises ``StoreTaken``, or ``StoreUnavailable`` when the store is away."""
        began = self._clock()
        watch: _Watch | None = None
        while True:
            now, locked = self._clock(), self._lock.take()
            with self._store.reading() as tx:
                seen, kept = leases.current(tx), leases.are_kept(tx)
            watch = watch or _Watch(seen, now)
            sure = locked or not self._lock.certain
            if sure and self._may_take(seen, locked, watch.is_over(now)) and (not kept or self._take(seen)):
                break
            if not sure or watch.renewed(seen) or now > began + PATIENCE_S:
                self._lock.release()
                raise StoreTaken(seen.holder if seen else None)
            time.sleep(LOOK_S)
        self._until = now + LEASE_MS / 1000
        self._thread = threading.Thread(target=self._keep, name="lease", daemon=True)
        self._thread.start()

    def _may_take(self, seen: Lease | None, locked: bool, watched: bool) -> bool:
        if seen is None:
            return locked
        dead = locked and seen.holder.boot_id == self._mine.boot_id and not runs(seen.holder)
        return seen.is_over or watched or dead

    def _take(self, seen: Lease | None) -> bool:
        return self._store.write_unasked(lambda tx: leases.take(tx, self._mine, seen))

    def _keep(self) -> None:
        while not self._leaving.wait(RENEW_S) and not self.lost.is_set():
            with self._turn, suppress(Exception):  # whatever the fault, the next try may work; this thread must not end
                if not self._leaving.is_set():
                    self._renew()

    def renew(self) -> None:
        """Renew the lease once. While the store is away nothing is known, and it is tried again."""
        with self._turn:
            self._renew()

    def _renew(self) -> None:
        began = self._clock()
        try:
            self._lock.take()
            mine = self._store.write_unasked(lambda tx: not leases.are_kept(tx) or leases.renew(tx, self._mine))
        except StoreUnavailable as trouble:
            log().warning("lease-not-renewed", trouble=str(trouble))
            return
        if mine:
            self._until = began + LEASE_MS / 1000
            return
        self.lost.set()
        log().error("lease-lost")
        self.when_lost()

    def release(self) -> None:
        """Release the lease, so that the next process need not wait."""
        self._leaving.set()
        if self._thread is None:
            self._lock.release()
            return
        with self._turn:  # a renewal under way would take it once more
            self._give_back()
        self._thread.join()

    def _give_back(self) -> None:
        if not self.lost.is_set():
            try:
                self._store.write_unasked(lambda tx: leases.release(tx, self._mine))
            except StoreUnavailable as trouble:
                log().warning("lease-not-given-back", trouble=str(trouble))
        self._until = float("-inf")
        self._lock.release()


@dataclass(frozen=True, slots=True)
class _Watch:
    """Watches a holder that cannot be seen, by this process's own clock, whatever the store's clock says."""

    first: Lease | None
    since: float

    def renewed(self, seen: Lease | None) -> bool:
        """Whether the holder lives: the lease was taken or renewed since the first look."""
        return seen is not None and (self.first is None or seen.until_ms != self.first.until_ms)

    def is_over(self, now: float) -> bool:
        """Whether the holder was watched for the full duration of a lease."""
        return now >= self.since + LEASE_MS / 1000


def me() -> Holder:
    """The current process: its machine's name, its number and its start time, which no later process shares."""
    return Holder(f"{socket.gethostname()[:100]}:{os.getpid()}:{_began(os.getpid())}", _boot_id())


def runs(holder: Holder) -> bool:
    """Whether a process of this machine still runs, as far as can be seen: in another container it cannot."""
    _, number, began = holder.name.rsplit(":", 2)
    return began != "" and _began(int(number)) == began


def _began(process: int) -> str:
    try:
        stat = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    state, *rest = stat.rpartition(")")[2].split()
    return "" if state in "ZX" else rest[18]


def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""
