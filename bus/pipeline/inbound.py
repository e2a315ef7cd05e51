"""The record that the steps of receive fill in, one delivery each, and the names of how it may end."""

from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import Any

from bus.contract.envelope import Message
from bus.custody import EARLY
from bus.store import inbox
from bus.store.unit_of_work import UNREADABLE

NOT_FINAL = (*EARLY, UNREADABLE)
"""Refusals that may end by themselves, or by an operator: the message is not receipted."""


class Reading(Enum):
    """What a delivery is, as far as it was read."""

    UNREAD = "unread"
    STRANGE = "strange"
    """It has no place in any lane and is about no message: it is parked, and whoever sent it is told."""
    CONTROL = "control"
    """It is about messages: a receipt, an error, or a page of a log."""
    IN_LANE = "in-lane"
    """It is about a case, and has a place in a lane."""


class Outcome(StrEnum):
    """How a delivery ended. The first three are verdicts too (``Verdict``), and are called the same."""

    APPLIED = "applied"
    SUPERSEDED = "superseded"
    """Heard, but custody knows better already."""
    REFUSED = "refused"
    REPEATED = "repeated"
    """It was dealt with before, and gets the same receipt again."""
    HELD = "held"
    """It waits here for one that comes before it."""
    EARLY = "early"
    """It tells of what a third center has not told yet: parked without a receipt."""
    PUT_OFF = "put-off"
    """Its sender has more here than a center takes at once: it comes again."""
    FENCED = "fenced"
    """Its sender said it before its store was put back."""
    PARKED = "parked"
    DAMAGED = "damaged"
    RECOVERING = "recovering"
    """This center does not know its own cases: it comes again."""


@dataclass(slots=True)
class Inbound:
    """One delivery on its way through the steps."""

    body: bytes
    """As it came; once it is opened, as it was signed."""
    sender: str | None = None
    """Whom the transport names."""
    signer: str | None = None
    """Whose signature it bears."""
    reading: Reading = Reading.UNREAD
    code: str = ""
    """Of what is strange: why."""
    where: str = ""
    """Of what is strange: in which field."""
    fault: str = ""
    """Why the body cannot be applied, though the envelope is right."""
    message: Message[Any] = field(init=False)
    message_id: str = field(init=False)
    lane: inbox.Lane = field(init=False)
    """Whose message about which case."""

    def is_strange(self, code: str, where: str = "") -> bool:
        """Ends the reading. Always False: it goes no further."""
        self.reading, self.code, self.where = Reading.STRANGE, code, where
        return False

    def says(self, message: Message[Any], fault: str = "") -> None:
        """What the body says, as far as it can be read."""
        self.message, self.fault = message, fault
        self.message_id = str(message.id)
        self.lane = (message.source, str(message.subject))

    @property
    def position(self) -> tuple[str, str, int]:
        """Lane and sequence."""
        return (*self.lane, self.message.sequence)
