"""B6: hand-overs per second with PostgreSQL instead of SQLite, with one and with two processes of the giving center."""

import time
from collections.abc import Callable
from itertools import count as count_up

from benchmarks.county import county
from benchmarks.figures import Figure, Results, alternating
from benchmarks.ground import Ground
from benchmarks.process import process
from benchmarks.runners.ours import GIVER
from verification.services import PostgresNode

COUNT = 8000
SQLITE, ONE, TWO = "SQLite", "PostgreSQL", "PostgreSQL, two processes of the giver"


def run(ground: Ground, rounds: int, *, quick: bool, say: Callable[[str], None]) -> Results:
    """Measure the same hand-overs on each store."""
    figures = [Figure("B6", name, "messages/s") for name in (SQLITE, ONE, TWO)]
    count = COUNT // 6 if quick else COUNT
    with PostgresNode() as node:
        names = count_up()

        def measure(figure: Figure) -> float:
            wanted = 0 if figure.name == SQLITE else 2
            stores = [node.create_database(f"bench_{next(names)}") for _ in range(wanted)]
            return _measured(ground, stores, count, two=figure.name == TWO)

        alternating(rounds, figures, measure, say)
    return Results(figures, [])


def _measured(ground: Ground, stores: list[str], count: int, *, two: bool) -> float:
    with county(ground, stores=stores) as both:
        if not two:
            return count / both.hand_over(count)
        with process("ours", *both.given[GIVER]) as second:
            second.hear("ready")
            begun = time.monotonic()
            for giver in (both.giver, second):
                giver.say(f"hand-in {count // 2}")
            ended = [float(giver.hear("ended")["at"]) for giver in (both.giver, second)]
            return count / (max(ended) - begun)
