"""The closed list of planted defects."""

from tests.planted import broker, custody, desk, receiving, sending, trust
from tests.planted.defect import Defect

DEFECTS: dict[str, Defect] = {
    one.name: one
    for room in (sending, receiving, custody, desk, broker, trust)
    for one in vars(room).values()
    if isinstance(one, Defect)
}
"""By name, in the order in which they are told."""
