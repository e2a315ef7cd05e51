"""One look at one center: what its store, its own process and the broker tell at this moment.

A look is taken once for all viewers, and never changed afterwards. What could not be asked is told as away: a page
shows it as a fault, and never as well.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar

from bus.console.county_seen import CenterSeen
from bus.console.slow_look import SlowLook
from bus.operations.views import OVERDUE_AFTER
from bus.store import case_count, case_lists, early_forms, inbox, operations, outbox, paused, stuck, timers, waiting
from bus.store.database import Store, StoreUnavailable, Tx
from bus.store.operations import Operation
from bus.store.paused import Pause
from bus.store.stuck import StuckGroup
from bus.store.timestamps import ms
from bus.store.waiting import PeerLoad

RECENT_OPERATIONS = 20
Told = TypeVar("Told")


class QueueKind(StrEnum):
    """What a queue is for."""

    INBOX = "inbox"
    DEAD_LETTERS = "dead-letters"
    JOURNAL = "journal"


class Queue(NamedTuple):
    """One queue as the broker tells it; None: it has not said."""

    name: str
    kind: QueueKind
    center: str
    """Of an inbox: whose it is."""
    ready: int | None
    unacked: int | None
    consumers: int | None
    state: str | None
    comes: float | None = None
    """Messages a second that come into it, as the broker has counted lately."""
    goes: float | None = None
    """Messages a second that are taken from it."""


class Node(NamedTuple):
    """One node of the broker."""

    name: str
    running: bool
    memory_alarm: bool
    disk_alarm: bool
    disk_free: int | None
    """Bytes."""


class BrokerLook(NamedTuple):
    """The broker."""

    queues: Mapping[str, Queue]
    nodes: Sequence[Node]
    missing: Sequence[Queue] = ()
    """Queues of the county's plan that are not there."""


AskBroker = Callable[[], BrokerLook]
"""Asks the broker. Raises ``Away``."""
AskCenter = Callable[[], Mapping[str, Any]]
"""Asks a center's own process how it is: ``ready`` and ``flow``, as its health pages tell. Raises ``Away``."""


class Away(Exception):
    """Nobody has answered; the text says who, and names no secret."""


class Load(NamedTuple):
    """How much waits at a place, and since when the oldest; 0: nothing does."""

    size: int
    oldest_ms: int


@dataclass(frozen=True, slots=True)
class StoreLook:
    """What a center's store tells."""

    outbox: Load
    inbox: Load
    held: Load
    early: Load
    peers: Sequence[PeerLoad]
    groups: Sequence[StuckGroup]
    """What is stuck, the largest group first."""
    strangers: Sequence[tuple[str, int, int]]
    """Cases that a route led to nobody."""
    open_cases: int
    overdue: Load
    """Open cases after their date."""
    operations: Sequence[Operation]
    paused: Sequence[Pause]
    rulings: Sequence[tuple[str, int, int]] = ()
    """Cases of which an arbiter has not ruled in its term."""


@dataclass(frozen=True, slots=True)
class Look:
    """All that one look has found."""

    center: str
    at: datetime
    store: StoreLook | None
    broker: BrokerLook | None
    """None: it did not answer, or nobody has told where it is."""
    process: Mapping[str, Any] | None
    """The health of the center's process."""
    asks_broker: bool
    trouble: Mapping[str, str] = field(default_factory=dict)
    """What could not be asked → why."""
    county: Sequence[CenterSeen] = ()
    """At a county's ledger: what it knows of each center."""
    slow: SlowLook | None = None
    """What is asked once a minute; None: it was not asked yet."""


def look(center: str, store: Store, now: datetime, ask_broker: AskBroker | None, ask_center: AskCenter) -> Look:
    """Ask everybody once. Never raises for what is away."""
    trouble: dict[str, str] = {}
    found: StoreLook | None = None
    try:
        with store.reading() as tx:
            found = of_store(tx, center, now)
    except StoreUnavailable as error:
        trouble["store"] = str(error)
    broker = _asked("broker", ask_broker, trouble) if ask_broker is not None else None
    process = _asked("process", ask_center, trouble)
    return Look(center, now, found, broker, process, ask_broker is not None, trouble)


def _asked(what: str, ask: Callable[[], Told], trouble: dict[str, str]) -> Told | None:
    try:
        return ask()
    except Away as error:
        trouble[what] = str(error)
        return None


def of_store(tx: Tx, center: str, now: datetime) -> StoreLook:
    """What the store tells at this moment."""
    sent, received = outbox.figures(tx), inbox.figures(tx)
    early, early_ms = early_forms.figures(tx)
    return StoreLook(
        outbox=Load(sent["waiting"], sent["oldest_ms"]),
        inbox=Load(received["waiting"], received["oldest_ms"]),
        held=Load(received["held"], received["held_oldest_ms"]),
        early=Load(early, early_ms),
        peers=waiting.by_peer(tx),
        groups=stuck.groups(tx, ms(now - timedelta(seconds=OVERDUE_AFTER))),
        strangers=case_lists.kept_for_strangers(tx, center),
        open_cases=case_count.by_status(tx).get("open", 0),
        overdue=Load(*case_lists.overdue(tx, ms(now))),
        operations=operations.listed(tx, RECENT_OPERATIONS),
        paused=paused.listed(tx),
        rulings=case_lists.late_rulings(tx) if timers.state(tx) is not None else (),
    )
