"""The tally of judged things: findings alone do not show that anything happened."""

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
    """Versions of custody committed after the first."""
    said: int
    """Messages that travelled, each counted once."""
    applied: int
    superseded: int
    refused: int
    effects: int
    """Effects in the centers' own systems."""
    parked: int


def tally(evidence: Evidence) -> Tally:
    """Count the evidence."""
    status = [
        known.status for name, snapshot in evidence.open_snapshots for known in snapshot.cases if known.origin == name
    ]
    closed = sum(one == Status.CLOSED for one in status)
    beliefs = {(case, version) for _, snapshot in evidence.open_snapshots for case, version, _ in snapshot.beliefs}
    verdicts = [row.verdict for _, snapshot in evidence.open_snapshots for row in snapshot.applied]
    return Tally(
        submitted=len(status),
        open=len(status) - closed,
        closed=closed,
        handovers=sum(version > 1 for _, version in beliefs),
        said=sum(line.peer != name for name, snapshot in evidence.open_snapshots for line in snapshot.said.values()),
        applied=verdicts.count(Verdict.APPLIED),
        superseded=verdicts.count(Verdict.SUPERSEDED),
        refused=verdicts.count(Verdict.REFUSED),
        effects=sum(len(center.effects) for center in evidence.seats.values()),
        parked=sum(len(snapshot.parked) for _, snapshot in evidence.open_snapshots),
    )
