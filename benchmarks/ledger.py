"""B7 and ``python -m benchmarks.ledger``: a county's ledger of many cases: how fast it is told, counts, and answers.

Four centers tell the state of their cases over a year, with the facts of an offer each. Then each figure is asked for
a month and for the year, as of now, within a day. Then all sums are counted anew.
"""

import argparse
import random
import resource
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import count
from uuid import UUID

from benchmarks.figures import Figure as Measured
from benchmarks.figures import Goal, Results
from benchmarks.ground import Ground, folder
from bus.context import CenterContext, Keeping
from bus.contract.case import Urgency
from bus.contract.codec import encode
from bus.contract.envelope import compose
from bus.contract.facts import CaseState, Fact, FactsTold, lane_of
from bus.contract.messages import Accepted, Offered
from bus.contract.working_days import CHINA
from bus.figures.definitions import OF_A_LEDGER, Figure
from bus.figures.period import Period, Reckoning
from bus.pipeline.receive import receive
from bus.store import Store, Tx, ledger_cells, ledger_figures, schema
from bus.store import tables as t
from bus.store.timestamps import ms
from bus.transports.port import Delivery
from verification.services import PostgresNode

LEDGER = "ledger-150402"
CENTERS = ("media_center-150402", "party_service-150402", "government_service-150402", "civilization_center-150402")
BEGIN = datetime(2026, 1, 1, tzinfo=CHINA)
NOW = datetime(2026, 11, 23, 15, 17, tzinfo=CHINA)
AT_ONCE = 200
"""Cases of one message, each with two facts."""
WINDOW = 5
"""Messages that arrive together."""
MONTH, YEAR = Period(datetime(2026, 10, 1, tzinfo=CHINA), datetime(2026, 11, 1, tzinfo=CHINA)), Period(BEGIN, NOW)
GOAL_MS, GOAL_MIB = 50.0, 300.0


def run(_ground: Ground, _rounds: int, *, quick: bool, say: Callable[[str], None]) -> Results:
    """B7: the slowest figure of a ledger."""
    cases = 10_000 if quick else 1_000_000
    slowest = _slowest("sqlite", cases, say)
    goal = Goal("B7", f"the slowest figure (ms), {cases:,} cases", slowest, GOAL_MS, at_most=True)
    return Results([Measured("B7", "the slowest figure", "ms", [slowest])], [goal])


def _slowest(database: str, cases: int, say: Callable[[str], None]) -> float:
    with _url(database) as url:
        store = Store(url)
        schema.upgrade(store)
        slowest = measure(store, cases, say)
        store.close()
    return slowest


