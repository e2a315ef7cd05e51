"""The closed list of planted defects."""

from verification.mutants import (
    beliefs,
    broker,
    custody,
    eating,
    handling,
    peers,
    receiving,
    security,
    sending,
    storing,
    waiting,
    watching,
)
from verification.mutants.defect import Defect

DEFECTS: dict[str, Defect] = {
    one.name: one
    for room in (
        sending,
        receiving,
        custody,
        handling,
        broker,
        security,
        waiting,
        watching,
        peers,
        eating,
        storing,
        beliefs,
    )
    for one in vars(room).values()
    if isinstance(one, Defect)
}
"""By name, in the order in which they are told."""
