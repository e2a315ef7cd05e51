"""What is wrong, by one look: pure rules, the worst first.

Each finding has a code, under which ``finding_words.py`` has its words and its cure.
"""

from collections.abc import Iterator, Mapping, Sequence
from enum import IntEnum
from typing import Any, NamedTuple

from bus.console.center_look import BrokerLook, Load, Look, QueueKind, StoreLook
from bus.console.county_seen import CenterSeen
from bus.console.slow_look import spoken
from bus.console.told_by_doors import DoorLook
from bus.store.timestamps import ms

LATE_MS = 600_000
"""From which age on a waiting item is a finding: the same ten minutes after which a message is listed as overdue."""
SET_BACK = ("peer", "sequence-reused")
"""What is refused so was said anew in a place that was taken before: the store has forgotten it."""
LEAST_FREE = 5 * 1024**3
"""Bytes of disk below which a node of the broker is spoken of, before it stops taking messages."""


class Severity(IntEnum):
    """How bad it is."""

    NOTICE = 1
    """Somebody wants it so, or it mends itself."""
    ATTENTION = 2
    """A person must look, and nothing stands still yet."""
    FAULT = 3
    """Something stands still."""


class Finding(NamedTuple):
    """One thing that is wrong."""

    code: str
    severity: Severity
    about: str = ""
    """The queue, the peer, the node or the place."""
    size: int = 0
    since_ms: int = 0
    """Since when, where that is known; 0: it is not."""
    group: tuple[str, str, str] | None = None
    """Place, code and peer of what is stuck: its page has the buttons of its cure."""
    center: str = ""
    """The other center at which it is; empty: here."""


def findings(look: Look) -> list[Finding]:
    """All findings of one look, the worst and oldest first."""
    found = [*_away(look), *_of_process(look.process or {})]
    if look.broker is not None:
        found += _of_broker(look.broker, look.center)
    if look.store is not None:
        found += _of_store(look.store, ms(look.at))
    found += _of_county(look.county, ms(look.at))
    if look.slow is not None:
        found += [
            Finding(one.code, Severity.FAULT if one.grave else Severity.ATTENTION, one.about, one.size, one.since_ms)
            for one in spoken(look.slow)
        ]
    return sorted(found, key=lambda one: (-one.severity, one.since_ms or ms(look.at), one.code, one.about))


def _away(look: Look) -> Iterator[Finding]:
    for what in look.trouble:
        yield Finding(f"{what}-away", Severity.FAULT, look.center if what != "broker" else "")


def _of_process(process: Mapping[str, Any]) -> Iterator[Finding]:
    """What the center's own process says of itself."""
    if process.get("vendor") == "away":
        yield Finding("backend-away", Severity.FAULT)
    for code in ("keys", "marks", "masking", "clocks", "recovering", "store"):
        if process.get(code):
            yield Finding(f"process-{code}", Severity.ATTENTION if code == "masking" else Severity.FAULT)
    for fault in process.get("faults", ()):
        if fault.get("kind") not in ("backend", "broker", "clock", "keys"):
            yield Finding("loop-stands", Severity.FAULT, str(fault.get("loop", "")))
    days = process.get("certificate")
    if days is not None and days < 0:
        yield Finding("certificate-over", Severity.FAULT)
    if process.get("broker") is False:
        yield Finding("process-unconnected", Severity.FAULT)
    if process.get("blocked"):
        yield Finding("process-blocked", Severity.FAULT)


def _of_broker(broker: BrokerLook, me: str) -> Iterator[Finding]:
    for queue in broker.missing:
        yield Finding("queue-missing", Severity.FAULT, queue.center or queue.name)
    for queue in broker.queues.values():
        if queue.state not in (None, "running"):
            yield Finding("queue-down", Severity.FAULT, queue.center or queue.name)
        elif queue.kind is QueueKind.DEAD_LETTERS and queue.ready:
            yield Finding("dead-letters", Severity.ATTENTION, queue.name, queue.ready)
        elif queue.kind is QueueKind.INBOX and queue.consumers == 0:
            code = "own-unread" if queue.center == me else "peer-unread"
            yield Finding(code, Severity.FAULT, queue.center, queue.ready or 0)
    for node in broker.nodes:
        if not node.running:
            yield Finding("node-down", Severity.FAULT, node.name)
        elif node.memory_alarm or node.disk_alarm:
            yield Finding("memory-alarm" if node.memory_alarm else "disk-alarm", Severity.FAULT, node.name)
        elif node.disk_free is not None and node.disk_free < LEAST_FREE:
            yield Finding("disk-low", Severity.ATTENTION, node.name)


