"""The closed list of faults; ``make chaos FAULTS=list`` prints it."""

from tests.chaos.faults import broker, centers, clocks, messages, roads, stores
from tests.chaos.faults.fault import Fault, Needs

FAULTS: dict[str, Fault] = {
    one.name: one
    for room in (centers, broker, roads, messages, stores, clocks)
    for one in vars(room).values()
    if isinstance(one, Fault)
}

__all__ = ["FAULTS", "Fault", "Needs"]
