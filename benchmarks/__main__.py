"""``python -m benchmarks``: all benchmarks in one run, reported as a table, JSON and a chart."""

import argparse
import sys
import time

from rich.console import Console

from benchmarks import console, cost, door, growth, hand_over, latency, ledger, outage, postgres, report
from benchmarks.figures import Results
from benchmarks.ground import ground
from benchmarks.machine import describe

ALL = {
    "B1": hand_over.run,
    "B2": latency.run,
    "B3": growth.run,
    "B4": door.run,
    "B5": outage.run,
    "B6": postgres.run,
    "B7": ledger.run,
    "B8": console.run,
    "CPU": cost.run,
}


def main() -> int:
    """Run the benchmarks. Returns 0 if all that were asked for were measured, whether the goals are met or not."""
    asked = _arguments()
    rounds = asked.rounds or (1 if asked.quick else 5)
    machine, out, start = describe(), Console(), time.monotonic()
    out.print(", ".join(f"{name} {value}" for name, value in machine.items()))
    results: dict[str, Results] = {}
    with ground() as made:
        for name in asked.only.split(","):
            begun = time.monotonic()
            results[name] = ALL[name](made, rounds, quick=asked.quick, say=_say)
            _say(f"{name} took {time.monotonic() - begun:,.0f} s")
    report.show(results, out)
    if set(results) == set(ALL):
        for path in report.write(results, machine, quick=asked.quick):
            out.print(f"已写入 / written: {path.relative_to(report.ROOT)}")
    out.print(f"用时 / took {time.monotonic() - start:,.0f} s")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="短：量小 / a part of each round, fewer sizes")
    parser.add_argument("--rounds", type=int, help="轮数 / rounds (default 5, quick: 1)")
    parser.add_argument("--only", default=",".join(ALL), help="只测，逗号分隔 / only these: B1,B4 (nothing is written)")
    return parser.parse_args()


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


if __name__ == "__main__":
    sys.exit(main())
