"""The closed list of faults; ``make chaos FAULTS=list`` prints it."""

from verification.chaos.faults import broker, centers, clocks, ledger, links, messages, stores
from verification.chaos.faults.fault import Fault, Needs

FAULTS: dict[str, Fault] = {
    one.name: one
    for room in (centers, broker, links, messages, stores, clocks, ledger)
    for one in vars(room).values()
    if isinstance(one, Fault)
}

__all__ = ["FAULTS", "Fault", "Needs"]
