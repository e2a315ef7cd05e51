"""``make siege``: attacks a running center, and measures its memory, its descriptors, and its service to honest forms.

python -m verification.siege --seconds 20
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from rich.console import Console
from rich.table import Table

from verification.siege import attacks
from verification.siege.watch import Besieged, Sight

MOST_RSS = 250 * 1024 * 1024
MOST_DESCRIPTORS = 512
"""Most descriptors of a center under any attack."""
SMALL = 8
"""The ratio of a whole siege to a small one."""


def main(arguments: list[str] | None = None) -> int:
    """Exit code: 0 the center kept its bounds and served honest forms, 1 it did not."""
    asked = _arguments(arguments)
    seen = list(siege(asked.seconds, SMALL if asked.small else 1))
    Console(width=None if sys.stdout.isatty() else 140).print(_table(seen))
    return 0 if all(_well(one) for one in seen) else 1


def siege(seconds: float, part: int = 1) -> Iterator[Sight]:
    """Run one attack after the other on one center, each for ``seconds``, at one ``part``-th of its strength."""
    packed = attacks.bomb(4 * 1024**3 // part)
    with tempfile.TemporaryDirectory() as folder, _center(Path(folder)) as (center, offer):
        port = int(center.url.rpartition(":")[2])
        blocks: dict[str, Callable[[], AbstractContextManager[attacks.Reached]]] = {
            "none": lambda: nullcontext(lambda: 1),
            f"gzip,gzip of {len(packed):,} bytes": lambda: attacks.bombs(offer, packed, 8),
            "dripping neighbour": lambda: attacks.dripping(offer, 40 // part),
            "bodies of 20 MB less a byte": lambda: attacks.big_bodies(port, 40 // part),
            "silent connections": lambda: attacks.silent(port, 1200 // part),
        }
        for name, block in blocks.items():
            with center.watched(name) as sight, block() as reached:
                time.sleep(seconds)
                sight.reached = reached()
            yield sight


@contextmanager
def _center(folder: Path) -> Iterator[tuple[Besieged, attacks.Offer]]:
    command = [sys.executable, "-m", "verification.siege.center", str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())

        def offer(url: str, count: int) -> None:
            print(f"offer {url} {count}", file=process.stdin, flush=True)

        try:
            yield Besieged(process.pid, **told), offer
        finally:
            process.stdin.close()
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()


def _well(sight: Sight) -> bool:
    return sight.served and sight.reached > 0 and sight.rss < MOST_RSS and sight.descriptors < MOST_DESCRIPTORS


def _table(seen: list[Sight]) -> Table:
    table = Table(title=f"below {MOST_RSS // 1024**2} MiB and {MOST_DESCRIPTORS} descriptors")
    for name in ("attack", "reached", "peak RSS MiB", "descriptors", "honest forms", "slowest s", "health", ""):
        table.add_column(name)
    for one in seen:
        forms, health = (
            ", ".join(f"{count} x {status or 'no answer'}" for status, count in sorted(counts.items()))
            for counts in (one.forms, one.health)
        )
        cells = (
            one.attack,
            str(one.reached),
            f"{one.rss / 1024**2:.0f}",
            str(one.descriptors),
            forms,
            f"{one.slowest:.2f}",
            health,
        )
        table.add_row(*cells, "ok" if _well(one) else "NOT OK")
    return table


def _arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m verification.siege", description=__doc__)
    parser.add_argument("--seconds", type=float, default=20, help="how long each attack lasts")
    parser.add_argument("--small", action="store_true", help=f"a {SMALL}th of the strength")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
