"""What every step of a center is given: the name of the center, and what its county has settled for it."""

from dataclasses import dataclass, field

from bus.custody.decide import RETURNS_BEFORE_ARBITER
from bus.security.message_security import NoNotary, Notary


@dataclass(frozen=True, slots=True)
class Rules:
    """What a county has settled for a center."""

    me: str
    """The center's full name."""
    arbiter: str | None = None
    """Who rules on cases registered here."""
    returns_before_arbiter: int = RETURNS_BEFORE_ARBITER
    notary: Notary = field(default_factory=NoNotary)
    """Who signs what leaves, and checks who has signed what arrives."""
