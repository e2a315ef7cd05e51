"""B8 and ``python -m benchmarks.console``: the pages of a console beside a store of many cases.

The console runs as an operator runs it, as a process of its own. Each page is asked for as a browser asks, several
times, and the slowest counts. With ``--ledger`` it is the console of a ledger that four centers have told their cases.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import httpx

from benchmarks.figures import Figure, Goal, Results
from benchmarks.ground import Ground, folder
from benchmarks.kept_cases import CATEGORIES, CENTER, PEERS, case_id, keep_cases
from benchmarks.ledger import CENTERS, LEDGER, tell
from bus.console import people
from bus.contract.short_number import short_number
from bus.security.staff import Role
from bus.store import Store, schema
from bus.store.case_search import Listing
from verification.services import PostgresNode

GOALS = {"page": 300.0, "search": 500.0, "memory": 200.0}
"""Milliseconds of a page and of a search; MiB of the console's process."""
ASKED = 5
PERSON, PASSWORD = "zhao", "correct-Horse-battery-7-staple"
PAGES = (
    "/", "/stuck", f"/stuck/group?place=wire&code=internal&peer={PEERS[0]}",
    f"/stuck/group?place=outbox&code=overdue&peer={PEERS[0]}", "/stuck/item/9", "/operations",
    f"/cases/{case_id(77)}", "/figures", "/findings", "/system", "/curves/outbox", "/static/console.css",
)  # fmt: skip
OF_A_LEDGER = (
    "/",
    "/stuck",
    "/operations",
    "/cases",
    "/cases?status=closed",
    f"/cases?peer={CENTERS[0]}",
    "/cases?overdue=1",
    "/figures",
    "/figures/cases?figure=on-time-rate&side=numerator",
    "/findings",
    "/system",
)


def searches(count: int) -> Sequence[dict[str, str]]:
    """What persons look for."""
    known = case_id(count // 2)
    return (
        {}, {"q": f"RX-{count // 3:08}"}, {"q": str(known)}, {"q": short_number(known)}, {"q": "RX-none"},
        {"q": f"m-{count // 3}"}, *({"status": one} for one in ("open", "closed", "resolved")),
        *({"list": one.value} for one in Listing), {"peer": PEERS[3]}, {"peer": "nobody-150402"},
        {"status": "open", "peer": PEERS[3]}, {"category": CATEGORIES[1]}, {"category": "none"},
        {"street": "150402007"}, {"street": "150402007", "category": CATEGORIES[1], "status": "open"},
        {"from": "2026-01-01", "to": "2026-01-31"}, {"from": "2026-06-01", "status": "open", "category": CATEGORIES[0]},
    )  # fmt: skip


def run(_ground: Ground, _rounds: int, *, quick: bool, say: Callable[[str], None]) -> Results:
    """B8: the console of a center, and that of a ledger."""
    results = Results([], [])
    for ledger in (False, True):
        with folder() as path:
            found = measure(path, f"sqlite:///{path}/center.db", 10_000 if quick else 1_000_000, ledger, say)
        results.figures += found.figures
        results.goals += found.goals
    return results


def main() -> int:
    """Fill, ask, print. Returns 0 where the goals are met."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.console", description=__doc__)
    parser.add_argument("--cases", type=int, default=1_000_000, help="案件数 / cases")
    parser.add_argument("--on", choices=("sqlite", "postgresql"), default="sqlite", help="数据库 / the database")
    parser.add_argument("--ledger", action="store_true", help="总账的控制台 / the console of a ledger")
    asked = parser.parse_args()
    with folder() as path, _url(asked.on, path) as url:
        found = measure(path, url, asked.cases, asked.ledger, _say)
    return 0 if all(goal.met for goal in found.goals) else 1


def measure(path: Path, url: str, count: int, ledger: bool, say: Callable[[str], None]) -> Results:
    """Fill a store and ask for each page."""
    begun, store = time.perf_counter(), Store(url)
    schema.upgrade(store)
    if ledger:
        tell(store, count, say)
    else:
        keep_cases(store, count)
    store.close()
    say(f"{count:,} cases in {time.perf_counter() - begun:,.0f} s")
    whose = "ledger" if ledger else "center"
    with _console(path, url, LEDGER if ledger else CENTER) as (client, pid):
        figures = [_slowest(f"{whose}: slowest page", client, OF_A_LEDGER if ledger else PAGES, say)]
        if not ledger:
            wanted = [f"/cases?{urlencode(one)}" for one in searches(count)]
            figures.append(_slowest(f"{whose}: slowest search", client, wanted, say))
        used = _most_mib(pid)
        figures.append(Figure("B8", f"{whose}: memory", "MiB", [used]))
        say(f"{whose}: {used:,.0f} MiB")
    return Results(figures, [_goal(one, count) for one in figures])


def _goal(figure: Figure, count: int) -> Goal:
    wanted = next(most for ending, most in GOALS.items() if figure.name.endswith(ending))
    return Goal("B8", f"{figure.name} ({figure.unit}), {count:,} cases", figure.median, wanted, at_most=True)


@contextmanager
def _url(name: str, path: Path) -> Iterator[str]:
    if name == "sqlite":
        yield f"sqlite:///{path}/center.db"
        return
    with PostgresNode() as node:
        yield node.create_database("console")


@contextmanager
def _console(path: Path, url: str, center: str) -> Iterator[tuple[httpx.Client, int]]:
    """The console at work, a client of a person who is signed in, and the process's id."""
    own = Store(own_url(path))
    schema.upgrade(own)
    people.keep(own, PERSON, Role.ADMINISTRATOR, PASSWORD, datetime.now(UTC))
    own.close()
    config = path / "center.toml"
    config.write_text(
        f'center = "{center}"\nstore = "{url}"\n[backend]\nurl = "http://127.0.0.1:9"\n', encoding="utf-8"
    )
    asked = ("--config", str(config), "--store", own_url(path), "--port", "0", "--lang", "en")
    command = [sys.executable, "-u", "-m", "bus", "console", "run", *asked]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout is not None
        origin = child.stdout.readline().rpartition(" ")[2].strip()
        with httpx.Client(base_url=origin, headers={"Origin": origin}, timeout=60) as client:
            answer = client.post("/sign-in", data={"name": PERSON, "password": PASSWORD})
            client.cookies = httpx.Cookies(dict(answer.cookies))
            time.sleep(10)  # some looks
            yield client, child.pid
    finally:
        child.terminate()
        child.wait(30)


def own_url(path: Path) -> str:
    """Where the console keeps its persons."""
    return f"sqlite:///{path}/console.db"


def _slowest(name: str, client: httpx.Client, paths: Sequence[str], say: Callable[[str], None]) -> Figure:
    slowest = 0.0
    for path in paths:
        costs = []
        for _ in range(ASKED):
            begun = time.perf_counter()
            answer = client.get(path)
            costs.append((time.perf_counter() - begun) * 1000)
        slowest = max(slowest, *costs)
        say(f"{max(costs):7.1f} ms  {answer.status_code}  {len(answer.content):>7,} B  {path}")
    say(f"{name}: {slowest:.1f} ms")
    return Figure("B8", name, "ms", [slowest])


def _most_mib(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
