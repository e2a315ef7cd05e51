"""The record that the steps of receive fill in, one per delivery, and its possible outcomes."""

from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import Any

from bus.contract.envelope import Message
from bus.custody import EARLY
from bus.store import inbox
from bus.store.unit_of_work import UNREADABLE

NOT_FINAL = (*EARLY, UNREADABLE)
"""Refusals that may end by themselves, or by an operator: the message gets no receipt."""


class Reading(Enum):
    """What kind of delivery it is, as far as it was read."""

    UNREAD = "unread"
    STRANGE = "strange"
    """It has no place in any lane and is no control message: it is parked, and its sender is told."""
    CONTROL = "control"
    """It is about messages: a receipt, an error, or a page of a log."""
    IN_LANE = "in-lane"
    """It is about a case, and has a place in a lane."""


class Outcome(StrEnum):
    """The outcome of a delivery. The first three equal the verdicts of the same names (``Verdict``)."""

    APPLIED = "applied"
    SUPERSEDED = "superseded"
    """Valid, but older than the record."""
    REFUSED = "refused"
    REPEATED = "repeated"
    """Dealt with before; it gets the same receipt again."""
    HELD = "held"
    """Held back until an earlier message comes."""
    EARLY = "early"
    """It depends on a message that a third center has not sent yet: parked without a receipt."""
    PUT_OFF = "put-off"
    """Its sender exceeds a quota: it comes again."""
    FENCED = "fenced"
    """Its sender said it before its store was restored."""
    PARKED = "parked"
    DAMAGED = "damaged"
    RECOVERING = "recovering"
    """This center is recovering its cases: it comes again."""


@dataclass(slots=True)
class Inbound:
    """One delivery on its way through the steps."""

    body: bytes
    """The bytes as received; after decryption, the signed bytes."""
    sender: str | None = None
    """The sender that the transport names."""
    signer: str | None = None
    """The center that signed it."""
    reading: Reading = Reading.UNREAD
    code: str = ""
    """For a strange delivery: the reason."""
    where: str = ""
    """For a strange delivery: the field at fault."""
    fault: str = ""
    """Why the body cannot be applied, though the envelope is valid."""
    message: Message[Any] = field(init=False)
    message_id: str = field(init=False)
    lane: inbox.Lane = field(init=False)
    """Its sender and its case."""

    def is_strange(self, code: str, where: str = "") -> bool:
        """End the reading as strange. Returns False: the next step is skipped."""
        self.reading, self.code, self.where = Reading.STRANGE, code, where
        return False

    def says(self, message: Message[Any], fault: str = "") -> None:
        """Set the decoded message, and its fault if any."""
        self.message, self.fault = message, fault
        self.message_id = str(message.id)
        self.lane = (message.source, str(message.subject))

    @property
    def position(self) -> tuple[str, str, int]:
        """Lane and sequence."""
        return (*self.lane, self.message.sequence)
