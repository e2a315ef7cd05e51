"""The measured processes: started, controlled, read, and ended whatever happens."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(slots=True)
class Process:
    """One measured process, which prints marks (``benchmarks/runners/marks.py``)."""

    child: "subprocess.Popen[str]"

    @property
    def pid(self) -> int:
        """The process id."""
        return self.child.pid

    def hear(self, mark: str) -> Any:
        """The next ``mark``, with ``at`` and its other fields; earlier marks are skipped.

        Raises ``RuntimeError`` if the process ends without it."""
        assert self.child.stdout is not None
        for line in self.child.stdout:
            told = json.loads(line)
            if told["mark"] == mark:
                return told
        raise RuntimeError(f"{self.child.args!r} ended ({self.child.wait()}) without saying {mark}")

    def say(self, words: str = "go") -> None:
        """Send the process its next order."""
        assert self.child.stdin is not None
        self.child.stdin.write(words + "\n")
        self.child.stdin.flush()

    def end(self) -> None:
        """End the process: it has exited, exits now, or is killed."""
        assert self.child.stdin is not None
        self.child.stdin.close()
        try:
            self.child.wait(30)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()


def resident_mib(pid: int) -> float:
    """The resident memory of a process, in MiB."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def busy_seconds(pids: Iterable[int]) -> float:
    """CPU seconds of these processes so far, threads and kernel included. A child that has ended counts with its
    parent, and may vanish between two readings, or between being listed and being read."""
    return sum(map(_ticks, pids)) / os.sysconf("SC_CLK_TCK")


def _ticks(pid: int) -> int:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):  # the process ended before it was opened or read
        return 0
    return sum(map(int, fields[11:15]))


@contextmanager
def both_ends(module: str, *arguments: object) -> Iterator[tuple[Process, Process]]:
    """A taker and a giver of bare messages, both ready and started at the same moment."""
    with process(module, "take", *arguments) as taker:
        taker.hear("ready")
        with process(module, "give", *arguments) as giver:
            giver.hear("ready")
            taker.say()
            giver.say()
            yield taker, giver


@contextmanager
def process(module: str, *arguments: object) -> Iterator[Process]:
    """``python -m benchmarks.runners.<module>`` with these arguments."""
    command = [sys.executable, "-m", f"benchmarks.runners.{module}", *map(str, arguments)]
    made = Process(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
    try:
        yield made
    finally:
        made.end()
