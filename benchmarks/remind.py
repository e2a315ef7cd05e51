"""``python -m benchmarks.remind``: how many open cases a second the clocks look at, remind of, and set a timer for.

One center with so many open cases, each due: the term has ended, and a reminder is given. Every round is the
step of the running center: claim, load, look, say, remember, next timer, one commit.
"""

import argparse
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from benchmarks.ground import folder
from bus.clocks.rules import Rules
from bus.context import CenterContext
from bus.contract.case import Case, Person, Place, Source
from bus.contract.ids import new_id
from bus.contract.working_days import CHINA
from bus.custody.commands import Register
from bus.pipeline.remind import Asked, remind_due
from bus.store import Store, Tx, schema, timers
from bus.store.timestamps import ms
from bus.store.unit_of_work import UnitOfWork

ME = "media_center-150402"
HEARD = datetime(2026, 11, 23, 9, tzinfo=CHINA)
"""A Monday; five working days later the term has ended."""
DUE = datetime(2026, 12, 1, 9, tzinfo=CHINA)
PAGE = 2_000
"""Cases of one commit while the store is filled."""
GOAL = 2_000
"""Cases a second."""


def main() -> int:
    """Measure, and print the rates. Returns 0 where the goal is met."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.remind", description=__doc__)
    parser.add_argument("--cases", type=int, default=1_000_000, help="案件数 / open cases, each with a timer")
    parser.add_argument("--measured", type=int, default=100_000, help="实测数 / how many of them are looked at")
    asked = parser.parse_args()
    with folder() as path:
        said, quiet = measure(path, asked.cases, min(asked.cases, asked.measured), _say)
    sys.stdout.write(f"提醒 / reminded: {said:,.0f} cases/s; 只查看 / looked at, nothing due: {quiet:,.0f} cases/s\n")
    return 0 if min(said, quiet) >= GOAL else 1


def measure(path: Path, cases: int, measured: int, say: Callable[[str], None]) -> tuple[float, float]:
    """Cases a second: with a reminder each, and with nothing to say."""
    context = CenterContext(ME, clocks=Rules())
    store = Store(f"sqlite:///{path}/store.db")
    schema.upgrade(store)
    begun = time.perf_counter()
    for first in range(0, cases, PAGE):
        _fill(store, context, first, min(PAGE, cases - first))
    say(f"{cases:,} open cases in {time.perf_counter() - begun:,.0f} s")
    said = _rate(store, context, DUE, measured)
    _due_again(store, DUE + timedelta(hours=1), measured)
    quiet = _rate(store, context, DUE + timedelta(hours=1), measured)
    store.close()
    return said, quiet


def _fill(store: Store, context: CenterContext, first: int, count: int) -> None:
    def change(tx: Tx) -> None:
        uow = UnitOfWork(tx, context, HEARD)
        for number in range(first, first + count):
            uow.execute(Register(case=_case(number)))
        uow.flush()

    store.write(change)


def _case(number: int) -> Case:
    return Case(
        case_id=new_id(),
        number=f"HS-{number}",
        origin=ME,
        title="楼道灯不亮",
        text="三单元楼道灯坏了一周，老人上下楼不便，请尽快维修。",
        category="housing",
        place=Place(division="150402006006"),
        resident=Person(name="居民甲", phone="0476-0000000"),
        channel="app",
        source=Source(system="app", record=f"m-{number}"),
        received_at=HEARD,
    )


def _rate(store: Store, context: CenterContext, now: datetime, measured: int) -> float:
    done, begun = 0, time.perf_counter()
    while done < measured:
        looked = store.write(lambda tx: remind_due(UnitOfWork(tx, context, now), Asked(), has_desk=True).looked_at)
        if not looked:
            break
        done += looked
    return done / (time.perf_counter() - begun)


def _due_again(store: Store, now: datetime, measured: int) -> None:
    """Every case that was looked at is due once more, and has nothing to say."""

    def change(tx: Tx) -> None:
        later = timers.due(tx, ms(now) + 10**12, 10**9)
        rows = [timers.TimerRow(str(case_id), ms(now) - 1) for case_id in later[-measured:]]
        timers.put(tx, rows)

    store.write(change)


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


if __name__ == "__main__":
    sys.exit(main())
