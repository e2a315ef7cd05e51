"""B4: forms per second over HTTP, signed and durably committed before their answer, with 1 to 64 clients.

It is compared with a bare FastAPI that checks the same signature and inserts one row. The forms become cases without an
offer.
"""

from collections.abc import Callable

from benchmarks.county import TEXT, county
from benchmarks.figures import Figure, Goal, Results, alternating, named
from benchmarks.ground import Ground, folder
from benchmarks.process import process
from bus.settings import fresh_secret
from verification.services.allocation import free_ports

CLIENTS = (1, 4, 16, 64)
FORMS = 3000
OURS, BARE = "four-center-bus", "FastAPI + SQLite"


def run(ground: Ground, rounds: int, *, quick: bool, say: Callable[[str], None]) -> Results:
    """Measure both servers, alternating, for each number of clients."""
    numbers = CLIENTS[2:] if quick else CLIENTS
    figures = {
        f"{door}, {clients} clients": Figure("B4", f"{door}, {clients} clients", "forms/s")
        for clients in numbers
        for door in (OURS, BARE)
    }

    def measure(figure: Figure) -> float:
        door, clients = figure.name.split(", ")
        count = FORMS // 4 if quick else FORMS
        return (_ours if door == OURS else _bare)(ground, int(clients.split()[0]), count)

    alternating(rounds, [*figures.values()], measure, say)
    goals = [
        Goal(
            "B4",
            f"against {BARE}, {clients} clients",
            named(figures.values(), f"{OURS}, {clients} clients").median
            / named(figures.values(), f"{BARE}, {clients} clients").median,
            1.0,
        )
        for clients in numbers
        if clients >= 16
    ]
    return Results([*figures.values()], goals)


def _ours(ground: Ground, clients: int, count: int) -> float:
    with county(ground) as both:
        return _posted(both.intake, both.secret, clients, count)


def _bare(_ground: Ground, clients: int, count: int) -> float:
    secret = fresh_secret()
    port = free_ports(1)[0]
    with folder() as path, process("fastapi_bare", path, secret, port) as door:
        door.hear("ready")
        return _posted(f"http://127.0.0.1:{port}/intake/matter", secret, clients, count)


def _posted(url: str, secret: str, clients: int, count: int) -> float:
    with process("posting", url, secret, count, clients, 0, TEXT, "") as posting:
        posting.hear("ready")
        posting.say()
        begun = posting.hear("begun")["at"]
        return count / float(posting.hear("ended")["at"] - begun)
