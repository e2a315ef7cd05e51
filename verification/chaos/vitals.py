"""Memory and open files of the centers over a run: endless growth is a leak."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from verification.chaos.centers import CenterProcess
from verification.checker import Sampler, Trend

EVERY = 2.0
LONG = 300.0
"""Seconds that a process must have lived before its growth is judged; in the first half of its life caches fill."""
MEMORY = 16.0
"""MiB by which a process may grow over the second half of a long life."""
FILES = 16.0
"""Open files by which a process may grow over the second half of a long life."""


@dataclass(frozen=True, slots=True)
class Growth:
    """The growth of one process over the second half of its life."""

    process: str
    seconds: float
    """Duration of the observation."""
    memory: float
    """MiB."""
    files: float

    @property
    def too_much(self) -> bool:
        """Whether this is a leak."""
        return self.seconds >= LONG and (self.memory > MEMORY or self.files > FILES)

    def __str__(self) -> str:
        return f"{self.process}: {self.memory:+.1f} MiB, {self.files:+.1f} files in the last {self.seconds / 2:.0f} s"


class Vitals:
    """Watches from ``start`` until it is closed; ``growths`` then lists how much each process was growing."""

    def __init__(self, centers: Mapping[str, CenterProcess]) -> None:
        self._centers = centers
        self._sampler = Sampler(self._pids, interval=EVERY)
        self.growths: list[Growth] = []

    def start(self) -> None:
        """Begin to watch."""
        self._sampler.start()

    def _pids(self) -> dict[str, int]:
        """Each life has a name of its own."""
        return {f"{name} ({pid})": pid for name, center in self._centers.items() for pid in center.pids}

    def close(self) -> None:
        """Stop watching."""
        self.growths = [growth(name, trend) for name, trend in self._sampler.stop().items()]

    @property
    def now(self) -> float:
        """MiB of the largest center at this moment."""
        return max(map(resident, self._pids().values()), default=0.0)

    @property
    def memory(self) -> float:
        """MiB a minute by which the fastest growing long-lived process grew; 0 if none lived long."""
        return max((one.memory / one.seconds * 120 for one in self._long()), default=0.0)

    @property
    def files(self) -> int:
        """Open files by which it grew."""
        return round(max((one.files for one in self._long()), default=0.0))

    def _long(self) -> list[Growth]:
        """Lives of a minute and more: the growth of shorter ones says nothing."""
        return [one for one in self.growths if one.seconds >= 60]


def growth(process: str, trend: Trend) -> Growth:
    """The slope of the second half of a life, times its duration."""
    seconds = trend.samples * EVERY
    hours = seconds / 2 / 3600
    return Growth(process, seconds, trend.memory_per_hour * hours, trend.files_per_hour * hours)


def resident(pid: int) -> float:
    """MiB of a process's resident memory; 0 once it is gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    except OSError:
        return 0.0
