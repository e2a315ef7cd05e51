"""The context of every step: the name of the center, and what its county has settled for it."""

from dataclasses import dataclass, field

from bus.clocks.deadlines import term_ends
from bus.clocks.rules import Rules
from bus.clocks.terms import after
from bus.custody.decide import RETURNS_BEFORE_ARBITER
from bus.custody.more_time import Granting
from bus.custody.record import Reads, nobody_reads
from bus.security.directory import Mark
from bus.security.message_security import MessageSecurity, Unsecured
from bus.settings import Quotas


@dataclass(frozen=True, slots=True)
class CenterContext:
    """A center and its county's settings."""

    me: str
    """The center's full name."""
    arbiter: str | None = None
    """The arbiter of cases registered here."""
    returns_before_arbiter: int = RETURNS_BEFORE_ARBITER
    security: MessageSecurity = field(default_factory=Unsecured)
    """Signs and encrypts outgoing messages, and checks the signatures of incoming ones."""
    quotas: Quotas = field(default_factory=Quotas)
    """The quotas of each peer."""
    clocks: Rules | None = None
    """What the county has settled for its clocks; None: they are off."""
    reads: Reads = nobody_reads
    """(center, kind) → whether its program and adapter read messages of this kind."""

    def granting(self) -> Granting | None:
        """How more time is granted; None while the clocks are off."""
        rules = self.clocks
        if rules is None:
            return None
        return Granting(
            term_ends=lambda record: term_ends(record, rules),
            latest=lambda ends: after(ends, rules.longest_extension, rules.calendar),
            reads=self.reads,
        )

    def arbiters(self) -> frozenset[str] | None:
        """The possible arbiters of a case whose arbiter is unknown; None: any center, since the county's directory
        marks none."""
        directory = self.security.current_directory()
        marked = directory.marked(Mark.ARBITER) if directory is not None else frozenset()
        own = {self.arbiter} if self.arbiter is not None else frozenset[str]()
        return marked | own if marked else None
