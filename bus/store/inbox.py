"""Queries of the inbox: how far each lane is applied, what is held back, and which tasks wait for the center's own
system."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

from sqlalchemy import Select, bindparam, case, delete, func, select, update

from bus.contract.envelope import Message
from bus.store import paused, recovery
from bus.store import tables as t
from bus.store.database import Tx
from bus.store.due import DueRows
from bus.store.encryption import encryption_of
from bus.store.inserts import insert, insert_new
from bus.store.resident_waits import AWAITED
from bus.store.rows import HeldRow
from bus.store.statements import Prepared, Row, among, as_list

WAITING = "waiting"
PARKED = "parked"

Lane = tuple[str, str]
"""(peer, case id)"""


class AppliedRow(NamedTuple):
    """The message at one place of a lane, and its outcome."""

    peer: str
    case_id: str
    sequence: int
    message_id: str
    verdict: str
    code: str | None
    at_ms: int
    digest: bytes | None = None

    @property
    def position(self) -> tuple[str, str, int]:
        """Lane and sequence."""
        return self[:3]


class WorkRow(NamedTuple):
    """A message that becomes a task."""

    message_id: str
    case_id: str
    source: str
    kind: str
    body: bytes
    state: str
    attempts: int
    next_ms: int
    created_ms: int
    reason: str = ""
    said: bool = False
    """See ``Task``."""

    @classmethod
    def of(cls, message: Message[Any], body: bytes, now_ms: int, *, said: bool = False) -> Self:
        """The row of a message that came as ``body``."""
        return cls(
            str(message.id),
            str(message.subject),
            message.source,
            message.data.kind,
            body,
            WAITING,
            0,
            now_ms,
            now_ms,
            said=said,
        )


@dataclass(frozen=True, slots=True)
class Task:
    """One message that waits for the handler of the center's own system."""

    row: int
    message_id: str
    case_id: str
    source: str
    kind: str
    body: bytes
    attempts: int
    said: bool = False
    """Its commands were carried out before the store was restored from a backup: only the links are missing."""


_MARKS = Prepared(
    lambda _: select(t.lanes.c.peer, t.lanes.c.case_id, t.lanes.c.applied).where(
        among("lanes", t.lanes.c.peer, t.lanes.c.case_id)
    )
)
_A, _H, _W = t.applied.c, t.held.c, t.work.c
_REMEMBERED = Prepared(
    lambda _: select(*(_A[name] for name in AppliedRow._fields)).where(
        among("places", _A.peer, _A.case_id, _A.sequence)
    )
)
_HELD = Prepared(
    lambda _: select(_H.peer, _H.case_id, _H.sequence, func.length(_H.body)).where(among("lanes", _H.peer, _H.case_id))
)
_HELD_BODIES = Prepared(lambda _: select(_H.sequence, _H.body).where(among("places", _H.peer, _H.case_id, _H.sequence)))
_RELEASE = Prepared(lambda _: delete(t.held).where(among("places", _H.peer, _H.case_id, _H.sequence)))


def applied_marks(tx: Tx, lanes: Iterable[Lane]) -> dict[Lane, int]:
    """The last sequence applied in each lane, 0 for a new one."""
    marks = dict.fromkeys(lanes, 0)
    for peer, case_id, applied in _MARKS.rows(tx, lanes=as_list(marks)) if marks else ():
        marks[peer, case_id] = applied
    return marks


def remembered(tx: Tx, places: Iterable[tuple[str, str, int]]) -> dict[tuple[str, str, int], AppliedRow]:
    """The messages at these places (peer, case, sequence), and their outcomes."""
    wanted = list(places)
    found = (AppliedRow(*row) for row in _REMEMBERED.rows(tx, places=as_list(wanted))) if wanted else ()
    return {row.position: row for row in found}


def remember(tx: Tx, rows: Sequence[AppliedRow]) -> None:
    """Record the outcomes of messages."""
    insert(tx, t.applied, rows)


def hold(tx: Tx, rows: Sequence[HeldRow]) -> None:
    """Hold back messages that came too early; one that is already held stays."""
    insert_new(tx, t.held, encryption_of(tx).encrypted(tx, rows), ["peer", "case_id", "sequence"])


