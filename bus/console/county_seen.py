"""What a county's console knows of each center: from its door, and from the ledger."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from bus.bilingual import Bilingual
from bus.console.doors import Doors
from bus.console.told_by_doors import DoorLook
from bus.store import findings, ledger
from bus.store.database import Tx
from bus.store.waiting import PeerLoad

SILENT_AFTER_MS = 30_000
"""Without an answer for so long a center is silent: three looks and what a busy one may take."""


class Audited(NamedTuple):
    """What the auditor has open about a center."""

    size: int = 0
    oldest_ms: int = 0


class CenterSeen(NamedTuple):
    """One center."""

    center: str
    began_ms: int
    """Since when its door is asked."""
    last: DoorLook | None
    """What its door has told last; None: it has never answered."""
    answered_ms: int
    trouble: Bilingual | None
    """Why the last look has failed; None: it has not."""
    away: bool
    """Whether it has failed because no answer came."""
    told_ms: int
    """When it told the ledger last; 0: never."""
    audited: Audited

    def is_silent(self, now_ms: int) -> bool:
        """Whether its door has not answered for too long."""
        return now_ms - max(self.answered_ms, self.began_ms) > SILENT_AFTER_MS

    @property
    def inside(self) -> list[PeerLoad]:
        """What waits at the center itself, but for what it has sent."""
        waiting = self.last.waiting if self.last is not None else ()
        return [PeerLoad(one.place, one.peer, one.count, one.oldest_ms) for one in waiting if one.place in INSIDE]

    @property
    def parked(self) -> int:
        """Items that are parked there."""
        return sum(one.size for one in self.last.groups if one.place != "outbox") if self.last is not None else 0

    @property
    def holds(self) -> int:
        """Open cases that it has, by its own word."""
        waiting = self.last.waiting if self.last is not None else ()
        return sum(one.count for one in waiting if one.place == "open" and one.peer == self.center)


INSIDE = ("inbox", "held", "early-forms")


def seen(tx: Tx, doors: Doors) -> list[CenterSeen]:
    """Every center that has a door here, or tells the ledger, by name."""
    told = {one.center: one.told_ms for one in ledger.tellers(tx)}
    audited = {center: Audited(*about) for center, about in findings.open_by_center(tx).items()}
    return [of_center(center, doors, told, audited) for center in doors.centers]


def of_center(center: str, doors: Doors, told: Mapping[str, int], audited: Mapping[str, Audited]) -> CenterSeen:
    door = doors.seen(center)
    about = audited.get(center, Audited())
    return CenterSeen(
        center, doors.began_ms, door.last, door.answered_ms, door.trouble, door.away, told.get(center, 0), about
    )


def towards(county: Sequence[CenterSeen], center: str) -> list[PeerLoad]:
    """What all other centers have sent to this one, without a receipt: the broker cannot tell its age, they can."""
    return [load for load in _outboxes(county) if load.peer == center]


class Sums(NamedTuple):
    """The county's numbers for the curves."""

    outbox: int
    inbox: int
    stuck: int
    open_cases: int


def sums(county: Sequence[CenterSeen]) -> Sums:
    """All centers together."""
    return Sums(
        sum(load.size for load in _outboxes(county)),
        sum(load.size for one in county for load in one.inside if load.place == "inbox"),
        sum(group.size for one in county if one.last is not None for group in one.last.groups),
        sum(one.holds for one in county),
    )


def _outboxes(county: Sequence[CenterSeen]) -> Iterator[PeerLoad]:
    for one in county:
        for load in one.last.waiting if one.last is not None else ():
            if load.place == "outbox":
                yield PeerLoad("outbox", load.peer, load.count, load.oldest_ms)
