"""``make chaos``: strikes four real centers with faults of every kind, and lets the checker judge the result.

python -m verification.chaos --faults kill9-center,stop-broker --seconds 60 --seeds 1,2,3
"""

import argparse
import signal
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from verification.chaos import table
from verification.chaos.faults import FAULTS, Fault, Needs
from verification.chaos.over import OVER
from verification.chaos.play import How, Row, Setting, play
from verification.chaos.stage import Servers


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos", description="混沌测试 / chaos")
    add = parser.add_argument
    add(
        "--faults",
        default="all",
        help="名称，逗号分隔；a+b 同时；all；none 无故障；list / names by comma; a+b at once",
    )
    add("--seconds", type=float, default=60, help="每个故障的时长 / how long each fault lasts")
    add("--seeds", default="1", help="种子：1,2,3 或 1-3 / seeds: 1,2,3 or 1-3")
    add("--broker", choices=("single", "cluster"), default="single")
    add("--store", choices=("sqlite", "postgres", "mixed"), default="sqlite")
    add(
        "--rate",
        type=float,
        default=100,
        help="每秒转办件数，每件约四条报文 / cases a second, each of about four messages",
    )
    add(
        "--soak",
        type=float,
        metavar="MINUTES",
        help="每 5–40 秒一个随机故障（FAULTS=none：无） / a random fault every 5 to 40 s; FAULTS=none: none",
    )
    add("--lasting", action="store_true", help="故障持续到稽核发现 / each fault lasts until the auditor has found it")
    add("--fifth", action="store_true", help="第五类中心也参加 / with a center of a fifth kind")
    add("--version", default="", help="各中心运行的 git 版本 / the git ref whose code the centers run")
    add("--json", type=Path, help="每次运行追加一行 JSON / append a line of JSON for each run")
    add("--show", type=Path, nargs="+", metavar="FILE", help="只显示 --json 写下的表 / only show what --json wrote")
    add("--keep", type=Path, help="把有问题的现场留在此处 / keep the folders of runs with findings here")
    return parser.parse_args()


def seeds(text: str) -> list[int]:
    """``1,2,5-7`` → 1, 2, 5, 6, 7."""
    found: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found


NOTHING = "none"
"""A county without a fault, of which the auditor must find nothing."""


def groups(text: str, broker: str) -> list[tuple[How, list[Fault]]]:
    """``a,b+c,d/e`` → a; b and c at once; d, then e; ``none`` → no fault at all. Raises SystemExit for an
    unknown name."""
    if text == "all":
        possible = (one for one in FAULTS.values() if broker == "cluster" or Needs.CLUSTER not in one.needs)
        return [("at-once", [one]) for one in possible]
    parts: list[tuple[How, list[str]]] = [
        ("in-turn", part.split("/")) if "/" in part else ("at-once", part.split("+") if part != NOTHING else [])
        for part in text.split(",")
    ]
    unknown = {name for _, group in parts for name in group} - FAULTS.keys()
    if unknown:
        raise SystemExit(f"没有这种故障 / no such fault: {', '.join(sorted(unknown))}; FAULTS=list")
    for how, group in parts:
        if how == "at-once" and len(group) > 1 and (whole := [name for name in group if FAULTS[name].whole_broker]):
            raise SystemExit(
                f"{', '.join(whole)}：作用于整个消息服务器，请单独或依次进行（a/b） / "
                "strikes the broker as a whole: play it alone, or in turn as a/b"
            )
    return [(how, [FAULTS[name] for name in group]) for how, group in parts]


NOT_IN_SOAK = frozenset({
    "disk-full-store", "postgres-immediate-stop", "previous-version", "old-backup-restored",
    "clock-back-1h", "clock-forward-30d",
})  # fmt: skip
"""Faults that need a setup of their own (a small disk, PostgreSQL), leave an excuse for the rest of the hour, or, as
libfaketime does, make a center slow for the whole hour."""


def main() -> int:
    """Run what the command line asks for; 1 if there are findings."""
    signal.signal(signal.SIGTERM, _leave)
    given, console = _arguments(), Console(width=200 if not sys.stdout.isatty() else None)
    if given.faults == "list":
        table.show_faults(console)
        return 0
    if given.show:
        table.show(table.load(given.show), console)
        return 0
    if given.soak and given.faults != NOTHING:
        given.broker = "cluster"
    chosen = groups(given.faults, given.broker)
    setting = Setting(
        given.seconds, given.rate, given.broker, given.store, fifth=given.fifth, version=given.version, keep=given.keep,
        lasting=frozenset(FAULTS if given.lasting else ()),
    )  # fmt: skip
    if given.soak:
        together = [one for _, group in chosen for one in group if one.name not in NOT_IN_SOAK]
        chosen = [("soak", together)]
        setting = replace(setting, seconds=given.soak * 60, tell=console.print)
    rows = []
    for row in _played(chosen, seeds(given.seeds), setting, console):
        rows.append(row)
        if given.json:
            table.save(row, given.json)
    table.show(rows, console)
    return 1 if any(row.findings for row in rows) else 0


def _leave(*_: object) -> None:
    """`timeout 600 make chaos` ends with SIGTERM: the started processes must still be ended."""
    OVER.set()
    raise SystemExit(143)


def _played(
    chosen: list[tuple[How, list[Fault]]], numbers: list[int], setting: Setting, console: Console
) -> Iterator[Row]:
    with Servers() as servers:
        for how, group in chosen:
            for seed in numbers:
                row = play(servers, group, seed, replace(setting, how=how))
                console.print(" | ".join(table.cells(row)), style="red" if row.findings else "green", markup=False)
                for finding in row.findings[:5]:
                    console.print(f"    {finding}", style="red", markup=False)
                yield row


if __name__ == "__main__":
    sys.exit(main())