def held(tx: Tx, lanes: Iterable[Lane]) -> dict[Lane, dict[int, int]]:
    """The messages held back in these lanes: sequence → bytes."""
    wanted = list(lanes)
    found: dict[Lane, dict[int, int]] = {}
    for peer, case_id, sequence, size in _HELD.rows(tx, lanes=as_list(wanted)) if wanted else ():
        found.setdefault((peer, case_id), {})[sequence] = size
    return found


def held_bodies(tx: Tx, lane: Lane, sequences: Sequence[int]) -> dict[int, bytes | None]:
    """The messages held back at these places of a lane: sequence → body, None for one that was altered in the store."""
    places = [(*lane, sequence) for sequence in sequences]
    rows = _HELD_BODIES.rows(tx, places=as_list(places)) if places else ()
    bodies = encryption_of(tx).readable(tx, [(lane[1], body) for _, body in rows])
    return {sequence: body for (sequence, _), body in zip(rows, bodies, strict=True)}


def held_bytes(tx: Tx, peer: str) -> int:
    """The size of ``peer``'s messages that are held back."""
    size = select(func.coalesce(func.sum(func.length(_H.body)), 0)).where(_H.peer == peer)
    return int(tx.execute(size).scalar_one())


def release(tx: Tx, places: Sequence[tuple[str, str, int]]) -> None:
    """Remove these places from the messages held back."""
    if places:
        _RELEASE.run(tx, places=as_list(places))


def enqueue_work(tx: Tx, rows: Sequence[WorkRow]) -> None:
    """Add messages as tasks; an existing task stays."""
    insert_new(tx, t.work, encryption_of(tx).encrypted(tx, rows), ["message_id"])


def bodies(tx: Tx, case_id: str) -> list[bytes]:
    """The messages of one case's tasks; what was altered in the store is left out."""
    found = tx.execute(select(t.work.c.body).where(t.work.c.case_id == case_id)).scalars()
    return [body for body in encryption_of(tx).readable(tx, [(case_id, body) for body in found]) if body]


def _claim() -> Select[Any]:
    w, earlier = t.work, t.work.alias("earlier")
    before = (earlier.c.case_id == w.c.case_id, earlier.c.id < w.c.id, earlier.c.reason != AWAITED)
    first = ~select(earlier.c.id).where(*before).exists()
    task = select(w.c.id, w.c.message_id, w.c.case_id, w.c.source, w.c.kind, w.c.body, w.c.attempts, w.c.said)
    return task.where(w.c.state == WAITING, first)


_CLAIM = DueRows(t.work, _claim())
_CLAIM_PAUSED = DueRows(t.work, _claim().where(paused.flows(_W.source, _W.kind)))
_LEASE = Prepared(lambda _: update(t.work).where(among("ids", _W.id)).values(next_ms=bindparam("until_ms")))
_STILL = Prepared(lambda _: select(_W.id).where(among("ids", _W.id), _W.state == WAITING).with_for_update())
_FINISH = Prepared(lambda _: delete(t.work).where(among("ids", _W.id)))


def claim_work(tx: Tx, now_ms: int, limit: int, lease_ms: int) -> list[Task]:
    """Claim due tasks, only the first of each case, so that a case's effects keep their order; a parked task blocks.

    Tasks that have been due longest come first: one that fails repeatedly must not always be the one taken. A task
    altered in the store comes without its body. None are claimed during a recovery: the records are not yet those that
    the tasks must be judged by."""
    if recovery.epoch(tx).recovery is not None:
        return []
    rows = _CLAIM.rows(tx, now_ms, limit)
    if rows and paused.is_any(tx):
        rows = _CLAIM_PAUSED.rows(tx, now_ms, limit)
    bodies = encryption_of(tx).readable(tx, [(row[2], row[5]) for row in rows])
    tasks = [_task(row, body or b"") for row, body in zip(rows, bodies, strict=True)]
    if tasks:
        _LEASE.run(tx, until_ms=now_ms + lease_ms, ids=as_list(task.row for task in tasks))
    return tasks


def _task(row: Row, body: bytes) -> Task:
    number, message_id, case_id, source, kind, _, attempts, said = row
    return Task(number, message_id, case_id, source, kind, body, attempts, said)


