"""``python -m verification.simulation``: plays many seeds on all cores, or traces one seed line by line."""

import argparse
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cache, partial
from typing import NamedTuple

from verification.simulation.fault_profile import (
    LIES,
    SMALL,
    WHOLE,
    FaultProfile,
    drawn,
    quiet,
    tiny,
    with_a_liar,
    with_clocks,
    with_ledger,
    with_masks,
)
from verification.simulation.run import Played, play
from verification.simulation.workspace import Workspace

CHUNK = 5
SIZES: dict[str, Callable[[int], FaultProfile]] = {
    "whole": partial(drawn, wanted=WHOLE),
    "small": partial(drawn, wanted=SMALL),
    "tiny": tiny,
}


class Wish(NamedTuple):
    """The wanted kind of county."""

    size: str
    liar: bool
    clocks: bool
    masks: bool
    ledger: bool = False
    quiet: bool = False

    def profile(self, seed: int) -> FaultProfile:
        """The fault profile of this seed."""
        profile = SIZES[self.size](seed)
        profile = with_clocks(profile) if self.clocks else profile
        profile = with_a_liar(seed, profile, LIES[self.size]) if self.liar else profile
        profile = with_masks(profile) if self.masks else profile
        profile = with_ledger(profile) if self.ledger else profile
        return quiet(profile) if self.quiet else profile


def main() -> int:
    """Play; returns 0 if every promise held in every seed."""
    if os.environ.get("PYTHONHASHSEED") != "0":  # otherwise sets of strings would be ordered differently at every start
        os.environ["PYTHONHASHSEED"] = "0"
        command = [sys.executable, "-m", "verification.simulation", *sys.argv[1:]]
        os.execv(sys.executable, command)  # noqa: S606 - ourselves again
    asked = _arguments()
    wish = Wish(asked.size, asked.liar, asked.clocks, asked.masks, asked.ledger, asked.quiet)
    if asked.seed is not None:
        return _one(asked.seed, wish, trace=asked.trace)
    seeds = range(asked.first, asked.first + asked.seeds)
    return _many(seeds, asked.jobs, wish, as_json=asked.json)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m verification.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=200, help="播种数 / how many seeds (default 200)")
    parser.add_argument("--first", type=int, default=0, help="第一个种子 / the first seed (default 0)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="进程数 / processes (default: all cores)")
    parser.add_argument("--seed", type=int, help="重放一个种子 / replay one seed")
    parser.add_argument("--size", choices=SIZES, default="whole", help="县的大小 / how much each county has to do")
    parser.add_argument("--liar", action="store_true", help="有一个中心说谎 / one member lies, rightly signed")
    parser.add_argument("--clocks", action="store_true", help="启用时限 / the clocks are on, with terms of minutes")
    parser.add_argument("--masks", action="store_true", help="遮盖居民信息 / residents are masked before acceptance")
    parser.add_argument("--ledger", action="store_true", help="有台账与审计 / a ledger is told facts, and audits them")
    parser.add_argument("--quiet", action="store_true", help="平静的一天，无故障 / a day with a ledger and no fault")
    parser.add_argument("--trace", action="store_true", help="逐行打印 / with --seed: every event, line by line")
    parser.add_argument("--json", action="store_true", help="机器可读 / print one JSON object")
    return parser.parse_args()


def _one(seed: int, wish: Wish, *, trace: bool) -> int:
    lines: list[str] | None = [] if trace else None
    played = play(seed, Workspace(), wish.profile(seed), trace=lines)
    sys.stdout.writelines(lines or ())
    print(_told(played))  # noqa: T201 - a command
    return bool(played.findings)


def _told(played: Played) -> str:
    lines = [
        f"seed {played.seed}: {played.centers} centers, {played.cases} cases, {played.custody} changes of custody, "
        f"{played.handovers} messages handed over, "
        f"{played.seconds:.2f} s, digest {played.digest[:16]}",
        "  " + ", ".join(f"{name} {count}" for name, count in sorted(played.happened.items())),
    ]
    lines += [f"  ✗ {f.rule} | {f.center} | {f.case} | {f.detail}" for f in played.findings[:20]]
    return "\n".join(lines)


def _chunk(seeds: range, wish: Wish) -> list[Played]:
    return [play(seed, _land(), wish.profile(seed)) for seed in seeds]


@cache
def _land() -> Workspace:
    """The workspace of this process."""
    return Workspace()


def _played(seeds: range, jobs: int, wish: Wish) -> Iterator[Played]:
    chunks = [seeds[start : start + CHUNK] for start in range(0, len(seeds), CHUNK)]
    with ProcessPoolExecutor(jobs, max_tasks_per_child=None) as pool:
        for done in as_completed(pool.submit(_chunk, chunk, wish) for chunk in chunks):
            yield from done.result()


def _many(seeds: range, jobs: int, wish: Wish, *, as_json: bool) -> int:
    start = said = time.monotonic()
    count = custody = handovers = cases = 0
    busy = 0.0
    happened: Counter[str] = Counter()
    failed: list[Played] = []
    for played in _played(seeds, jobs, wish):
        count += 1
        custody += played.custody
        handovers += played.handovers
        cases += played.cases
        busy += played.seconds
        happened += played.happened
        if played.findings:
            failed.append(played)
            print(_told(played), file=sys.stderr, flush=True)  # noqa: T201 - a command
        if time.monotonic() - said > 10:
            said = time.monotonic()
            rate = count / (said - start)
            print(f"{count}/{len(seeds)} seeds, {rate:.1f}/s, {len(failed)} failed", file=sys.stderr, flush=True)  # noqa: T201
    took = time.monotonic() - start
    summary = {
        "seeds": count,
        "failed": sorted(one.seed for one in failed),
        "cases": cases,
        "custody_changes": custody,
        "custody_changes_a_seed": round(custody / max(count, 1), 1),
        "handovers": handovers,
        "handovers_a_seed": round(handovers / max(count, 1), 1),
        "seconds": round(took, 1),
        "seeds_a_second": round(count / took, 2),
        "seeds_a_second_a_core": round(count / busy, 2) if busy else 0,
        "happened": dict(sorted(happened.items())),
    }
    print(json.dumps(summary) if as_json else _table(summary))  # noqa: T201 - a command
    return bool(failed)


def _table(summary: dict[str, object]) -> str:
    lines = [f"{name:>24}  {value}" for name, value in summary.items() if name != "happened"]
    happened = summary["happened"]
    assert isinstance(happened, dict)
    lines += [f"{name:>24}  {count}" for name, count in happened.items()]
    if summary["failed"]:
        lines.append("重放 / replay: python -m verification.simulation --seed N --trace")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
