"""Trends of processes' memory and open files: flat, or growing without end. Linux only, from /proc."""

import os
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import linear_regression
from typing import NamedTuple

MIB = 1 << 20
PAGE = os.sysconf("SC_PAGE_SIZE")


class Sample(NamedTuple):
    """One process at one moment."""

    at: float
    """Seconds since the sampler began."""
    memory: float
    """Resident, in MiB."""
    files: int
    """Open descriptors."""


class Trend(NamedTuple):
    """The trend of a process in the second half of its samples, after it had warmed up."""

    samples: int
    memory: float
    """MiB at the end."""
    memory_per_hour: float
    """MiB an hour, by least squares."""
    files: int
    """Open descriptors at the end."""
    files_per_hour: float


class Sampler:
    """Samples processes on a thread of its own, until ``stop``.

    ``pids`` is called each time, so that a process that was killed and restarted under the same name is followed. Its
    trend is that of its last life, since a new process warms up anew."""

    def __init__(self, pids: Callable[[], Mapping[str, int]], interval: float = 1.0) -> None:
        self._pids = pids
        self._interval = interval
        self._lives: dict[str, tuple[int, list[Sample]]] = {}
        self._begun = time.monotonic()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sampler", daemon=True)

    def start(self) -> "Sampler":
        """Begin to sample."""
        self._thread.start()
        return self

    def stop(self) -> dict[str, Trend]:
        """Stop sampling. Returns name → trend, for each process with at least four samples in its last life."""
        self._stopped.set()
        if self._thread.ident is not None:
            self._thread.join(10)
        return {name: trend(samples) for name, (_, samples) in self._lives.items() if len(samples) >= 4}

    def look(self) -> None:
        """Take one sample of each process."""
        at = time.monotonic() - self._begun
        for name, pid in self._pids().items():
            seen = _seen(pid)
            if seen is None:
                continue
            if self._lives.get(name, (0, []))[0] != pid:
                self._lives[name] = (pid, [])
            self._lives[name][1].append(Sample(at, *seen))

    def _run(self) -> None:
        while not self._stopped.wait(self._interval):
            self.look()


def trend(samples: list[Sample]) -> Trend:
    """The second half of these samples (at least four), as a straight line."""
    late = samples[len(samples) // 2 :]
    hours = [sample.at / 3600 for sample in late]
    return Trend(
        len(samples),
        late[-1].memory,
        linear_regression(hours, [sample.memory for sample in late]).slope,
        late[-1].files,
        linear_regression(hours, [sample.files for sample in late]).slope,
    )


def _seen(pid: int) -> tuple[float, int] | None:
    """(MiB, descriptors); None once the process is gone."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        files = len(os.listdir(f"/proc/{pid}/fd"))
    except (FileNotFoundError, ProcessLookupError):
        return None
    return pages * PAGE / MIB, files
