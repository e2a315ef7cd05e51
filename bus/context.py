"""The context of every step: the name of the center, and what its county has settled for it."""

from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple

from bus.clocks.deadlines import term_ends
from bus.clocks.rules import Rules
from bus.clocks.terms import after
from bus.contract.facts import FactsTold, is_ledger
from bus.custody.decide import RETURNS_BEFORE_ARBITER
from bus.custody.more_time import Granting
from bus.custody.record import Reads, nobody_reads
from bus.figures.period import Reckoning
from bus.security.directory import MASKING_NEEDS, Mark
from bus.security.errors import KeyUnusable
from bus.security.message_security import MessageSecurity, Unsecured
from bus.settings import Facts, Operations, Quotas

COUNTRYWIDE = Reckoning()
"""The reckoning where a county has none of its own."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """The county's ledger, and how much is kept for it while it is away."""

    name: str
    keep: int = 100_000
    """Facts; beyond them all are given up, and the ledger asks anew."""
    keep_days: int = 7


class Keeping(NamedTuple):
    """How a ledger keeps its sums."""

    reckoning: Reckoning = COUNTRYWIDE
    tells_above: bool = False
    """Whether a ledger above it is told them."""


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
    ledger: Ledger | None = None
    """The county's ledger, which is told facts; None: nobody is."""
    reckoning: Reckoning = COUNTRYWIDE
    """How the county reckons; a ledger keeps its sums by it."""
    door: Operations = field(default_factory=Operations)
    """What this center lets persons on duty do."""

    @property
    def keeps_facts(self) -> bool:
        """Whether this is a ledger itself: it is known by its name."""
        return is_ledger(self.me)

    @property
    def tells_facts(self) -> bool:
        """Whether facts are told: a ledger is named, and the county's directory says that it reads them."""
        return self.ledger is not None and self.reads(self.ledger.name, FactsTold.kind)

    @property
    def keeping(self) -> Keeping:
        """How this ledger keeps its sums."""
        return Keeping(self.reckoning, self.tells_facts)

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

    def masks_residents(self) -> bool:
        """Whether other centers learn who the resident is only when they hold the case: every member of the county's
        directory reads what tells them then. False without a directory."""
        with suppress(KeyUnusable):
            directory = self.security.current_directory()
            return directory is not None and directory.read_by_all(MASKING_NEEDS)
        return False


def read_by(security: MessageSecurity) -> Reads:
    """What each center reads, as the county's directory says; without one, what v0.1.0 reads."""

    def reads(center: str, kind: str) -> bool:
        with suppress(KeyUnusable):
            directory = security.current_directory()
            return directory is not None and kind in directory.reads.get(center, ())
        return False

    return reads


def ledger_of(settings: Facts) -> Ledger | None:
    """The ledger that the settings name."""
    if settings.ledger is None:
        return None
    return Ledger(settings.ledger, settings.keep, settings.keep_days)
