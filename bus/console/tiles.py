"""A tile for each center: how messages flow to it and from it, in three states, which do not flicker. Pure.

A tile turns bad at once. It turns well again only after it was well at several looks, so that a fault that comes and
goes is seen.
"""

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import NamedTuple

from bus.console.center_look import Look, Queue, QueueKind
from bus.console.county_seen import CenterSeen, towards
from bus.console.findings import LATE_MS, Finding, Severity
from bus.store.timestamps import ms
from bus.store.waiting import PeerLoad

UNTOLD = Queue("", QueueKind.INBOX, "", None, None, None, None)
"""The inbox of a center of which the broker has not told."""
LOOKS_TO_HEAL = 2
"""Looks at which it must be well before the tile says so."""


class State(IntEnum):
    """The state of a tile."""

    WELL = 1
    ATTENTION = 2
    FAULT = 3


class Tile(NamedTuple):
    """What is known of one center."""

    center: str
    state: State
    healing: int
    """Looks at which it was better than ``state`` says."""
    consumers: int | None
    ready: int | None
    """Messages in its inbox; None: the broker was not asked, or has not said."""
    to: int
    """Messages of this center that wait for its receipt."""
    oldest_to_ms: int
    of: int
    """Messages of it that wait here."""
    oldest_of_ms: int
    seen: CenterSeen | None = None
    """At a county's console: what the ledger and the center's door tell of it."""
    comes: float | None = None
    """Messages a minute that come into its inbox."""
    goes: float | None = None
    """Messages a minute that it has taken."""
    days_left: int | None = None
    """Of its keys and certificates, the fewest; None: none of them ends, or nobody has said."""


def next_tiles(before: Mapping[str, Tile], look: Look, found: Sequence[Finding]) -> dict[str, Tile]:
    """The tiles after one more look, this center's own first."""
    queues = _inboxes(look)
    told = {one.center: one for one in look.county}
    centers = {*queues, *told, *(one.peer for one in _loads(look)), look.center} - {""}
    return {
        center: _settled(before.get(center), _seen(center, queues.get(center, UNTOLD), told.get(center), look, found))
        for center in sorted(centers, key=lambda one: (one != look.center, one))
    }


def _seen(center: str, queue: Queue, told: CenterSeen | None, look: Look, found: Sequence[Finding]) -> Tile:
    """One tile as this look has it."""
    loads = [one for one in _loads(look) if one.peer == center]
    sent = [*(one for one in loads if one.place == "outbox"), *towards(look.county, center)]
    heard = [*(one for one in loads if one.place != "outbox"), *(told.inside if told is not None else ())]
    return Tile(
        center,
        _state(center, look, found),
        0,
        queue.consumers,
        queue.ready,
        sum(one.size for one in sent),
        min((one.oldest_ms for one in sent), default=0),
        sum(one.size for one in heard),
        min((one.oldest_ms for one in heard), default=0),
        told,
        _a_minute(queue.comes),
        _a_minute(queue.goes),
        look.slow.days_of(center) if look.slow is not None else None,
    )


def _loads(look: Look) -> Sequence[PeerLoad]:
    return look.store.peers if look.store is not None else ()


def _a_minute(a_second: float | None) -> float | None:
    return None if a_second is None else round(a_second * 60, 1)


def _settled(before: Tile | None, seen: Tile) -> Tile:
    """The tile as it is shown: worse at once, better only after some looks."""
    if before is None or seen.state >= before.state:
        return seen
    healing = before.healing + 1
    if healing >= LOOKS_TO_HEAL:
        return seen
    return seen._replace(state=before.state, healing=healing)


def _state(center: str, look: Look, found: Sequence[Finding]) -> State:
    """By the findings that name it. Silence of what should tell is a fault."""
    own = center == look.center
    about = [one for one in found if _names(one, center) or (own and one.about == one.center == "")]
    worst = max((one.severity for one in about), default=Severity.NOTICE)
    silent = own and (look.store is None or look.process is None)
    if silent or worst is Severity.FAULT:
        return State.FAULT
    loads = (*(look.store.peers if look.store is not None else ()), *towards(look.county, center))
    late = any(one.peer == center and one.oldest_ms < ms(look.at) - LATE_MS for one in loads)
    unheard = any(one.center == center and one.last is None for one in look.county)
    return State.ATTENTION if late or unheard or worst is Severity.ATTENTION else State.WELL


def _names(found: Finding, center: str) -> bool:
    """Whether a finding is this center's. A message without a receipt is its recipient's: otherwise one center that is
    away would turn the tiles of all others red."""
    is_sent = found.group is not None and found.group[0] == "outbox"
    return center == (found.about if is_sent or not found.center else found.center)


def _inboxes(look: Look) -> dict[str, Queue]:
    if look.broker is None:
        return {}
    known = (*look.broker.missing, *look.broker.queues.values())
    return {one.center: one for one in known if one.kind is QueueKind.INBOX}