def main() -> int:
    """Measure on each database, and print. Returns 0 where the goals are met."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ledger", description=__doc__)
    parser.add_argument("--cases", type=int, default=1_000_000, help="案件数 / cases")
    parser.add_argument("--on", choices=("sqlite", "postgresql"), default="sqlite", help="数据库 / the database")
    asked = parser.parse_args()
    slowest = _slowest(asked.on, asked.cases, _say)
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    _say(f"内存 / memory: {used:,.0f} MiB")
    return 0 if slowest <= GOAL_MS and used <= GOAL_MIB else 1


def measure(store: Store, cases: int, say: Callable[[str], None]) -> float:
    """Fill and ask; prints each rate. Returns the milliseconds of the slowest figure."""
    ledger_cells.recount(store, Keeping(), lambda _count: None)
    begun = time.perf_counter()
    tell(store, cases, say)
    said = time.perf_counter() - begun
    say(f"上报 / told: {cases / said:,.0f} cases/s, {2 * cases / said:,.0f} facts/s")
    slowest = 0.0
    for figure in OF_A_LEDGER:
        each = [_asked(store, figure, period) for period in (MONTH, YEAR)]
        slowest = max(slowest, *(cost for cost, _ in each))
        told = "; ".join(f"{cost:5.1f} ms {value:>10}" for cost, value in each)
        say(f"{figure.code:28} {told}")
    store.write(lambda tx: tx.execute(t.ledger_reckoning.delete()))
    begun = time.perf_counter()
    ledger_cells.recount(store, Keeping(), lambda _count: None)
    say(f"重算 / counted anew: {cases / (time.perf_counter() - begun):,.0f} cases/s")
    say(f"最慢的指标 / slowest figure: {slowest:.1f} ms")
    return slowest


@contextmanager
def _url(name: str) -> Iterator[str]:
    if name == "sqlite":
        with folder() as path:
            yield f"sqlite:///{path}/ledger.db"
        return
    with PostgresNode() as node:
        yield node.create_database("ledger")


def _asked(store: Store, figure: Figure, period: Period) -> tuple[float, str]:
    """The median of five, in milliseconds, and the figure."""
    parts = [figure.numerator, *([figure.denominator] if figure.denominator is not None else [])]

    def ask(tx: Tx) -> str:
        counted = ledger_figures.count(tx, period, ms(NOW), Reckoning(), parts).parts
        return "/".join(str(counted[part]) for part in parts)

    costs, value = [], ""
    for _ in range(5):
        begun = time.perf_counter()
        with store.reading() as tx:
            value = ask(tx)
        costs.append((time.perf_counter() - begun) * 1000)
    return sorted(costs)[2], value


def tell(store: Store, cases: int, say: Callable[[str], None]) -> None:
    """Let four centers tell a ledger their cases."""
    luck, context = random.Random(19), CenterContext(LEDGER)  # noqa: S311 - cases, not secrets
    sequences = {center: count(1) for center in CENTERS}
    window: list[Delivery] = []
    for number, first in enumerate(range(0, cases, AT_ONCE)):
        center = CENTERS[number % len(CENTERS)]
        told = _told(center, range(first, min(cases, first + AT_ONCE)), luck)
        sequence, lane = next(sequences[center]), lane_of(center)
        message = compose(told, source=center, recipient=LEDGER, now=NOW, subject=lane, sequence=sequence)
        window.append(Delivery(encode(message), center, None))
        if len(window) == WINDOW:
            receive(store, context, window, NOW)
            window.clear()
        if number % 500 == 499:
            say(f"{first + AT_ONCE:,} cases")
    if window:
        receive(store, context, window, NOW)


def _told(center: str, numbers: range, luck: random.Random) -> FactsTold:
    states, facts = [], []
    for number in numbers:
        state = _state(center, number, luck)
        states.append(state)
        on = {"case_id": state.case_id, "holder": center, "version": 1, "round": 1, "peer": CENTERS[number % 3]}
        offered = state.opened + timedelta(minutes=luck.randrange(60))
        sign_by = offered + timedelta(hours=2)
        facts.append(Fact.model_validate({**on, "at": offered, "way": "said", "kind": Offered.kind, "due": sign_by}))
        answered = offered + timedelta(minutes=luck.randrange(180))
        facts.append(Fact.model_validate({**on, "at": answered, "way": "heard", "kind": Accepted.kind}))
    return FactsTold(states=tuple(states), facts=tuple(facts))


def _state(center: str, number: int, luck: random.Random) -> CaseState:
    opened = BEGIN + timedelta(minutes=luck.randrange(326 * 24 * 60))
    told: dict[str, object] = {
        "case_id": UUID(int=number), "origin": center, "holder": center, "version": 2, "round": 1, "status": "open",
        "category": "housing", "urgency": Urgency.NORMAL, "opened": opened,
        "division": f"150402{luck.randrange(1, 31):03}", "due": opened + timedelta(days=7),
    }  # fmt: skip
    if luck.random() < 0.14:
        told["project"] = UUID(int=(1 << 100) + luck.randrange(65_000))
    resolved = opened + timedelta(minutes=luck.randrange(15 * 24 * 60))
    if resolved < NOW:
        closed = resolved + timedelta(hours=luck.randrange(48))
        ends = {
            "resolved": resolved,
            "outcome": "done",
            "hand_overs": luck.randrange(4),
            "instant": luck.random() < 0.1,
        }
        told |= {**ends, "status": "closed", "closed": closed}
        if luck.random() < 0.7:
            told |= {"rated": closed + timedelta(hours=luck.randrange(72)), "grade": luck.randrange(1, 6)}
    return CaseState.model_validate(told)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
