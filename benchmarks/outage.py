"""B5: an outage of the broker while forms come in: drain speed afterwards, start time and memory of a center."""

import time
from collections.abc import Callable

from benchmarks.county import County, county
from benchmarks.figures import Figure, Goal, Results
from benchmarks.filling import fill
from benchmarks.ground import Ground
from benchmarks.hand_over import ours
from benchmarks.process import resident_mib
from benchmarks.runners.ours import GIVER
from bus.store import Store

WAITING = 100_000
HEAP = 1_000_000
"""Messages that wait for a missing center, all of them due."""


def run(ground: Ground, rounds: int, *, quick: bool, say: Callable[[str], None]) -> Results:
    """Measure one outage; the drain is compared with hand-overs of the same run."""
    figures = {
        name: Figure("B5", name, unit)
        for name, unit in (
            ("hand-overs", "messages/s"),
            ("drain after the outage", "messages/s"),
            ("start to ready", "s"),
            ("memory at rest", "MiB"),
            ("memory under load", "MiB"),
            ("memory with what waits", "MiB"),
            ("memory with a heap of it", "MiB"),
        )
    }
    waiting, heap = (WAITING // 20, HEAP // 20) if quick else (WAITING, HEAP)
    for _ in range(1 if quick else min(rounds, 3)):
        figures["hand-overs"].rounds.append(ours(ground, 4000 if quick else 12_000))
        _round(ground, figures, waiting, say)
    figures["memory with a heap of it"].rounds.append(_heaped(ground, heap, say, quick))
    medians = {name: figure.median for name, figure in figures.items()}
    goals = [
        Goal("B5", "drain against hand-overs", medians["drain after the outage"] / medians["hand-overs"], 0.9),
        Goal("B5", "start to ready, s", medians["start to ready"], 2, at_most=True),
        Goal("B5", "memory at rest, MiB", medians["memory at rest"], 120, at_most=True),
        Goal("B5", f"memory with {heap:,} waiting, MiB", medians["memory with a heap of it"], 250, at_most=True),
    ]
    return Results([*figures.values()], goals)


def _round(ground: Ground, figures: dict[str, Figure], waiting: int, say: Callable[[str], None]) -> None:
    with county(ground, warm=False) as both:
        figures["start to ready"].rounds.append(both.ready_after)
        figures["memory at rest"].rounds.append(_memory(both))
        both.hand_over(2000)
        figures["memory under load"].rounds.append(_memory(both))
        ground.node.ctl("stop_app")
        both.giver.say(f"hand-in {waiting}")
        both.giver.hear("said")
        figures["memory with what waits"].rounds.append(_memory(both))
        say(f"B5 the broker is away and {waiting:,} wait")
        ground.node.ctl("start_app")
        ground.node.await_ready()
        back = time.monotonic()
        took = both.giver.hear("ended")["at"] - back
        figures["drain after the outage"].rounds.append(waiting / took)
        say(f"B5 drained in {took:.1f} s")


def _heaped(ground: Ground, count: int, say: Callable[[str], None], quick: bool) -> float:
    """The giver's peak memory during ten seconds (three if quick), in which it sends the first of them in vain, and
    also hands over cases."""
    with county(ground) as both:
        store = Store(str(both.given[GIVER][2]))
        fill(store, "due", count)
        store.close()
        say(f"B5 {count:,} are due")
        both.giver.say("hand-in 1000")
        both.giver.hear("said")
        most = 0.0
        for _ in range(6 if quick else 20):
            time.sleep(0.5)
            most = max(most, resident_mib(both.giver.pid))
        both.giver.child.kill()  # it would wait for ever: all due messages are for a missing center
        return most


def _memory(both: County) -> float:
    return resident_mib(both.giver.pid)
