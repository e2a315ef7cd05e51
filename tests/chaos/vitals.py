"""Memory and open files of the centers over a run: what grows without end is a leak."""

import os
import threading
import time
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from statistics import linear_regression, median

from tests.chaos.centers import CenterProcess

EVERY = 2.0
WARM = 30.0
"""Seconds of a process's life that do not count: caches fill, pools open."""
ENOUGH = 60.0
"""Seconds that a process must have been watched for before its growth says anything."""
PAGE = os.sysconf("SC_PAGE_SIZE")


class Vitals:
    """Watches until it is closed; then ``memory`` and ``descriptors`` say how much was growing."""

    def __init__(self, centers: Mapping[str, CenterProcess]) -> None:
        self._centers = centers
        self._seen: dict[int, list[tuple[float, float, int]]] = defaultdict(list)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._over.wait(EVERY):
            for center in self._centers.values():
                for pid in center.pids:
                    with suppress(OSError, ValueError, IndexError):
                        self._seen[pid].append((time.monotonic(), resident(pid), len(os.listdir(f"/proc/{pid}/fd"))))

    def _long_lived(self) -> list[list[tuple[float, float, int]]]:
        warm = ([one for one in life if one[0] - life[0][0] > WARM] for life in list(self._seen.values()))
        return [life for life in warm if life and life[-1][0] - life[0][0] >= ENOUGH]

    @property
    def now(self) -> float:
        """MiB of the largest center at the last look."""
        pids = {pid for center in self._centers.values() for pid in center.pids}
        return max((life[-1][1] for pid, life in list(self._seen.items()) if pid in pids), default=0.0)

    @property
    def memory(self) -> float:
        """MiB a minute by which the fastest growing center grew; 0 when none lived long enough to tell."""
        slopes = (linear_regression([t for t, _, _ in life], [m for _, m, _ in life])[0] for life in self._long_lived())
        return max((slope * 60 for slope in slopes), default=0.0)

    @property
    def descriptors(self) -> int:
        """Open files more in the last third of a life than in the first: medians, the largest of all centers."""
        grown = []
        for life in self._long_lived():
            files = [count for _, _, count in life]
            third = max(1, len(files) // 3)
            grown.append(int(median(files[-third:]) - median(files[:third])))
        return max(grown, default=0)

    def close(self) -> None:
        """No more looks."""
        self._over.set()
        self._thread.join(10)


def resident(pid: int) -> float:
    """MiB of a process's resident memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE / 2**20
