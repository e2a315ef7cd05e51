"""What there was to judge: findings alone do not tell whether anything happened."""

from typing import NamedTuple

from bus.contract.messages import Verdict
from bus.custody import Status
from verification.checker.evidence import Evidence


class Tally(NamedTuple):
    """A county in numbers. Cases are counted at their origin; ``submitted`` is ``open`` and ``closed`` together."""

    submitted: int
    open: int
    """Not closed: open or resolved."""
    closed: int
    handovers: int
    """Versions of custody that were committed after the first."""
    said: int
    """Messages that travelled, each counted once."""
    applied: int
    superseded: int
    refused: int
    effects: int
    """In the vendors' systems."""
    parked: int


def tally(evidence: Evidence) -> Tally:
    """Count."""
    status = [known.status for name, books in evidence.open_snapshots for known in books.cases if known.origin == name]
    closed = sum(one == Status.CLOSED for one in status)
    beliefs = {(case, version) for _, books in evidence.open_snapshots for case, version, _ in books.beliefs}
    verdicts = [row.verdict for _, books in evidence.open_snapshots for row in books.applied]
    return Tally(
        submitted=len(status),
        open=len(status) - closed,
        closed=closed,
        handovers=sum(version > 1 for _, version in beliefs),
        said=sum(line.peer != name for name, books in evidence.open_snapshots for line in books.said.values()),
        applied=verdicts.count(Verdict.APPLIED),
        superseded=verdicts.count(Verdict.SUPERSEDED),
        refused=verdicts.count(Verdict.REFUSED),
        effects=sum(len(seat.effects) for seat in evidence.seats.values()),
        parked=sum(len(books.parked) for _, books in evidence.open_snapshots),
    )
