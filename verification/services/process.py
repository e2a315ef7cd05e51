"""A server process that ends with this one, in any case."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from verification.services.allocation import ServiceUnavailable

LEASH = 'exec 3<&0; { read -r _ <&3; kill -KILL "-$$"; } & exec "$@" 3<&- </dev/null'
"""The server's shell leaves a reader behind on a pipe that we hold open. When we die, even by SIGKILL, the reader sees
the end of the pipe and kills the server's process group; no server is left on the machine."""


class ServerProcess:
    """One server with its children, started in a session of its own, so that signals reach no other process."""

    def __init__(
        self, command: Sequence[str], *, env: Mapping[str, str], folder: Path, owner: str | None = None
    ) -> None:
        """``folder`` is the working folder and holds the server's output; ``owner`` is the unix user to run as."""
        self._command, self._env, self._folder, self._owner = command, env, folder, owner
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pids(self) -> list[int]:
        """The server and everything below it; empty if it does not run."""
        return [] if self._process is None or not self.running else [self._process.pid, *_below(self._process.pid)]

    def start(self) -> None:
        if self.running:
            return
        with (self._folder / "output.log").open("ab") as output:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", LEASH, "leash", *self._command],
                env=self._env,
                cwd=self._folder,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=self._owner,
                group=self._owner,
                extra_groups=None if self._owner is None else [],
            )

    def terminate(self, how: signal.Signals = signal.SIGTERM, timeout: float = 60) -> None:
        """Ask the server to end in good order; after ``timeout`` seconds kill it and raise TimeoutError."""
        if self._process is None or not self.running:
            return
        family = self.pids
        self._process.send_signal(how)
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired as error:
            raise TimeoutError(f"{self._command[0]} did not end within {timeout:g} s and was killed") from error
        finally:
            self._sweep(family)

    def kill9(self) -> None:
        """SIGKILL to the server and all its children; returns when none of them is left."""
        if self._process is not None:
            self._sweep(self.pids)

    def freeze(self, name: str) -> None:
        """SIGSTOP to the server's processes with the program name ``name``."""
        self._signal(signal.SIGSTOP, name)

    def thaw(self, name: str) -> None:
        self._signal(signal.SIGCONT, name)

    def last_words(self) -> str:
        """The end of the server's output, for the error text."""
        return (self._folder / "output.log").read_text(errors="replace")[-2000:]

    def _signal(self, how: signal.Signals, name: str) -> None:
        struck = [pid for pid in self.pids if _program(pid) == name]
        if not struck:
            raise RuntimeError(f"No process {name} of this server runs: start() it first")
        for pid in struck:
            os.kill(pid, how)

    def _sweep(self, family: Sequence[int]) -> None:
        """End the process group and the children that left it (PostgreSQL's have sessions of their own)."""
        assert self._process is not None
        assert self._process.stdin is not None
        for target in (-self._process.pid, *family[1:]):
            try:
                os.kill(target, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self._process.stdin.close()
        self._process.wait(10)
        deadline = time.monotonic() + 10
        while any(_program(pid) is not None for pid in family):
            if time.monotonic() > deadline:
                raise ServiceUnavailable(f"进程无法结束 / processes survive SIGKILL: {family}")
            time.sleep(0.01)


def _processes() -> Iterator[tuple[int, int, str]]:
    """(pid, parent, program) of every live process; read from /proc, as a small machine has no ``ps``."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (line := _stat(int(entry.name))) is not None:
            yield int(entry.name), line[0], line[1]


def _stat(pid: int) -> tuple[int, str] | None:
    """(parent, program) of a process; None if it is gone or only a zombie is left."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    program = text[text.index("(") + 1 : text.rindex(")")]
    state, parent = text[text.rindex(")") + 2 :].split()[:2]
    return None if state in "ZX" else (int(parent), program)


def _program(pid: int) -> str | None:
    found = _stat(pid)
    return None if found is None else found[1]


def _below(pid: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for child, parent, _ in _processes():
        children.setdefault(parent, []).append(child)
    found, queue = [], list(children.get(pid, []))
    while queue:
        child = queue.pop()
        found.append(child)
        queue.extend(children.get(child, []))
    return found
