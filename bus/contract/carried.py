"""What the broker sees of a message that it carries, also where it cannot read it."""

from typing import NamedTuple


class CarriedMessage(NamedTuple):
    """One entry of the broker's journal."""

    offset: int
    """Its place in the stream."""
    message_id: str
    sender: str
    recipient: str
    kind: str
