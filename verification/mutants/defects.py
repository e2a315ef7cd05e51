"""The closed list of planted defects: the one registry.

It leaves out evidence for judges that is not wrong in the product: violations in stores for the checker
(``tests/checker/violations``), damage for a run of chaos (``verification.chaos.mutants``), transports for the transport
suite (``tests/conformance/bad_transports``), and faults of the models (``verification/model``).
"""

from verification.mutants import (
    adapters,
    alarming,
    auditing,
    beliefs,
    broker,
    clocks,
    counting,
    custody,
    custody_steps,
    door,
    duty,
    eating,
    handling,
    masking,
    pages,
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
    adapters, door, wire, vendor, polls, custody_steps, clocks, masking,
    auditing, duty, counting, pages, alarming,
)  # fmt: skip
DEFECTS: dict[str, Defect] = {
    one.name: one for room in _ROOMS for one in vars(room).values() if isinstance(one, Defect)
}
"""By name, in the order of the report."""
