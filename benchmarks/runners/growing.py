"""Cost of a hand-over at a center with a large store: ``growing WHAT SIZE ROUNDS`` prints microseconds for each.

Two centers run in this process, with a transport of lists between them: only their own steps are measured, in windows
of 500. ``backlog``: SIZE messages wait in the outbox for a center that is away; ``cases``: SIZE cases are known;
``centers``: SIZE takers in turn (then only the giver's steps count); ``bytes``: a message is about SIZE long.
"""

import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.center.handlers import Matter, center
from benchmarks.county import TEXT
from benchmarks.filling import fill
from benchmarks.ground import folder
from benchmarks.runners.marks import done, tell
from benchmarks.runners.ours import GIVER
from bus.context import CenterContext
from bus.pipeline.handle import CircuitBreaker, RetryPolicy
from bus.pipeline.intake import IntakeDeps, Submission
from bus.runtime.engine import BATCH_LIMIT, Engine
from bus.runtime.process import tune_garbage_collector
from bus.store import Store, schema
from bus.transports.port import Delivery, Parcel, SendResult


class Lists:
    """A transport within this process: each center has a list of its deliveries."""

    def __init__(self, me: str, boxes: dict[str, list[Delivery]]) -> None:
        self.me, self.boxes = me, boxes

    def send(self, parcels: Sequence[Parcel], _timeout: float) -> list[SendResult]:
        """Append the parcels; those without a list are unroutable."""
        for parcel in parcels:
            self.boxes[parcel.recipient].append(Delivery(parcel.body, self.me, None, parcel.digest))
        return [SendResult.CONFIRMED] * len(parcels)

    def receive(self, limit: int, _timeout: float) -> list[Delivery]:
        """The deliveries in the center's own list."""
        mine = self.boxes[self.me]
        self.boxes[self.me] = mine[limit:]
        return mine[:limit]

    def settle(self, deliveries: Sequence[Delivery]) -> None:
        """Nothing to do: the delivery has left the list already."""


class _NoRoutes:
    def find(self, category: str, division: str) -> str | None:
        """Returns None; no route is needed."""
        return None


def stand(name: str, path: Path, boxes: dict[str, list[Delivery]]) -> Engine:
    """A center without threads."""
    store, context = Store(f"sqlite:///{path}/{name}.db"), CenterContext(name)
    schema.upgrade(store)
    deps, breaker = IntakeDeps(context, _NoRoutes(), lambda *_: None), CircuitBreaker(RetryPolicy())
    road: Any = Lists(name, boxes)
    return Engine(
        center, None, context, deps, store, road, breaker, lambda _: b"", lambda: datetime.now(UTC), smallest_batch=16
    )


def hand_over(giver: Engine, takers: Sequence[Engine], letters: int, numbers: Iterator[int]) -> tuple[float, float]:
    """Run one window of hand-overs, from the forms to the receipts. Returns the seconds at the giver, and at all takers
    together."""
    form, words = center.forms["matter"], "暖" * letters
    forms = [
        Submission(form, Matter(native_id=f"m-{number}", text=words, to=takers[number % len(takers)].context.me))
        for number in (next(numbers) for _ in range(BATCH_LIMIT))
    ]
    start = time.perf_counter()
    giver.intake(forms)
    giver.relay()
    said = time.perf_counter()
    for taker in takers:
        taker.receive(0)
        taker.relay()
        while taker.handle()[0] or taker.unrecorded:
            pass
        taker.relay()
    heard = time.perf_counter()
    while giver.receive(0):
        pass
    giver.relay()
    return time.perf_counter() - heard + said - start, heard - said


def main() -> None:
    """Fill, hand over, print."""
    what, size, rounds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    boxes: dict[str, list[Delivery]] = defaultdict(list)
    takers = size if what == "centers" else 1
    letters = max(1, (size - 1300) // 3 + TEXT) if what == "bytes" else TEXT
    with folder() as path:
        giver = stand(GIVER, path, boxes)
        others = [stand(f"bench-{number:06d}", path, boxes) for number in range(200_000, 200_000 + takers)]
        numbers = iter(range(10**9))
        hand_over(giver, others, letters, numbers)
        for one in (giver, *others) if what == "cases" else (giver,):
            fill(one.store, what, size)
        tune_garbage_collector()
        hand_over(giver, others, letters, numbers)
        both = [hand_over(giver, others, letters, numbers) for _ in range(rounds)]
        # with many takers each gets few messages, which is no cost of the giver's
        took = [given if what == "centers" else given + taken for given, taken in both]
        tell("ended", took=[seconds / BATCH_LIMIT * 1e6 for seconds in took])


if __name__ == "__main__":
    main()
    done()
