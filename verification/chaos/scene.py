"""The scene: everything that a fault may touch, and its helpers."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from bus.audit import Finding
from verification.chaos.centers import CenterProcess
from verification.chaos.county import ChaosCounty
from verification.chaos.duty import PersonsOnDuty
from verification.chaos.ledgers import await_found
from verification.chaos.load import Load
from verification.chaos.over import OVER
from verification.chaos.shown import SHOWN, WITHIN, Damage, Shown, is_of
from verification.chaos.transport import BrokerLinks
from verification.chaos.vendors import Lines
from verification.faults import FakeClock, Network, Tmpfs
from verification.services import PostgresNode, RabbitCluster

SLACK = 10.0
"""Seconds that a damage goes on after the auditor should have found it."""


@dataclass(slots=True)
class Scene:
    """One county under load, from the moment it runs well."""

    fault: str
    """The fault that strikes here."""
    county: ChaosCounty
    links: BrokerLinks
    load: Load
    rng: random.Random
    seconds: float
    """Duration of the faults, from now on."""
    events: Lines
    targets: list[str]
    """The centers that this fault may strike; several faults at once get different ones."""
    network: Network | None = None
    postgres: PostgresNode | None = None
    clocks: dict[str, FakeClock] = field(default_factory=dict)
    disks: dict[str, Tmpfs] = field(default_factory=dict)
    books: Callable[[str], None] = lambda _center: None
    """Record a snapshot of a center's store right before an old backup replaces it."""
    duty: PersonsOnDuty | None = None
    """None: the county has no keys, and nobody on duty."""
    lasting: bool = False
    """Whether damage that facts can show lasts until the auditor has found it."""
    within: float = WITHIN
    """Seconds in which the auditor must find it."""
    damages: list[Damage] = field(default_factory=list)
    ends: float = 0.0
    poisoned: int = 0
    """Foreign messages that the run has published: each must be parked, and nothing else may be."""

    def begin(self) -> None:
        """Open the window of the fault."""
        self.ends = time.monotonic() + self.seconds

    @property
    def left(self) -> float:
        """Seconds until the window closes."""
        return max(0.0, self.ends - time.monotonic())

    def say(self, what: str) -> None:
        """Write an event into the run's history."""
        self.events.write(at=time.time(), what=what)

    def hold(self, least: float, most: float) -> None:
        """Wait for a seeded duration, no longer than the window."""
        OVER.wait(min(self.left, self.rng.uniform(least, most)))

    def last(self, center: str, least: float, most: float) -> None:
        """Let the damage to a center last for a seeded duration; where the auditor is tried, until it is found."""
        began = time.time()
        if self.lasting and isinstance(SHOWN[self.fault], Shown):
            await_found(self.county, lambda found: any(map(self._seen(center, began), found.all)), self.within + SLACK)
        else:
            self.hold(least, most)
        self.damages.append(Damage(self.fault, center, began, time.time()))

    def _seen(self, center: str, began: float) -> Callable[[Finding], bool]:
        return lambda finding: is_of(finding, Damage(self.fault, center, began, time.time()))

    def center(self) -> CenterProcess:
        """One of the centers that may be struck."""
        return self.county.centers[self.rng.choice(self.targets)]

    @property
    def cluster(self) -> RabbitCluster:
        """The broker, if the fault needs a cluster."""
        assert isinstance(self.links.broker, RabbitCluster)
        return self.links.broker
