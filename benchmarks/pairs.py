"""``python -m benchmarks.pairs``: B1 of this checkout and of another commit, in alternating pairs.

A machine's speed changes from minute to minute, so only the ratio within a pair counts, and the median of many pairs.
Both run with this checkout's packages, each on a new broker node for each measurement.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from itertools import accumulate
from math import comb
from pathlib import Path

from benchmarks.machine import describe
from benchmarks.report import ROOT
from verification.mixed.release import previous, unpack

MEASURE = """
from benchmarks.ground import ground
from benchmarks.hand_over import ours
with ground() as made:
    print(ours(made, {count}))
"""
"""The program that runs in the folder of either commit."""


def main() -> int:
    """Measure, print each pair, then the median ratio and its interval."""
    asked = _arguments()
    commit = asked.against or previous().commit
    rates: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory(prefix="pairs-") as folder:
        other = Path(folder)
        if not unpack(commit, other):
            sys.exit(
                f"历史中没有提交 {commit}：请运行 git fetch --unshallow / no such commit here: git fetch --unshallow"
            )
        for number in range(asked.pairs):
            first, second = (other, ROOT) if number % 2 else (ROOT, other)
            measured = {tree: _rate(tree, asked.count) for tree in (first, second)}
            rates.append((measured[ROOT], measured[other]))
            now, before = rates[-1]
            _say(f"{number + 1:>3}/{asked.pairs}  {now:8,.0f}/s  {before:8,.0f}/s  {now / before:.3f}")
    ratios = sorted(now / before for now, before in rates)
    low, high = interval(ratios)
    told = {
        "against": commit,
        "pairs": len(ratios),
        "messages": asked.count,
        "median": round(statistics.median(ratios), 4),
        "interval_90": [round(low, 4), round(high, 4)],
        "ratios": [round(ratio, 4) for ratio in ratios],
        "machine": describe(),
    }
    sys.stdout.write(json.dumps(told, ensure_ascii=False, indent=None if asked.json else 1) + "\n")
    return 0


def interval(ratios: Sequence[float], wanted: float = 0.90) -> tuple[float, float]:
    """An interval that contains the true median with at least ``wanted`` probability, whatever the distribution: the
    k-th smallest and the k-th largest of the sorted ``ratios``. The smallest and the largest if there are too few."""
    n = len(ratios)
    below = list(accumulate(comb(n, k) / 2**n for k in range(n + 1)))
    k = max((k for k in range(1, n // 2 + 1) if 1 - 2 * below[k - 1] >= wanted), default=1)
    return ratios[k - 1], ratios[n - k]


def _rate(tree: Path, count: int) -> float:
    command = [sys.executable, "-c", MEASURE.format(count=count)]
    done = subprocess.run(command, cwd=tree, check=True, capture_output=True, text=True)
    return float(done.stdout.split()[-1])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pairs", description=__doc__)
    parser.add_argument("--pairs", type=int, default=12, help="对数 / how many pairs (default 12)")
    parser.add_argument("--count", type=int, default=12_000, help="每次报文数 / messages of each measurement")
    parser.add_argument("--against", help="提交 / the other commit (default: the release before)")
    parser.add_argument("--json", action="store_true", help="一行 JSON / the result in one line")
    return parser.parse_args()


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


if __name__ == "__main__":
    sys.exit(main())
