"""The drills of a center's machine: its disk is full, its clock is wrong, its store is put back to an old copy."""

from collections.abc import Iterator

import pytest

from tests.drills.conftest import SignIn
from tests.drills.stage import OURS, THEIRS, Stage, stage
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
