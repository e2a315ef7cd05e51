"""B2: latency of a hand-over at a steady rate, from the intake's 202 to the taker's own system, and to the receipt.

It is compared with raw pika at the same rate, from publish to delivery.
"""

from collections.abc import Callable, Iterable, Mapping

from benchmarks.county import TEXT, County, county
from benchmarks.figures import Figure, Goal, Results
from benchmarks.ground import Ground
from benchmarks.hand_over import BYTES
from benchmarks.process import both_ends, process
from benchmarks.runners.ours import TAKER

CLIENTS = 32
RATES = (50, 200, 1000)
PARTS = {"p50": 0.50, "p95": 0.95, "p99": 0.99, "p99.9": 0.999}


def run(ground: Ground, rounds: int, *, quick: bool, say: Callable[[str], None]) -> Results:
    """Measure each rate for a while. The rounds are pooled, because the 99.9th percentile needs many samples."""
    figures: dict[str, Figure] = {}
    seconds, rates = (4, (200,)) if quick else (12, RATES)
    for rate in rates:
        ways: dict[str, list[float]] = {}
        for number in range(1 if quick else rounds):
            with county(ground, watched=True) as both:
                for way, took in _ours(both, rate, seconds).items():
                    ways.setdefault(way, []).extend(took)
            ways.setdefault("raw pika", []).extend(_raw(ground, rate, seconds))
            told = ", ".join(f"{way} p99 {_part(took, 0.99):.1f} ms" for way, took in ways.items())
            say(f"B2 {number + 1} at {rate}/s: {told}")
        for way, took in ways.items():
            for part, share in PARTS.items():
                name = f"{way}, {rate}/s, {part}"
                figures[name] = Figure("B2", name, "ms", [_part(took, share)])
    ours, raw = figures["to the receipt, 200/s, p99"].median, figures["raw pika, 200/s, p99"].median
    goals = [
        Goal("B2", "p99 at 200/s to the receipt, ms", ours, 50, at_most=True),
        Goal("B2", "p99 at 200/s to the receipt, against raw pika's", ours / raw, 5, at_most=True),
    ]
    return Results(list(figures.values()), goals)


def _part(took: Iterable[float], share: float) -> float:
    ordered = sorted(took)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def _ours(both: County, rate: int, seconds: int) -> dict[str, list[float]]:
    given = (both.intake, both.secret, rate * seconds, CLIENTS, rate, TEXT, TAKER)
    with process("posting", *given) as posting:
        posting.hear("ready")
        posting.say()
        taken = posting.hear("ended")["taken"]
    both.giver.say(f"await {len(taken)}")
    both.giver.hear("awaited")
    both.giver.say("times")
    both.taker.say("times")
    receipted, arrived = both.giver.hear("times")["receipted"], both.taker.hear("times")["arrived"]
    return {"to the other system": _since(taken, arrived), "to the receipt": _since(taken, receipted)}


def _since(taken: Mapping[str, float], ended: Mapping[str, float]) -> list[float]:
    """Milliseconds; a hand-over that ended before the client had its answer counts as 0."""
    return [max(0.0, ended[name] - at) * 1000 for name, at in taken.items()]


def _raw(ground: Ground, rate: int, seconds: int) -> list[float]:
    count = rate * seconds
    with ground.bare() as url, both_ends("steady_pika", url, count, BYTES, "", rate) as (taker, _giver):
        return [took * 1000 for took in taker.hear("ended")["took"]]
