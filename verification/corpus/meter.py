"""Time and memory of one item: wall clock, and the peak of this process's resident memory as the kernel counts it."""

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

LONGEST_MS = 50.0
"""Most milliseconds of an item that does not say otherwise."""
LARGEST_MIB = 64.0
TRIES = 3
"""Repeats of an item over a bound, alone; the median decides, because the machine may have been busy."""
Act = Callable[[], object]
_STATUS, _REFS = Path("/proc/self/status"), Path("/proc/self/clear_refs")


@dataclass(frozen=True, slots=True)
class Measured:
    """One item's cost."""

    kind: str
    name: str
    ms: float
    mib: float
    longest_ms: float = LONGEST_MS
    """The item's own bound of time, if it waits or is long by design."""

    @property
    def over(self) -> bool:
        """Whether it exceeds the bound of an item."""
        return self.ms > self.longest_ms or self.mib > LARGEST_MIB


def cost(act: Callable[[], object]) -> tuple[float, float]:
    """(milliseconds, MiB above the memory in use before) of ``act``."""
    _REFS.write_text("5", encoding="ascii")  # resets the peak: proc(5)
    before = _kib("VmRSS")
    start = time.perf_counter()
    act()
    ms = (time.perf_counter() - start) * 1000
    return ms, max(0, _kib("VmHWM") - before) / 1024


def _kib(name: str) -> int:
    line = next(line for line in _STATUS.read_text(encoding="ascii").splitlines() if line.startswith(name))
    return int(line.split()[1])


@dataclass(slots=True)
class Meter:
    """All costs of a run."""

    seen: list[Measured] = field(default_factory=list)

    def measure(
        self,
        kind: str,
        name: str,
        act: Act,
        *,
        anew: Callable[[], Act] | None = None,
        longest_ms: float = LONGEST_MS,
    ) -> None:
        """Measure ``act``; over a bound, again, so that one slow moment does not decide. ``anew`` makes the act once
        more if a second run would cost less."""
        one = Measured(kind, name, *cost(act), longest_ms)
        if one.over:
            ms, mib = zip(*[cost(anew() if anew else act) for _ in range(TRIES)], strict=True)
            one = Measured(kind, name, statistics.median(ms), statistics.median(mib), longest_ms)
        self.seen.append(one)

    def table(self) -> Iterator[str]:
        """A line for each kind, the total, and the slowest."""
        yield f"{'kind':48} {'items':>6} {'p99 ms':>8} {'max ms':>8} {'max MiB':>8}"
        for kind in sorted({one.kind for one in self.seen}):
            yield _line(kind, [one for one in self.seen if one.kind == kind])
        yield _line("all", self.seen)
        for one in sorted(self.seen, key=lambda one: -one.ms)[:5]:
            yield f"slowest: {one.ms:.1f} ms, {one.mib:.1f} MiB: {one.kind}: {one.name}"

    def faults(self) -> list[str]:
        """Items that exceed a bound."""
        return [
            f"{one.kind}: {one.name}: {one.ms:.1f} ms of {one.longest_ms:.0f}, {one.mib:.1f} MiB"
            for one in self.seen
            if one.over
        ]


def _line(name: str, costs: list[Measured]) -> str:
    times = sorted(one.ms for one in costs)
    p99 = times[min(len(times) - 1, len(times) * 99 // 100)]
    return f"{name:48} {len(costs):6} {p99:8.1f} {times[-1]:8.1f} {max(one.mib for one in costs):8.1f}"
