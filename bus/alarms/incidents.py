"""The life of an incident: pure rules over one record.

A finding must stand for a while before its incident opens, and be gone for a while before it is cleared: one that comes
back meanwhile is the same incident. What receivers are owed follows from the record alone, so that a change is told
whether a look or a person has made it.
"""

import hashlib
from enum import StrEnum
from typing import NamedTuple

from bus.contract.ids import new_id
from bus.store.incidents import Incident, State

UNWATCHED_MS = 60_000
"""After such a gap between two looks (a restart, a broker that was away) a finding must stand anew: it may have been
gone meanwhile."""


class Change(StrEnum):
    """What receivers are told of an incident."""

    OPENED = "opened"
    REMINDED = "reminded"
    ACKNOWLEDGED = "acknowledged"
    CLEARED = "cleared"


class Rules(NamedTuple):
    """How patient the alarms are, in milliseconds."""

    open_after_ms: int = 15_000
    """For how long a finding must stand."""
    clear_after_ms: int = 60_000
    """For how long it must be gone."""
    remind_after_ms: int = 3_600_000
    """Between two reminders of an incident that nobody has taken."""


class Trouble(NamedTuple):
    """One finding, as alarms see it."""

    code: str
    about: str
    place: str
    cause: str
    peer: str
    source: str
    severity: int
    size: int
    since_ms: int

    @property
    def key(self) -> bytes:
        """Digest of what it is about: a finding with the same one is the same trouble."""
        return hashlib.sha256("\x1f".join(self[:5]).encode()).digest()


def begun(trouble: Trouble, now_ms: int) -> Incident:
    """The record of a finding that the look has shown for the first time."""
    return Incident(
        str(new_id()), trouble.key, *trouble[:1], trouble.about[:200], *trouble[2:6], State.PENDING, trouble.severity,
        trouble.size, trouble.since_ms or now_ms, now_ms, now_ms,
    )  # fmt: skip


def stands(before: Incident, trouble: Trouble, now_ms: int, rules: Rules) -> Incident:
    """The record after a look that shows its finding."""
    after = before._replace(severity=trouble.severity, size=trouble.size, gone_ms=0)
    if before.state is not State.PENDING:
        return after
    if now_ms - before.seen_ms > UNWATCHED_MS:
        return after._replace(first_ms=now_ms, seen_ms=now_ms)
    if now_ms - before.first_ms < rules.open_after_ms:
        return after._replace(seen_ms=now_ms)
    return after._replace(state=State.OPEN, seen_ms=now_ms, opened_ms=now_ms)


def is_gone(before: Incident, now_ms: int, rules: Rules) -> Incident | None:
    """The record after a look that does not show its finding; None: it never opened, and is forgotten."""
    if before.state is State.PENDING:
        return None
    if not before.gone_ms or before.gone_ms > now_ms:  # the second: the clock was set back
        return before._replace(gone_ms=now_ms)
    if now_ms - before.gone_ms < rules.clear_after_ms:
        return before
    return before._replace(state=State.CLEARED, cleared_ms=now_ms)


def owed(incident: Incident, now_ms: int, rules: Rules) -> Change | None:
    """What receivers must be told now; None: nothing."""
    match incident.state:
        case State.OPEN if not incident.told:
            return Change.OPENED
        case State.OPEN if not incident.gone_ms and now_ms - incident.told_ms >= rules.remind_after_ms:
            return Change.REMINDED
        case State.ACKNOWLEDGED if incident.told != Change.ACKNOWLEDGED:
            return Change.ACKNOWLEDGED
        case State.CLEARED if incident.told != Change.CLEARED:
            return Change.CLEARED
    return None


def told(incident: Incident, change: Change, now_ms: int) -> Incident:
    """The record after its receivers were told."""
    return incident._replace(told=change.value, told_ms=now_ms)
