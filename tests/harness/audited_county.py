"""A county of bare centers that tell their facts to a ledger, with the auditor on it.

Time goes in steps of five seconds: in each, what was sent arrives, if the test lets it, and the auditor looks.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from bus.audit import Finding
from bus.context import Ledger
from bus.contract.facts import FactsTold
from bus.operations.audit import AuditRound, audit_round
from bus.store import findings
from bus.store.timestamps import ms
from bus.transports.port import Parcel
from tests.harness.step import MEDIA, PARTY, BareCenter

LEDGER, GOVERNMENT = "ledger-150402", "government_service-150402"
STEP = 5
"""Seconds between two looks."""


def reads_facts(center: str, kind: str) -> bool:
    """What a directory says in which the ledger alone reads something new."""
    return (center, kind) == (LEDGER, FactsTold.kind)


class AuditedCounty:
    """Media, party and government (the arbiter), and the ledger."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.centers = {name: self._told(BareCenter(name, folder, GOVERNMENT)) for name in (MEDIA, PARTY, GOVERNMENT)}
        self.ledger = BareCenter(LEDGER, folder)
        self.away: set[str] = set()
        """Centers whose process is down."""
        self.lost: Callable[[Parcel], bool] = lambda _parcel: False
        """Which parcels the road loses."""
        self.audits = True
        """Whether the auditor runs."""
        self.last = AuditRound()

    @staticmethod
    def _told(center: BareCenter) -> BareCenter:
        center.context = replace(center.context, ledger=Ledger(LEDGER), reads=reads_facts)
        return center

    def center(self, name: str) -> BareCenter:
        """One of the centers, or the ledger."""
        return self.ledger if name == LEDGER else self.centers[name]

    @property
    def now_ms(self) -> int:
        """The time, by the ledger's clock."""
        return ms(self.ledger.now)

    def step(self) -> None:
        """Five seconds."""
        here = [center for name, center in (*self.centers.items(), (LEDGER, self.ledger)) if name not in self.away]
        for _ in range(4):  # what is sent in a second arrives in it
            parcels = [parcel for center in here for parcel in center.relay()]
            for parcel in parcels:
                if parcel.recipient not in self.away and not self.lost(parcel):
                    self.center(parcel.recipient).receive(parcel.body)
        if self.audits and LEDGER not in self.away:
            self.last = self.look()
        for center in (*self.centers.values(), self.ledger):
            center.now += timedelta(seconds=STEP)

    def look(self) -> AuditRound:
        """One round of the auditor."""
        return self.ledger.store.write(lambda tx: audit_round(tx, self.now_ms))

    def later(self, seconds: float) -> None:
        """Let so much time pass, step by step."""
        for _ in range(int(seconds / STEP)):
            self.step()

    def open(self) -> list[Finding]:
        """The open findings."""
        with self.ledger.store.reading() as tx:
            return findings.listed(tx)

    def cleared(self) -> list[Finding]:
        """Those that have cleared."""
        with self.ledger.store.reading() as tx:
            return findings.listed(tx, cleared=True)

    def codes(self) -> set[tuple[str, str]]:
        """(code, center) of the open findings."""
        return {(one.code.value, one.center) for one in self.open()}

    def seconds_until(self, holds: Callable[[], bool], at_most: int) -> int:
        """Let time pass until this holds. Returns the seconds that it took."""
        for seconds in range(0, at_most + STEP, STEP):
            if holds():
                return seconds
            self.step()
        raise AssertionError(f"not within {at_most} s: {self.open()}")

    def close(self) -> None:
        """Let go of the stores."""
        for center in (*self.centers.values(), self.ledger):
            center.close()
