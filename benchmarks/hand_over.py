"""B1: hand-overs per second.

Ours: from a submitted form, over both centers' durable commits and a confirmed quorum queue, to the receipt at the
sender. Others: from the first publish to the last message taken.
"""

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.county import LedgerIs, Secrecy, county
from benchmarks.figures import Figure, Goal, Results, alternating, named
from benchmarks.ground import Ground, folder
from benchmarks.process import both_ends

BYTES = 1300
"""Bytes of a message's body."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A measured library, and its number of messages a round."""

    name: str
    module: str
    count: int
    goal: float = 0
    """The wanted ratio of our speed to this one's; 0: no goal."""


OURS = "four-center-bus"
SIGNED = "four-center-bus, signed"
SEALED = "four-center-bus, signed and sealed"
EVERYTHING = "four-center-bus, signed, sealed, at rest"
CLOCKED = "four-center-bus, clocks on"
SECRECY: dict[str, Secrecy] = {OURS: "none", SIGNED: "signed", SEALED: "sealed", EVERYTHING: "at rest", CLOCKED: "none"}
"""The level of secrecy in each of our rows."""
RAW = "pika, raw"
SUBJECTS = (
    Subject(RAW, "raw_pika", 60_000, 0.50),
    Subject("aio-pika", "aiopika", 12_000, 2.0),
    Subject("FastStream", "faststream_bare", 8_000, 2.5),
    Subject("kombu", "kombu_bare", 4_000, 6),
    Subject("dramatiq", "dramatiq_bare", 4_000, 6),
    Subject("Celery", "celery_bare", 4_000, 6),
    Subject("FastStream + SQLite by hand", "faststream_kept", 3_000, 5),
    Subject("Celery + SQLite by hand", "celery_kept", 2_000, 5),
    Subject(OURS, "ours", 12_000),
    Subject(SIGNED, "ours", 12_000),
    Subject(SEALED, "ours", 12_000),
    Subject(EVERYTHING, "ours", 12_000),
    Subject(CLOCKED, "ours", 12_000),
)


def run(ground: Ground, rounds: int, *, quick: bool, say: Callable[[str], None]) -> Results:
    """Measure all subjects, alternating."""
    subjects = {subject.name: subject for subject in SUBJECTS}
    figures = [Figure("B1", name, "messages/s") for name in subjects]

    def measure(figure: Figure) -> float:
        subject = subjects[figure.name]
        count = subject.count // 6 if quick else subject.count
        if subject.module == "ours":
            return ours(ground, count, secrecy=SECRECY[figure.name], clocks=figure.name == CLOCKED)
        return theirs(ground, subject.module, count)

    alternating(rounds, figures, measure, say)
    mine = named(figures, OURS).median
    goals = [
        Goal("B1", f"against {one.name}", mine / named(figures, one.name).median, one.goal)
        for one in SUBJECTS
        if one.goal
    ]
    goals += [
        Goal("B1", f"{name.partition(', ')[2]} against nothing of it", named(figures, name).median / mine, 0.65)
        for name in (SEALED, EVERYTHING)
    ]
    goals.append(Goal("B1", "clocks on against off", named(figures, CLOCKED).median / mine, 0.95))
    return Results(figures, goals)


def theirs(ground: Ground, module: str, count: int) -> float:
    """Messages per second of another library."""
    with folder() as path, ground.bare() as url:
        given = (url, count, BYTES, path / "kept.db")
        with both_ends(module, *given) as (taker, giver):
            begun = giver.hear("begun")["at"]
            return count / float(taker.hear("ended")["at"] - begun)


def ours(
    ground: Ground, count: int, *, secrecy: Secrecy = "none", clocks: bool = False, ledger: LedgerIs = "none"
) -> float:
    """Our hand-overs per second."""
    with county(ground, secrecy=secrecy, clocks=clocks, ledger=ledger) as both:
        return count / both.hand_over(count)
