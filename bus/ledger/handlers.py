"""The ledger as a center: it has no system of its own, takes no forms, and handles no cases."""

from bus.contract.facts import FactsTold
from bus.contract.messages import LATER_KINDS
from bus.sdk.center import Center

READS = tuple(sorted(LATER_KINDS | {FactsTold.kind}))
"""What a ledger reads that v0.1.0 did not have. It refuses each case, so a later kind of message about one is none that
it could not read: it keeps no other member from saying it."""


def _none(_backend: object) -> None:
    """The client of a system that is not there."""


center: Center[None] = Center("ledger", connect=_none)
