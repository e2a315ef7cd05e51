"""``python -m benchmarks.facts``: B1 with a ledger that is told, against without one, in alternating pairs.

Messages are signed and sealed in both. The ledger is ``away`` by default: it stands on a machine of its own, and its
work is not that of the centers, who keep facts for it in each commit all the same. ``--running``: beside them, on the
same cores.
"""

import argparse
import json
import statistics
import sys

from benchmarks.county import LedgerIs
from benchmarks.ground import ground
from benchmarks.hand_over import ours
from benchmarks.machine import describe
from benchmarks.pairs import interval


def main() -> int:
    """Measure, print each pair, then the median ratio and its interval."""
    asked = _arguments()
    with_ledger: LedgerIs = "running" if asked.running else "away"
    ratios: list[float] = []
    with ground() as made:
        for number in range(asked.pairs):
            order: tuple[LedgerIs, ...] = ("none", with_ledger) if number % 2 else (with_ledger, "none")
            rates = {one: ours(made, asked.count, secrecy="sealed", ledger=one) for one in order}
            ratios.append(rates[with_ledger] / rates["none"])
            line = f"{number + 1:>3}/{asked.pairs}  {rates[with_ledger]:8,.0f}/s  {rates['none']:8,.0f}/s"
            sys.stderr.write(f"{line}  {ratios[-1]:.3f}\n")
    low, high = interval(sorted(ratios))
    told = {
        "ledger": with_ledger,
        "pairs": len(ratios),
        "messages": asked.count,
        "median": round(statistics.median(ratios), 4),
        "interval_90": [round(low, 4), round(high, 4)],
        "machine": describe(),
    }
    sys.stdout.write(json.dumps(told, ensure_ascii=False, indent=1) + "\n")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.facts", description=__doc__)
    parser.add_argument("--pairs", type=int, default=12, help="对数 / how many pairs (default 12)")
    parser.add_argument("--count", type=int, default=6_000, help="每次报文数 / messages of each measurement")
    parser.add_argument("--running", action="store_true", help="总账在同一台机器上 / the ledger on the same machine")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
