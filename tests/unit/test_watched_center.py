"""``bus run`` under a service manager: what it is told, and what becomes of a center whose loops die, stick or fail."""

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from bus.runtime.service_manager import ServiceManager
from tests.harness.lone_center import lone_center, until
from verification.faults import Tmpfs


class Manager:
    """A service manager: a datagram socket, and all that it has heard."""

    def __init__(self, address: str) -> None:
        self.line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.line.bind(address)
        self.line.setblocking(False)
        self.heard: list[str] = []

    def hears(self, state: str) -> bool:
        """Whether it was told this by now."""
        try:
            while True:
                self.heard.append(self.line.recv(4096).decode())
        except BlockingIOError:
            return state in self.heard


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    """One that listens at ``tmp_path/notify``."""
    stands = Manager(str(tmp_path / "notify"))
    yield stands
    stands.line.close()


def _kinds(state: dict[str, Any]) -> set[tuple[str, str]]:
    return {(fault["loop"], fault["kind"]) for fault in state.get("faults", ())}


def test_the_service_manager_hears_ready_alive_and_stopping(tmp_path: Path, manager: Manager) -> None:
    """READY once the door is open, WATCHDOG while all loops live, STOPPING when it is told to leave."""
    with lone_center(tmp_path, NOTIFY_SOCKET=str(tmp_path / "notify")) as center:
        until(lambda: manager.hears("WATCHDOG=1"), "alive")
        assert manager.heard[0] == "READY=1"
        assert center.hand_in(1) == 202
        center.process.send_signal(signal.SIGTERM)
        assert center.leaves() == 0
        assert manager.hears("STOPPING=1")


def test_nobody_listens_and_nothing_happens(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without a service manager, with one that is gone, with one that does not read, and by an abstract name."""
    supervisor = ServiceManager(lambda: None)
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    supervisor.tell("READY=1")
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))
    supervisor.tell("READY=1")
    name = f"bus-test-{os.getpid()}"
    monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")
    monkeypatch.setattr("bus.runtime.service_manager.TIMEOUT", 0.01)
    abstract = Manager(f"\0{name}")
    for _ in range(1000):  # more than it keeps unread
        supervisor.tell("WATCHDOG=1")
    assert abstract.hears("WATCHDOG=1")
    abstract.line.close()


def test_a_loop_that_died_is_started_again(tmp_path: Path, manager: Manager) -> None:
    """The relay's thread ends, and a new one sends what was handed in; nothing of the resident is printed."""
    with (
        (tmp_path / "log").open("wb") as log,
        lone_center(tmp_path, "relay_dies_once", stderr=log, NOTIFY_SOCKET=str(tmp_path / "notify")) as center,
    ):
        until(lambda: b"loop-started-again" in (tmp_path / "log").read_bytes(), "started again")
        center.lives()
        assert center.hand_in(1) == 202
        until(lambda: center.figure("bus_receipts_outstanding") == 1, "the message is tried")
        assert center.page("flow")[0] == 200
        assert center.figure("bus_loop_age_seconds{") < 60
        until(lambda: manager.hears("WATCHDOG=1"), "alive")
        assert "居民甲" not in (tmp_path / "log").read_text(encoding="utf-8")


def test_a_loop_that_dies_twice_ends_the_process(tmp_path: Path) -> None:
    """Exit code 70: the service manager starts it again, in a process that nothing has harmed."""
    with lone_center(tmp_path, "relay_dies_twice") as center:
        assert center.leaves() == os.EX_SOFTWARE


def test_an_intake_that_died_over_a_form_tells_its_sender_and_is_started_again(tmp_path: Path) -> None:
    """Whoever waits is told to send it again, and is taken then."""
    with lone_center(tmp_path, "intake_dies_at_a_form") as center:
        center.lives()
        assert center.hand_in(1) == 503
        until(lambda: center.hand_in(1) == 202, "the form is taken")


def test_a_stuck_loop_is_told_on_both_pages_and_ends_the_process(tmp_path: Path, manager: Manager) -> None:
    """The intake hangs in our own code: both pages say 503 with its name, the watchdog is withheld, the process exits
    with 70 and says in its log where the thread stood."""
    env = {"NOTIFY_SOCKET": str(tmp_path / "notify")}
    with (
        (tmp_path / "log").open("wb") as log,
        lone_center(tmp_path, "quick", "intake_sticks", stderr=log, **env) as center,
    ):
        center.lives()
        with pytest.raises(httpx.TransportError):  # nobody answers this form
            center.hand_in(1, patience=1)
        told = until(lambda: ("intake", "stuck") in _kinds(center.page("flow")[1]) and center.page("ready"), "told")
        assert (told[0], told[1]["loops"][0]["loop"]) == (503, "intake")
        assert center.leaves() == os.EX_SOFTWARE
        assert '"step": "intake", "fault": "stuck"' in (tmp_path / "log").read_text()


def test_a_store_that_stays_silent_never_ends_the_process(tmp_path: Path, manager: Manager) -> None:
    """The relay hangs in the database: the flow page names the store, forms are taken, and the watchdog goes on."""
    with lone_center(tmp_path, "quick", "store_hangs", NOTIFY_SOCKET=str(tmp_path / "notify")) as center:
        until(lambda: ("relay", "store") in _kinds(center.page("flow")[1]), "the flow page tells of it")
        assert center.page("flow")[0] == 503
        assert center.page("ready")[0] == 200
        assert center.hand_in(1) == 202
        manager.hears("")
        manager.heard.clear()
        until(lambda: manager.hears("WATCHDOG=1"), "alive")
        assert center.process.poll() is None


def test_a_full_store_is_told_and_heals(tmp_path: Path, manager: Manager) -> None:
    """Forms cannot be durably taken: ready says 503 though the store can still be read; flow names the store; nothing
    is started again, and when there is room all is well by itself."""
    with Tmpfs(8 * 1024 * 1024) as disk, lone_center(disk.path, NOTIFY_SOCKET=str(tmp_path / "notify")) as center:
        center.lives()
        disk.fill()
        until(lambda: center.page("ready")[0] == 503, "forms are not taken")
        assert "store" in center.page("ready")[1]
        assert ("intake", "store") in _kinds(center.page("flow")[1])
        assert center.hand_in(1) == 503
        manager.hears("")
        manager.heard.clear()
        until(lambda: manager.hears("WATCHDOG=1"), "alive")
        disk.free()
        center.lives()
        until(lambda: center.page("flow")[0] == 200, "all moves")
        assert center.hand_in(1) == 202
