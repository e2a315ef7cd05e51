"""Queries of the inbox: how far each lane has been applied, what is held back, and what is to be done at the desk."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select, tuple_, update

from bus.store import recovery
from bus.store import tables as t
from bus.store.database import Tx
from bus.store.writing import lay, lay_new

WAITING = "waiting"
PARKED = "parked"

Lane = tuple[str, str]
"""(peer, case id)"""


@dataclass(frozen=True, slots=True)
class Task:
    """One message that waits to be worked into the center's own system."""

    row: int
    message_id: str
    case_id: str
    source: str
    kind: str
    body: bytes
    attempts: int
    said: bool = False
    """Its commands were carried out before this store was put back: only the links are missing."""


def applied_marks(tx: Tx, lanes: Iterable[Lane]) -> dict[Lane, int]:
    """The last sequence applied in each lane, 0 for a new one."""
    wanted = list(lanes)
    lane = t.lanes.c
    query = select(lane.peer, lane.case_id, lane.applied).where(tuple_(lane.peer, lane.case_id).in_(wanted))
    found = {(row.peer, row.case_id): row.applied for row in tx.execute(query)} if wanted else {}
    return {key: found.get(key, 0) for key in wanted}


def remembered(tx: Tx, places: Iterable[tuple[str, str, int]]) -> dict[tuple[str, str, int], Mapping[str, Any]]:
    """What stood at these places (peer, case, sequence) and what became of it."""
    wanted = list(places)
    if not wanted:
        return {}
    a = t.applied.c
    query = select(t.applied).where(tuple_(a.peer, a.case_id, a.sequence).in_(wanted))
    return {(row.peer, row.case_id, row.sequence): dict(row._mapping) for row in tx.execute(query)}


def remember(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Note what became of messages."""
    lay(tx, t.applied, rows)


def hold(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Hold back messages that came too early; one that is held already stays as it is."""
    lay_new(tx, t.held, rows, ["peer", "case_id", "sequence"])


def held(tx: Tx, lanes: Iterable[Lane]) -> dict[Lane, dict[int, bytes]]:
    """What is held back in these lanes: sequence → body."""
    wanted = list(lanes)
    if not wanted:
        return {}
    h = t.held.c
    found: dict[Lane, dict[int, bytes]] = {}
    for row in tx.execute(select(t.held).where(tuple_(h.peer, h.case_id).in_(wanted))):
        found.setdefault((row.peer, row.case_id), {})[row.sequence] = row.body
    return found


def release(tx: Tx, places: Sequence[tuple[str, str, int]]) -> None:
    """These are no longer held back."""
    if places:
        h = t.held.c
        tx.execute(delete(t.held).where(tuple_(h.peer, h.case_id, h.sequence).in_(places)))


def lay_work(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Put messages on the desk; one that is there already is not laid twice."""
    lay_new(tx, t.work, rows, ["message_id"])


def bodies(tx: Tx, case_id: str) -> list[bytes]:
    """What lies on the desk of one case."""
    return list(tx.execute(select(t.work.c.body).where(t.work.c.case_id == case_id)).scalars())


def claim_work(tx: Tx, now_ms: int, limit: int, lease_ms: int) -> list[Task]:
    """Take due tasks, only the first of each case, so that a case's effects keep their order; a parked one blocks.

    None while the store recovers: the records are not what the tasks must be judged by."""
    if recovery.era(tx).recovery is not None:
        return []
    w, earlier = t.work, t.work.alias("earlier")
    first = ~select(earlier.c.id).where(earlier.c.case_id == w.c.case_id, earlier.c.id < w.c.id).exists()
    query = (
        select(w.c.id, w.c.message_id, w.c.case_id, w.c.source, w.c.kind, w.c.body, w.c.attempts, w.c.said)
        .where(w.c.state == WAITING, w.c.next_ms <= now_ms, first)
        .order_by(w.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    tasks = [Task(*row) for row in tx.execute(query)]
    if tasks:
        ids = [task.row for task in tasks]
        tx.execute(update(w).where(w.c.id.in_(ids)).values(next_ms=now_ms + lease_ms))
    return tasks


def still_there(tx: Tx, rows: Sequence[int]) -> set[int]:
    """Which of these tasks nobody else has finished or parked meanwhile, locked until the transaction ends."""
    w = t.work.c
    query = select(w.id).where(w.id.in_(rows), w.state == WAITING).with_for_update()
    return set(tx.execute(query).scalars())


def free_claims(tx: Tx, now_ms: int) -> None:
    """Make every task due now: what a process that died had claimed need not wait for its lease to end."""
    tx.execute(update(t.work).where(t.work.c.state == WAITING).values(next_ms=now_ms))


def finish_work(tx: Tx, rows: Sequence[int]) -> None:
    """These tasks are done."""
    if rows:
        tx.execute(delete(t.work).where(t.work.c.id.in_(rows)))


def retry_work(tx: Tx, row: int, next_ms: int, reason: str, *, counts: bool) -> None:
    """Try this task again at ``next_ms``; ``counts`` says whether the attempt counts towards parking."""
    attempts = t.work.c.attempts + 1 if counts else t.work.c.attempts
    values = {"next_ms": next_ms, "reason": reason, "attempts": attempts}
    tx.execute(update(t.work).where(t.work.c.id == row).values(**values))


def park_work(tx: Tx, row: int, reason: str) -> None:
    """Take this task out of the row until an operator replays it."""
    tx.execute(update(t.work).where(t.work.c.id == row).values(state=PARKED, reason=reason))


def replay_work(tx: Tx, message_id: str, now_ms: int) -> bool:
    """Put a parked task back, from attempt 0. False if there is none."""
    query = update(t.work).where(t.work.c.message_id == message_id)
    return tx.execute(query.values(state=WAITING, attempts=0, next_ms=now_ms)).rowcount == 1


def drop_work(tx: Tx, message_id: str) -> bool:
    """Forget a task: an operator's decision. False if there is none."""
    return tx.execute(delete(t.work).where(t.work.c.message_id == message_id)).rowcount == 1


def figures(tx: Tx) -> dict[str, int]:
    """Depth and age for metrics: waiting, parked, oldest_ms (0: none), held, held_oldest_ms."""
    w = t.work.c
    states = {
        state: (count, oldest)
        for state, count, oldest in tx.execute(select(w.state, func.count(), func.min(w.created_ms)).group_by(w.state))
    }
    back = tx.execute(select(func.count(), func.min(t.held.c.at_ms))).one()
    waiting, parked = states.get(WAITING, (0, 0)), states.get(PARKED, (0, 0))
    return {
        "waiting": waiting[0],
        "oldest_ms": waiting[1],
        "parked": parked[0],
        "held": back[0],
        "held_oldest_ms": back[1] or 0,
    }