def still_there(tx: Tx, rows: Sequence[int]) -> set[int]:
    """The tasks among these that are neither finished nor parked meanwhile, locked until the transaction ends."""
    return {row[0] for row in _STILL.rows(tx, ids=as_list(rows))}


def free_claims(tx: Tx, now_ms: int) -> None:
    """Make every task due now, so that claims of a dead process need not wait for their leases to end."""
    tx.execute(update(t.work).where(t.work.c.state == WAITING, t.work.c.next_ms > now_ms).values(next_ms=now_ms))


def give_back(tx: Tx, rows: Sequence[int], now_ms: int) -> None:
    """Release tasks that were claimed and not begun; any worker may claim them now."""
    if rows:
        _LEASE.run(tx, until_ms=now_ms, ids=as_list(rows))


def finish_work(tx: Tx, rows: Sequence[int]) -> None:
    """Delete finished tasks."""
    if rows:
        _FINISH.run(tx, ids=as_list(rows))


def retry_work(tx: Tx, row: int, next_ms: int, reason: str, *, counts: bool) -> None:
    """Try this task again at ``next_ms``; ``counts`` says whether the attempt counts towards parking."""
    attempts = t.work.c.attempts + 1 if counts else t.work.c.attempts
    values = {"next_ms": next_ms, "reason": reason, "attempts": attempts}
    tx.execute(update(t.work).where(t.work.c.id == row).values(**values))


def park_work(tx: Tx, row: int, reason: str) -> None:
    """Park this task until an operator replays it."""
    tx.execute(update(t.work).where(t.work.c.id == row).values(state=PARKED, reason=reason))


def replay_work(tx: Tx, message_id: str, now_ms: int) -> bool:
    """Make a parked task due again, from attempt 0. False if there is none."""
    query = update(t.work).where(t.work.c.message_id == message_id)
    return tx.execute(query.values(state=WAITING, attempts=0, next_ms=now_ms)).rowcount == 1


def drop_work(tx: Tx, message_id: str) -> bool:
    """Delete a task: an operator's decision. False if there is none."""
    return tx.execute(delete(t.work).where(t.work.c.message_id == message_id)).rowcount == 1


def figures(tx: Tx) -> dict[str, int]:
    """Depth and age for metrics: waiting, parked, oldest_ms (0: none; waits for a resident do not count), held,
    held_oldest_ms."""
    w = t.work.c
    age = func.min(case((w.reason != AWAITED, w.created_ms)))
    depth = select(w.state, func.count(), age).group_by(w.state)
    states = {state: (count, oldest or 0) for state, count, oldest in tx.execute(depth)}
    back = tx.execute(select(func.count(), func.min(t.held.c.at_ms))).one()
    waiting, parked = states.get(WAITING, (0, 0)), states.get(PARKED, (0, 0))
    return {
        "waiting": waiting[0],
        "oldest_ms": waiting[1],
        "parked": parked[0],
        "held": back[0],
        "held_oldest_ms": back[1] or 0,
    }


def body_of(tx: Tx, message_id: str) -> bytes | None:
    """The signed message of a task; None when the task is done or dropped."""
    query = select(t.work.c.case_id, t.work.c.body).where(t.work.c.message_id == message_id)
    found = encryption_of(tx).decrypt(tx, [row._mapping for row in tx.execute(query)])
    return found[0]["body"] if found else None


def state_of(tx: Tx, message_id: str) -> str | None:
    """Whether a task waits or is parked; None when it is done or dropped."""
    found: str | None = tx.execute(select(t.work.c.state).where(t.work.c.message_id == message_id)).scalar()
    return found


def waiting(tx: Tx) -> set[str]:
    """The messages whose task waits."""
    return set(tx.execute(select(t.work.c.message_id).where(t.work.c.state == WAITING)).scalars())


def verdict_changed(tx: Tx, message_id: str, verdict: str, now_ms: int) -> None:
    """Change the remembered verdict of a message."""
    applied = update(t.applied).where(t.applied.c.message_id == message_id)
    tx.execute(applied.values(verdict=verdict, code=None, at_ms=now_ms))


def applied_messages(tx: Tx) -> list[str]:
    """The id of every message that was applied or refused; an id listed twice was applied twice."""
    return list(tx.execute(select(t.applied.c.message_id)).scalars())
