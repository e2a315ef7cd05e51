"""``python -m benchmarks``: everything side by side in one run, told as a table, kept as JSON and drawn."""

import argparse
import sys

from benchmarks import door, growth, hand_over, latency, outage, postgres
from benchmarks.figures import Results
from benchmarks.ground import ground

ALL = {"B1": hand_over.run, "B2": latency.run, "B3": growth.run, "B4": door.run, "B5": outage.run, "B6": postgres.run}


def main() -> int:
    """0 when all that was asked for has been measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="短：每轮四分之一 / a quarter of each round, fewer sizes")
    parser.add_argument("--rounds", type=int, default=5, help="轮数 / rounds (default 5)")
    parser.add_argument("--only", default=",".join(ALL), help="只测 / only these, with commas between")
    asked = parser.parse_args()
    results: dict[str, Results] = {}
    with ground() as made:
        for name in asked.only.split(","):
            results[name] = ALL[name](made, asked.rounds, quick=asked.quick, say=_say)
    for result in results.values():
        for figure in result.figures:
            _say(f"{figure.benchmark}  {figure.name:32} {figure.median:12,.0f} {figure.unit}")
        for goal in result.goals:
            _say(f"{goal.benchmark}  {goal.text:40} {goal.reached:8.2f}  wanted {goal.wanted:g}  {goal.met}")
    return 0


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


if __name__ == "__main__":
    sys.exit(main())
