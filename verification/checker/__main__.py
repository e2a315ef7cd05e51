"""``python -m verification.checker``: judges the stores of a county from the command line.

Only the stores are read: intakes are not watched, and own systems not asked. A message to a center that is not named
counts as waiting for a removed center. No store tells whether residents were masked before acceptance the whole time:
say ``--masks`` if the directory of the county has had every center read ``case.handed`` since its first case.
"""

import argparse
import sys
from pathlib import Path

from sqlalchemy.exc import ArgumentError

from bus.store import Store, StoreUnavailable
from verification.checker.evidence import CenterEvidence, Evidence, When
from verification.checker.invariants import check
from verification.checker.report import report
from verification.checker.store_reader import read
from verification.checker.tally import tally


def main(arguments: list[str] | None = None) -> int:
    """Exit code: 0 every promise was kept, 1 one was broken, 2 a store cannot be read."""
    asked = _arguments(arguments)
    seats = {}
    for name, _, url in (named.partition("=") for named in asked.stores):
        try:
            store = Store(url)
            if store.on_sqlite and not Path(store.url.database or "").is_file():
                raise StoreUnavailable("there is no such file", passing=False)  # noqa: TRY301 - SQLite would make it
            seats[name] = CenterEvidence(name, read(store))
            store.close()
        except (StoreUnavailable, ArgumentError):
            text = f"{name}: 存储读不了，请核对地址与版本 / its store cannot be read: check its URL and its version"
            print(text, file=sys.stderr)  # noqa: T201 - a command
            return 2
    evidence = Evidence(seats, masks=asked.masks)
    when, english = When[asked.when.upper()], asked.lang == "en"
    findings, counts = check(evidence, when), tally(evidence)
    kept = report(findings, when, counts=counts, masks=asked.masks, english=english, as_json=asked.json)
    return 0 if kept else 1


def _arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m verification.checker", description=__doc__)
    parser.add_argument("stores", nargs="+", metavar="CENTER=URL", help="每个中心的存储 / each center's store")
    parser.add_argument(
        "--when",
        choices=[when.name.lower() for when in When],
        default="live",
        help="读取时：运行中、静止、已办结 / while running, while nothing ran, or after all is done",
    )
    parser.add_argument(
        "--masks",
        action="store_true",
        help="全县一直遮盖居民信息，请一并检查 / residents were masked the whole time: judge that too",
    )
    parser.add_argument("--lang", choices=["zh", "en"], default="zh", help="语言 / language")
    parser.add_argument("--json", action="store_true", help="机器可读 / print one JSON object")
    asked = parser.parse_args(arguments)
    if asked.masks and asked.when == When.LIVE.name.lower():  # a center may hold a case before its peers' stores say so
        parser.error("--masks: 请先停下各中心，再加 --when still / stop the centers, and say --when still")
    return asked


if __name__ == "__main__":
    sys.exit(main())
