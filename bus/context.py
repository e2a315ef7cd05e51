"""What every step of a center is given: the name of the center, and what its county has settled for it."""

from dataclasses import dataclass, field

from bus.custody.decide import RETURNS_BEFORE_ARBITER
from bus.security.directory import Mark
from bus.security.message_security import MessageSecurity, Unsecured
from bus.settings import Quotas


@dataclass(frozen=True, slots=True)
class CenterContext:
    """What a county has settled for a center."""

    me: str
    """The center's full name."""
    arbiter: str | None = None
    """Who rules on cases registered here."""
    returns_before_arbiter: int = RETURNS_BEFORE_ARBITER
    security: MessageSecurity = field(default_factory=Unsecured)
    """Who signs what leaves, and checks who has signed what arrives."""
    quotas: Quotas = field(default_factory=Quotas)
    """How much of one peer's is taken at once."""

    def arbiters(self) -> frozenset[str] | None:
        """Who may be the arbiter of a case where nobody has said who is; None: anybody, since the county's directory
        marks none."""
        directory = self.security.current_directory()
        marked = directory.marked(Mark.ARBITER) if directory is not None else frozenset()
        own = {self.arbiter} if self.arbiter is not None else frozenset[str]()
        return marked | own if marked else None
