"""What is slow to ask, and changes slowly: keys and certificates, versions, the broker's topology, backups, how long
things are kept, and the record of what persons have done. It is asked once a minute for all viewers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from bus.bilingual import Bilingual
from bus.console.record_chain import Chain
from bus.contract.working_days import CHINA

DAY_MS = 86_400_000
SOON, AT_ONCE = 30, 7
"""Days before their end from which keys and certificates are spoken of, and from which it is a fault."""
OWN = "own-certificate"
"""The certificate by which the center signs in at the broker."""
BACKUP_EVERY_MS = 2 * DAY_MS
"""A newest backup that is older is spoken of: each day one, and one may have failed."""
LAG_MS = 600_000


class Ending(NamedTuple):
    """A key or certificate, and until when it counts."""

    what: str
    """``own-certificate``, ``authority``, ``center-key`` or ``staff-key``."""
    name: str
    until_ms: int
    """0: it has no end."""

    def days(self, now_ms: int) -> int:
        """Whole days until then; negative afterwards."""
        return (self.until_ms - now_ms) // DAY_MS


class Member(NamedTuple):
    """A center of the directory."""

    center: str
    key: str
    """The id of its newest key that counts; empty: none does."""
    reads: Sequence[str]
    """What it reads that v0.1.0 did not have."""


class Differs(NamedTuple):
    """How the broker differs from the county's plan."""

    drift: str
    """missing, different, conflict, surplus or risk."""
    grave: bool
    kind: str
    name: str
    detail: Bilingual
    cure: Bilingual


class Backup(NamedTuple):
    """The newest file of the folder of backups."""

    name: str
    at_ms: int
    size: int


class Kept(NamedTuple):
    """How long something is kept."""

    what: Bilingual
    days: int
    oldest_ms: int
    """Of its oldest row; 0: there is none, or nobody has looked."""


@dataclass(frozen=True, slots=True)
class SlowLook:
    """All that was found."""

    at_ms: int
    endings: Sequence[Ending] = ()
    members: Sequence[Member] = ()
    directory: int | None = None
    """The directory's serial; None: there is none, or it cannot be read."""
    program: str = ""
    store_version: str = ""
    differs: Sequence[Differs] | None = None
    """None: nobody has told where the broker is, or it did not answer."""
    backup: Backup | None = None
    backups_in: str = ""
    """The folder of backups; empty: nobody has named one."""
    kept: Sequence[Kept] = ()
    ledger: str = ""
    """Who is told of each case; empty: nobody is."""
    untold: int = 0
    untold_ms: int = 0
    chain: Chain | None = None
    trouble: Mapping[str, str] = field(default_factory=dict)
    """What could not be asked → why."""

    def days_of(self, name: str) -> int | None:
        """The fewest days that a key or certificate of this center has left; None: none of them ends."""
        days = [one.days(self.at_ms) for one in self.endings if one.until_ms and one.name == name]
        return min(days, default=None)


class Spoken(NamedTuple):
    """What of it a person must see to."""

    code: str
    grave: bool
    about: str
    size: int = 0
    since_ms: int = 0


def spoken(slow: SlowLook) -> Iterator[Spoken]:
    """What is wrong, by rules alone."""
    for one in slow.endings:
        days = one.days(slow.at_ms)
        if one.until_ms and days < SOON and not (one.what == OWN and days < 0):  # that the center's process tells
            code = "certificate-ends" if one.what in (OWN, "authority") else "key-ends"
            day = datetime.fromtimestamp(one.until_ms / 1000, CHINA).date()
            yield Spoken(code, days < AT_ONCE, f"{one.name} → {day}")
    if slow.differs:
        yield Spoken("topology-differs", any(one.grave for one in slow.differs), "topology", len(slow.differs))
    if slow.backups_in and (slow.backup is None or slow.at_ms - slow.backup.at_ms > BACKUP_EVERY_MS):
        since_ms = slow.backup.at_ms if slow.backup is not None else 0
        yield Spoken("backup-old", grave=False, about=slow.backups_in, since_ms=since_ms)
    if slow.untold_ms and slow.at_ms - slow.untold_ms > LAG_MS:
        yield Spoken("ledger-late", grave=False, about=slow.ledger, size=slow.untold, since_ms=slow.untold_ms)
    if slow.chain is not None and slow.chain.unexplained:
        yield Spoken("record-broken", grave=True, about="access log")
