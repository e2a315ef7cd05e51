"""The closed list of planted defects: the one registry. What is not in it: lies in stores that the checker must see
(``tests/checker/violations``), harm that a run of chaos must find (``verification.chaos.mutants``), transports that the
transport suite must refuse (``tests/conformance/bad_transports``), faults of the models (``verification/model``): these
are evidence for judges, and nothing that is wrong in the product."""

from verification.mutants import (
    adapters,
    beliefs,
    broker,
    custody,
    custody_steps,
    door,
    eating,
    handling,
    peers,
    polls,
    receiving,
    security,
    sending,
    storing,
    vendor,
    waiting,
    watching,
    wire,
)
from verification.mutants.defect import Defect

_ROOMS = (
    sending, receiving, custody, handling, broker, security, waiting, watching, peers, eating, storing, beliefs,
    adapters, door, wire, vendor, polls, custody_steps,
)  # fmt: skip
DEFECTS: dict[str, Defect] = {
    one.name: one for room in _ROOMS for one in vars(room).values() if isinstance(one, Defect)
}
"""By name, in the order in which they are told."""
