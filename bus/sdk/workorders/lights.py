"""Lights: what a clock puts on a record of the center's own system whose term ends soon, or has ended."""

from enum import StrEnum

from bus.contract.messages import Urged


class Light(StrEnum):
    """The light of a record in the center's own system."""

    YELLOW = "yellow"
    """临期: the term ends soon."""
    RED = "red"
    """超期: the term has ended."""


def light_of(data: object) -> Light | None:
    """The light that a message puts on; None where it is no reminder of a clock."""
    if not isinstance(data, Urged) or data.level is None:
        return None
    return Light.YELLOW if data.level == 0 else Light.RED
