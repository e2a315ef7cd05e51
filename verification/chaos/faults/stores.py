"""Faults of the centers' stores."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path

from verification.chaos.faults.fault import Needs, fault
from verification.chaos.operating import await_recovery, bus, send_again
from verification.chaos.scene import Scene
from verification.faults import StoreIntruder


@fault(
    "store-locked", "外来程序锁住一个中心的存储 1–20 秒",
    "another program holds a lock on a center's store for 1 to 20 s",
    heals="it lets go",
)  # fmt: skip
def store_locked(scene: Scene) -> None:
    center = scene.center().name
    with StoreIntruder(scene.county.store_url(center)):
        scene.last(center, 1, 20)
    scene.hold(1, 4)


@fault(
    "disk-full-store", "一个中心的存储所在磁盘写满 1–15 秒", "the disk of a center's store is full for 1 to 15 s",
    heals="room on the disk", needs=(Needs.SQLITE, Needs.SMALL_DISK),
)  # fmt: skip
def disk_full_store(scene: Scene) -> None:
    center = scene.rng.choice([name for name in scene.targets if name in scene.disks])
    disk = scene.disks[center]
    disk.fill()
    try:
        scene.last(center, 1, 15)
    finally:
        disk.free()
    scene.hold(1, 4)


@fault(
    "postgres-immediate-stop", "PostgreSQL 立即关停，停 0.2–5 秒", "PostgreSQL is stopped at once, for 0.2 to 5 s",
    heals="it starts again and recovers", needs=(Needs.POSTGRES,), whole=True,
)  # fmt: skip
def postgres_immediate_stop(scene: Scene) -> None:
    assert scene.postgres is not None
    scene.postgres.immediate_stop()
    scene.hold(0.2, 5)
    scene.postgres.start()
    scene.hold(1, 5)


@fault(
    "old-backup-restored", "一个中心停机，存储恢复为 2–10 秒前的备份",
    "a center's store is put back to a copy of 2 to 10 s before, while it is down",
    heals="an operator begins the recovery: the peers tell what was lost", needs=(Needs.SQLITE,), excuses=("restored",),
)  # fmt: skip
def old_backup_restored(scene: Scene) -> None:
    center = scene.center()
    store = Path(scene.county.store_url(center.name).removeprefix("sqlite:///"))
    backup = scene.county.folder / f"{center.name}.backup"
    backup.unlink(missing_ok=True)
    of_when = time.time()
    copy_store(store, backup)
    scene.hold(2, 10)
    center.kill9()
    scene.books(center.name)
    for name in (store.name, f"{store.name}-wal", f"{store.name}-shm"):
        (store.parent / name).unlink(missing_ok=True)
    backup.rename(store)
    _recover(scene, center.name)
    center.start()
    center.await_door()
    await_recovery(center)
    send_again(center, of_when)
    scene.hold(2, 5)


def _recover(scene: Scene, name: str) -> None:
    """Tell the center, as an operator does, that its store was restored."""
    others = [word for other in scene.county.centers if other != name for word in ("--ask", other)]
    bus(scene.county.centers[name], "recover", *others)


def copy_store(source: Path, target: Path) -> None:
    """SQLite's own backup, as an operator makes it of a running center."""
    with closing(sqlite3.connect(source, timeout=30)) as there, closing(sqlite3.connect(target)) as here:
        there.backup(here)