def _of_store(store: StoreLook, now_ms: int) -> Iterator[Finding]:
    for group in store.groups:
        if (group.place, group.code) == SET_BACK:
            named = (group.place, group.code, group.peer)
            yield Finding("set-back", Severity.FAULT, "", group.size, group.oldest_ms, named)
            continue
        severity = Severity.ATTENTION if group.place != "outbox" else Severity.FAULT
        named = (group.place, group.code, group.peer)
        yield Finding("stuck", severity, group.peer, group.size, group.oldest_ms, named)
    yield from _late("inbox-late", store.inbox, now_ms)
    yield from _late("held-late", store.held, now_ms)
    yield from _late("early-late", store.early, now_ms)
    if store.overdue.size:
        yield Finding("overdue", Severity.ATTENTION, "", store.overdue.size, store.overdue.oldest_ms)
    for route, cases, oldest_ms in store.strangers:
        yield Finding("routed-to-nobody", Severity.ATTENTION, route, cases, oldest_ms)
    for arbiter, cases, since_ms in store.rulings:
        yield Finding("ruling-late", Severity.FAULT, arbiter, cases, since_ms)
    for pause in store.paused:
        yield Finding("paused", Severity.NOTICE, pause.name, 0, pause.at_ms)


def _of_county(county: Sequence[CenterSeen], now_ms: int) -> Iterator[Finding]:
    """What the doors and the ledger tell of other centers."""
    for one in county:
        since_ms = one.answered_ms or one.began_ms
        if one.trouble is not None and not one.away:
            severity = Severity.FAULT if one.is_silent(now_ms) else Severity.ATTENTION
            yield Finding("door-refuses", severity, one.center, 0, since_ms, center=one.center)
        elif one.is_silent(now_ms):
            yield Finding("door-silent", Severity.FAULT, one.center, 0, since_ms, center=one.center)
        if one.audited.size:
            oldest_ms = one.audited.oldest_ms
            yield Finding("audited", Severity.ATTENTION, one.center, one.audited.size, oldest_ms, center=one.center)
        if one.last is not None:
            yield from _of_door(one.center, one.last)


def _of_door(center: str, told: DoorLook) -> Iterator[Finding]:
    for group in told.groups:
        severity = Severity.ATTENTION if group.place != "outbox" else Severity.FAULT
        named = (group.place, group.code, group.peer)
        yield Finding("stuck", severity, group.peer, group.size, group.oldest_ms, named, center)
    if told.overdue.count:
        yield Finding("overdue", Severity.ATTENTION, center, told.overdue.count, told.overdue.oldest_ms, center=center)
    for pause in told.paused:
        yield Finding("paused", Severity.NOTICE, pause.name, 0, pause.at_ms, center=center)


def _late(code: str, load: Load, now_ms: int) -> Iterator[Finding]:
    if load.size and load.oldest_ms and load.oldest_ms < now_ms - LATE_MS:
        yield Finding(code, Severity.FAULT, "", load.size, load.oldest_ms)


class Verdict(NamedTuple):
    """The one sentence of the bar."""

    number: int
    """Findings that a person must see to."""
    worst: Severity | None
    oldest_ms: int
    """Since when the oldest of them is known; 0: it is not."""


def verdict(found: Sequence[Finding]) -> Verdict:
    """Notices do not count: somebody wants it so."""
    real = [one for one in found if one.severity > Severity.NOTICE]
    since = [one.since_ms for one in real if one.since_ms]
    return Verdict(len(real), max((one.severity for one in real), default=None), min(since, default=0))
