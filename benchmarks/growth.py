"""B3: the cost of one more hand-over at a center with a large store, compared with a small one."""

import shutil
from collections.abc import Callable

from benchmarks.figures import Figure, Goal, Results
from benchmarks.filling import BYTES_EACH
from benchmarks.ground import WHERE, Ground
from benchmarks.process import process

SIZES = {
    "backlog": (10_000, 100_000, 1_000_000),
    "cases": (10_000, 100_000, 1_000_000, 10_000_000),
    "centers": (4, 40, 400),
    "bytes": (1_000, 5_000, 20_000),
}
GOALS = ("backlog", "cases", "centers")
QUICK = {"backlog": (10_000, 100_000), "cases": (10_000, 50_000), "centers": (4, 40), "bytes": (1_000, 20_000)}
WINDOWS = 8


def run(_ground: Ground, _rounds: int, *, quick: bool, say: Callable[[str], None]) -> Results:
    """Measure each size in a process and a store of its own."""
    figures, goals = [], []
    for what, sizes in (QUICK if quick else SIZES).items():
        measured = [size for size in sizes if _has_room(what, size, say)]
        for size in measured:
            with process("growing", what, size, WINDOWS // 2 if quick else WINDOWS) as growing:
                figure = Figure("B3", f"{what} {size:,}", "us each", growing.hear("ended")["took"])
            figures.append(figure)
            say(f"B3 {figure.name}: {figure.median:,.0f} us")
        if what in GOALS:
            least, most = figures[-len(measured)], figures[-1]
            text = f"{what}, {measured[-1]:,} against {measured[0]:,}"
            goals.append(Goal("B3", text, most.median / least.median, 1.25, at_most=True))
    return Results(figures, goals)


def _has_room(what: str, size: int, say: Callable[[str], None]) -> bool:
    needed, free = BYTES_EACH.get(what, 0) * size, shutil.disk_usage(WHERE).free
    if needed > free:
        say(
            f"B3 {what} {size:,}: left out, {needed / 1e9:,.0f} GB are needed in {WHERE} and {free / 1e9:,.0f} are free"
        )
    return needed <= free
