"""The centers as processes of the operating system, with a supervisor like systemd."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bus.contract.facts import is_ledger
from bus.demo.county_process import CountyPlan
from bus.runtime.lease import TAKEN
from verification.chaos.settings_file import BUS, settings_file
from verification.services.process import LEASH

HERE = Path(__file__).resolve().parents[2]
"""The checkout whose code the centers run by default."""


def leashed(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    **streams: Any,
) -> "subprocess.Popen[bytes]":
    """A process that dies with this one, in any case."""
    return subprocess.Popen(
        ["/bin/sh", "-c", LEASH, "leash", *command],
        cwd=folder,
        env=environment,
        stdin=subprocess.PIPE,
        start_new_session=True,
        **streams,
    )


def bury(child: "subprocess.Popen[bytes]", patience: float = 0) -> None:
    """Wait ``patience`` seconds for the process to end, then kill it and its children."""
    try:
        child.wait(max(0.1, patience))
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait(10)
    for stream in (child.stdin, child.stdout):
        if stream is not None:
            stream.close()


@dataclass(slots=True)
class CenterProcess:
    """The process of one center, or of the ledger. ``wanted``: whether it should be running."""

    name: str
    settings: dict[str, Any]
    folder: Path
    code: Path = HERE
    environment: dict[str, str] = field(default_factory=dict)
    children: list["subprocess.Popen[bytes]"] = field(default_factory=list)
    wanted: bool = False
    asked: bool = False
    """Whether its processes have been told to end."""
    deaths: list[str] = field(default_factory=list)
    """A note for each time that it ended unasked, or did not end when asked to."""
    died_at: float = 0.0
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def log(self) -> Path:
        """The log of all its processes."""
        return self.folder / f"{self.name}.jsonl"

    @property
    def pids(self) -> list[int]:
        """The ids of its living processes."""
        return [child.pid for child in self.children if child.poll() is None]

    def start(self) -> None:
        """Start it."""
        with self.lock:
            self.wanted = True
            if not self.children:
                self.children.append(self._started(0))

    def start_beside(self, timeout: float = 600) -> None:
        """Start a second process on the same store, which must exit by itself: the first one has the lease."""
        if self.code != HERE:
            return  # 0.1 has no lease
        child = self._started(1)
        try:
            code: int | None = child.wait(timeout)
        except subprocess.TimeoutExpired:
            code = None
        bury(child)
        if code != TAKEN:
            self.deaths.append(f"a second process was not refused: {self.name}, {code}: {self._last_words()}")

    def _started(self, number: int) -> "subprocess.Popen[bytes]":
        settings = dict(self.settings)
        if number:  # a second process of one center: the same store, its own port
            settings["http"] = {**settings["http"], "port": 0}
        with (self.folder / f"{self.name}.err").open("ab") as errors:
            command = [sys.executable, "-X", "faulthandler", *self._program(settings, number)]
            environment = os.environ | self.environment
            return leashed(command, self.code, environment, stdout=subprocess.DEVNULL, stderr=errors)

    def _program(self, settings: dict[str, Any], number: int) -> list[str]:
        """What Python runs."""
        if is_ledger(self.name):
            return ["-c", BUS, "ledger", "run", "--config", str(settings_file(self.folder, settings))]
        plan = self.folder / f"{self.name}.{number}.plan.json"
        if self.code != HERE:
            settings["vendor"] = settings.pop("backend")  # its name in 0.1
        CountyPlan((settings,), str(self.log)).save(plan)
        module = "bus.demo.county_process" if self.code == HERE else "bus.testing.county"  # its name in 0.1
        return ["-m", module, str(plan)]

    def await_door(self, timeout: float = 300) -> None:
        """Wait until its intake answers. Raises TimeoutError with the end of its output."""
        port, deadline = self.settings["http"]["port"], time.monotonic() + timeout
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
            except OSError:
                if time.monotonic() > deadline:
                    said = (self.folder / f"{self.name}.err").read_text(errors="replace")[-1000:]
                    raise TimeoutError(f"{self.name} did not open its door in {timeout:g} s: {said}") from None
                time.sleep(0.05)
            else:
                return

    def kill9(self) -> None:
        """Kill all its processes with SIGKILL. It stays down until ``start``."""
        self.end(signal.SIGKILL)

    def end(self, how: signal.Signals = signal.SIGTERM, timeout: float = 120) -> None:
        """Signal all processes and wait for their end; after ``timeout`` seconds they are killed."""
        with self.lock:
            self.ask(how)
            deadline = time.monotonic() + timeout
            for child in self.children:
                bury(child, deadline - time.monotonic())
                if how is signal.SIGTERM and child.returncode:
                    said = self._last_words()
                    self.deaths.append(f"did not leave in good order: {self.name}, {child.returncode}: {said}")
            self.children.clear()
            self.asked = False

    def ask(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Signal all processes, once: a second signal could meet an interpreter that no longer handles any."""
        with self.lock:
            self.wanted = False
            if not self.asked or how is signal.SIGKILL:
                for child in self.children:
                    child.send_signal(how)
            self.asked = True

    def _last_words(self) -> str:
        """The last lines of its standard error: a traceback, or the fault handler's output."""
        path = self.folder / f"{self.name}.err"
        said = path.read_text(errors="replace").splitlines() if path.exists() else []
        return " | ".join(said[-8:]) or "it said nothing"

    def freeze(self) -> None:
        """SIGSTOP: sockets stay open, and no request is answered."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT."""
        self._signal(signal.SIGCONT)

    def _signal(self, how: signal.Signals) -> None:
        with self.lock, suppress(ProcessLookupError):
            for pid in self.pids:
                os.kill(pid, how)

    def look_after(self) -> None:
        """Clean up after a process that died by itself, and restart it a second later, as ``Restart=always`` does."""
        with self.lock:
            gone = [child for child in self.children if child.poll() is not None]
            for child in gone:
                bury(child)
            if gone:
                self.deaths += [
                    f"died by itself: {self.name}, with {child.returncode}: {self._last_words()}" for child in gone
                ]
                self.died_at = time.monotonic()
                self.children = [child for child in self.children if child not in gone]
            if not self.children and self.wanted and time.monotonic() - self.died_at > 1:
                self.start()


class Watch:
    """Supervises all centers until it is closed."""

    def __init__(self, centers: Mapping[str, CenterProcess]) -> None:
        self._centers = centers
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._over.wait(0.25):
            for center in self._centers.values():
                center.look_after()

    def close(self) -> None:
        """Stop the supervision: no center is restarted from now on."""
        self._over.set()
        self._thread.join(10)
