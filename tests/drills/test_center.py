"""The drills of a center's machine: its disk is full, its clock is wrong, its store is put back to an old copy."""

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import expect

from bus.store import inbox
from tests.drills.conftest import SignIn
from tests.drills.desk import PATIENCE
from tests.drills.stage import OURS, THEIRS, Stage, stage, until
from verification.chaos.evidence import books_of
from verification.chaos.faults.stores import copy_store
from verification.chaos.operating import await_recovery, bus, send_again
from verification.chaos.stage import SMALL_DISK
from verification.faults import FakeClock, Tmpfs
from verification.services import RabbitNode

pytestmark = [pytest.mark.timeout(3600), pytest.mark.whole]


@pytest.fixture(scope="module")
def disk() -> Iterator[Tmpfs]:
    """The disk of our center's store."""
    with Tmpfs(SMALL_DISK) as found:
        yield found


@pytest.fixture(scope="module")
def clock() -> Iterator[FakeClock]:
    """The clock of our center."""
    with FakeClock() as found:
        yield found


@pytest.fixture(scope="module")
def machine(
    rabbit: RabbitNode, disk: Tmpfs, clock: FakeClock, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    """A county whose center ``OURS`` has a disk and a clock of its own."""
    with stage(
        rabbit,
        tmp_path_factory.mktemp("machine"),
        stores={OURS: f"sqlite:///{disk.path}/store.db"},
        environments={OURS: clock.env({})},
        more={"clocks": {"enabled": True}},
    ) as found:
        yield found
        assert found.judge() == []


def test_disk_full(machine: Stage, disk: Tmpfs, sign_in: SignIn) -> None:
    """The disk of a center's store is full: it takes no form, and goes on when there is room."""
    desk = sign_in(machine)
    with machine.residents():
        desk.strikes()
        disk.fill()
        desk.sees("process-store")
        desk.tile(OURS, "fault")
        disk.free()
        desk.mended("disk-full", THEIRS)


def test_clock_wrong(machine: Stage, clock: FakeClock, sign_in: SignIn) -> None:
    """A center's clock jumps two hours ahead: nobody is reminded, and its own system's signatures are too old for it.
    All goes on when the clock is right."""
    desk = sign_in(machine)
    with machine.residents():
        desk.strikes()
        clock.set_offset(7200)
        desk.sees("process-clocks")
        desk.tile(OURS, "fault")
        clock.set_offset(0)
        desk.mended("clock-wrong", THEIRS)


def test_store_set_back(machine: Stage, disk: Tmpfs, sign_in: SignIn, tmp_path: Path) -> None:
    """A center's store is put back to an old copy, and nobody says so: its neighbour refuses what it says anew. `bus
    recover` asks the neighbour for all that was forgotten."""
    desk, store, backup = sign_in(machine), disk.path / "store.db", tmp_path / "backup.db"
    with machine.residents() as load, machine.own_systems_frozen():
        until(lambda: _waiting(machine), lambda: "a case for our own system")
        since = time.time()
        copy_store(store, backup)
    desk.strikes()
    _put_back(machine, store, backup)
    send_again(machine.ours, since)
    desk.sees("set-back")
    desk.tile(OURS, "fault")
    machine.ours.end()
    bus(machine.ours, "recover", "--ask", THEIRS)
    machine.ours.start()
    machine.ours.await_door()
    await_recovery(machine.ours)
    send_again(machine.ours, since)
    desk.click("去处理")
    desk.click("全部放弃：先预览")
    desk.click("执行：就这")
    expect(desk.page.locator("main")).to_contain_text("完成", timeout=PATIENCE)
    desk.mended("store-set-back", THEIRS)
    until(lambda: not machine.unanswered(load), lambda: f"answers to {machine.unanswered(load)}")


def _waiting(on: Stage) -> bool:
    """Whether something waits for our center's own system."""
    with closing(on.county.store(OURS)) as store, store.reading() as tx:
        return bool(inbox.figures(tx)["waiting"])


def _put_back(on: Stage, store: Path, backup: Path) -> None:
    """The old copy takes the place of our center's store, and the center goes on as if nothing had happened."""
    on.ours.kill9()
    on.forgotten.setdefault(OURS, []).append(books_of(on.county, OURS))
    for name in (store.name, f"{store.name}-wal", f"{store.name}-shm"):
        (store.parent / name).unlink(missing_ok=True)
    store.write_bytes(backup.read_bytes())
    on.ours.start()
    on.ours.await_door()
