"""Queries of a console's incidents, and of the notices that their receivers are still to be sent."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import ColumnElement, delete, func, or_, select, update

from bus.store import tables as t
from bus.store.database import Tx
from bus.store.inserts import insert, upsert

_I, _N = t.incidents.c, t.notices.c


class State(StrEnum):
    """Where an incident stands."""

    PENDING = "pending"
    """The finding has not stood for long enough: nobody is told."""
    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    """A person has taken it: nobody is reminded."""
    CLEARED = "cleared"


class Incident(NamedTuple):
    """One finding from the first look that showed it until it was gone for good."""

    id: str
    key: bytes
    """Digest of what it is about: code, about, place, cause, peer."""
    code: str
    about: str
    place: str
    """Place, cause and peer of what is stuck; empty for any other finding."""
    cause: str
    peer: str
    source: str
    """Who must have been asked before its absence means anything."""
    state: State
    severity: int
    size: int
    since_ms: int
    """Since when the trouble lasts, as far as known."""
    first_ms: int
    seen_ms: int
    """The last look that showed it; kept up while it is pending."""
    gone_ms: int = 0
    """Since when looks do not show it; 0: the last one did."""
    opened_ms: int = 0
    cleared_ms: int = 0
    told: str = ""
    """The change that receivers were told last."""
    told_ms: int = 0
    acknowledged_by: str = ""
    acknowledged_ms: int = 0


class Notice(NamedTuple):
    """One thing to tell one receiver."""

    notice_id: str
    """The same at each try, by which the receiver knows a repeated one."""
    receiver: str
    body: str
    made_ms: int
    due_ms: int
    attempts: int = 0
    trouble: str = ""
    """Why the last try failed."""


class Untold(NamedTuple):
    """What one receiver is still to be told."""

    receiver: str
    size: int
    oldest_ms: int
    trouble: str


def live(tx: Tx) -> list[Incident]:
    """The incidents that last, oldest first, locked until the transaction ends."""
    query = _INCIDENT.where(_I.cleared_ms == 0).order_by(_I.first_ms, _I.id)
    return [_incident(row) for row in tx.execute(query.with_for_update())]


_INCIDENT = select(*(_I[name] for name in Incident._fields))


def _incident(row: Sequence[object]) -> Incident:
    found = Incident(*row)  # type: ignore[arg-type]  # the columns in the order of its fields
    return found._replace(key=bytes(found.key), state=State(found.state))


def keep(tx: Tx, found: Sequence[Incident]) -> None:
    """Write incidents, new or changed."""
    upsert(tx, t.incidents, [one._replace(state=one.state.value) for one in found])  # type: ignore[arg-type]  # as stored


def forget(tx: Tx, ids: Sequence[str]) -> None:
    """Drop pending incidents that came to nothing."""
    if ids:
        tx.execute(delete(t.incidents).where(_I.id.in_(ids), _I.state == State.PENDING.value))


def prune(tx: Tx, cleared_before_ms: int) -> None:
    """Drop what was cleared long ago."""
    tx.execute(delete(t.incidents).where(_I.cleared_ms > 0, _I.cleared_ms < cleared_before_ms))


def acknowledge(tx: Tx, incident_id: str, person: str, now_ms: int) -> bool:
    """Note who has taken an open incident. False: it is not open, or somebody has taken it already."""
    taken = {"state": State.ACKNOWLEDGED.value, "acknowledged_by": person, "acknowledged_ms": now_ms}
    wanted = (_I.id == incident_id, _I.state == State.OPEN.value)
    return tx.execute(update(t.incidents).where(*wanted).values(**taken)).rowcount > 0


def lasting(tx: Tx) -> list[Incident]:
    """The open and the acknowledged incidents, the worst and oldest first."""
    query = _INCIDENT.where(_I.cleared_ms == 0, _I.state != State.PENDING.value)
    return [_incident(row) for row in tx.execute(query.order_by(_I.severity.desc(), _I.opened_ms, _I.id))]


def cleared(tx: Tx, after: tuple[int, str] | None, limit: int) -> list[Incident]:
    """The next cleared incidents, newest first. ``after``: end and id of the last one that was shown."""
    older = ((_I.cleared_ms < after[0]) | ((_I.cleared_ms == after[0]) & (_I.id > after[1])),) if after else ()
    query = _INCIDENT.where(_I.cleared_ms > 0, *older).order_by(_I.cleared_ms.desc(), _I.id).limit(limit)
    return [_incident(row) for row in tx.execute(query)]


def enqueue(tx: Tx, new: Sequence[Notice]) -> None:
    """Keep notices until their receiver has taken them."""
    insert(tx, t.notices, new)


def due(tx: Tx, receiver: str, now_ms: int, never_later_ms: int, limit: int) -> list[Notice]:
    """The notices to send now, oldest first. ``never_later_ms``: no try waits for longer, so a later one was planned
    before the clock was set back."""
    query = select(*(_N[name] for name in Notice._fields)).where(
        _N.receiver == receiver, or_(_N.due_ms <= now_ms, _N.due_ms > never_later_ms)
    )
    return [Notice(*row) for row in tx.execute(query.order_by(_N.id).limit(limit))]


def taken(tx: Tx, notice: Notice) -> None:
    """Drop a notice: its receiver has it."""
    tx.execute(delete(t.notices).where(_same(notice)))


def put_off(tx: Tx, notice: Notice, due_ms: int, trouble: str) -> None:
    """Plan the next try."""
    values = {"due_ms": due_ms, "attempts": notice.attempts + 1, "trouble": trouble[:200]}
    tx.execute(update(t.notices).where(_same(notice)).values(**values))


def _same(notice: Notice) -> ColumnElement[bool]:
    return (_N.notice_id == notice.notice_id) & (_N.receiver == notice.receiver)


def expire(tx: Tx, made_before_ms: int, most: int) -> int:
    """Drop notices that are too old, and of each receiver all but the newest ``most``. Returns how many."""
    dropped = tx.execute(delete(t.notices).where(_N.made_ms < made_before_ms)).rowcount
    for receiver in tx.execute(select(_N.receiver).group_by(_N.receiver).having(func.count() > most)).scalars().all():
        newest = select(_N.id).where(_N.receiver == receiver).order_by(_N.id.desc()).offset(most - 1).limit(1)
        last = tx.execute(newest).scalar_one()
        dropped += tx.execute(delete(t.notices).where(_N.receiver == receiver, _N.id < last)).rowcount
    return dropped


def untold(tx: Tx) -> list[Untold]:
    """What is still to be told, by receiver."""
    columns = (_N.receiver, func.count(), func.min(_N.made_ms), func.max(_N.trouble))
    return [Untold(*row) for row in tx.execute(select(*columns).group_by(_N.receiver).order_by(_N.receiver))]


def counts(tx: Tx) -> Mapping[str, int]:
    """How many incidents last, by state."""
    query = select(_I.state, func.count()).where(_I.cleared_ms == 0).group_by(_I.state)
    return {str(state): int(count) for state, count in tx.execute(query)}
