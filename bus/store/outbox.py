"""Queries of the outbox: messages without a receipt.

Rows are claimed by state and due time, never by "id greater than": an id that commits late would be skipped.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, NamedTuple, Self

from sqlalchemy import bindparam, case, delete, func, select, update

from bus.contract.codec import digest
from bus.contract.envelope import Message, kind_of
from bus.contract.facts import FactsTold
from bus.store import archive, paused
from bus.store import tables as t
from bus.store.database import Tx
from bus.store.due import DueRows, any_due, bounds
from bus.store.encryption import encryption_of
from bus.store.inserts import insert
from bus.store.statements import Prepared, Row, among, as_list

WAITING = "waiting"
REFUSED = "refused"


class OutboxRow(NamedTuple):
    """One message without a receipt."""

    message_id: str
    recipient: str
    case_id: str
    sequence: int
    kind: str
    body: bytes
    digest: bytes | None
    """The digest that its recipient vouches for; rows of the first program have none."""
    state: str
    attempts: int
    next_ms: int
    created_ms: int
    trouble: str = ""
    number: int = 0
    """Its number in the store; 0: not stored yet."""

    @classmethod
    def of(cls, message: Message[Any], body: bytes, now_ms: int) -> Self:
        """The row of a new message, encoded as ``body``."""
        return cls(
            str(message.id),
            message.recipient,
            str(message.subject),
            message.sequence,
            kind_of(message),
            body,
            digest(body),
            WAITING,
            0,
            now_ms,
            now_ms,
        )

    def said_anew(self, message: Message[Any], body: bytes, now_ms: int) -> Self:
        """The same row with ``message``, due from attempt 0."""
        return self.reworded(message, body)._replace(state=WAITING, attempts=0, next_ms=now_ms, trouble="")

    def reworded(self, message: Message[Any], body: bytes) -> Self:
        """The same row with another id, sequence and body."""
        return self._replace(message_id=str(message.id), sequence=message.sequence, body=body, digest=digest(body))


@dataclass(frozen=True, slots=True)
class ClaimedMessage:
    """A message that is due, leased to this process."""

    row: int
    message_id: str
    recipient: str
    kind: str
    body: bytes
    attempts: int


def enqueue(tx: Tx, rows: Sequence[OutboxRow]) -> None:
    """Put messages into the outbox."""
    insert(tx, t.outbox, encryption_of(tx).encrypted(tx, rows))


_O = t.outbox.c
_DUE = select(_O.case_id, _O.id, _O.message_id, _O.recipient, _O.kind, _O.body, _O.attempts).where(_O.state == WAITING)
_CLAIM = DueRows(t.outbox, _DUE)
_CLAIM_PAUSED = DueRows(t.outbox, _DUE.where(paused.flows(_O.recipient, _O.kind)))
_LEASE = Prepared(lambda _: update(t.outbox).where(among("ids", _O.id)).values(next_ms=bindparam("until_ms")))
_SENT = Prepared(
    lambda _: (
        update(t.outbox)
        .where(_O.id == bindparam("row"), _O.state == WAITING)  # its refusal may have come before this note
        .values(next_ms=bindparam("until_ms"), trouble=bindparam("why"), attempts=_O.attempts + 1)
    )
)


@dataclass(frozen=True, slots=True)
class Due:
    """The kinds of thing that are due to be sent."""

    messages: bool
    receipts: bool
    errors: bool
    pages: bool
    paused: bool
    """Whether a person has paused anything."""


_LOOK = Prepared(
    lambda _: select(
        *bounds(t.outbox, _O.state == WAITING),
        *bounds(t.receipts),
        *bounds(t.errors),
        *bounds(t.pages_owed),
        paused.anything(),
    )
)


def what_is_due(tx: Tx, now_ms: int) -> Due:
    """What is due, in one query: most rounds find little, and need not ask for each kind."""
    *found, stopped = _LOOK.rows(tx)[0]
    due = (any_due(found[place], found[place + 1], now_ms) for place in range(0, len(found), 2))
    messages, receipts, errors, pages = due
    return Due(messages, receipts, errors, pages, bool(stopped))


def claim(tx: Tx, now_ms: int, limit: int, lease_ms: int, *, some_paused: bool = False) -> list[ClaimedMessage]:
    """Claim up to ``limit`` due messages in the order in which they were said; for ``lease_ms`` no other relay takes
    them, and none of a paused peer or kind where ``some_paused``. A message that was altered in the store comes without
    its body."""
    found = (_CLAIM_PAUSED if some_paused else _CLAIM).rows(tx, now_ms, limit)
    bodies = encryption_of(tx).readable(tx, [(row[0], row[5]) for row in found])
    claimed = (_claimed(row, body or b"") for row, body in zip(found, bodies, strict=True))
    rows = sorted(claimed, key=attrgetter("row"))
    if rows:
        _LEASE.run(tx, until_ms=now_ms + lease_ms, ids=as_list(row.row for row in rows))
    return rows


def _claimed(row: Row, body: bytes) -> ClaimedMessage:
    _, number, message_id, recipient, kind, _, attempts = row
    return ClaimedMessage(number, message_id, recipient, kind, body, attempts)


_IN_LANE = Prepared(
    lambda _: (
        select(func.count())
        .select_from(t.outbox)
        .where(_O.case_id == bindparam("case_id"), _O.recipient == bindparam("peer"), _O.state == WAITING)
    )
)


def waiting_in(tx: Tx, peer: str, case_id: str) -> int:
    """How many messages of this lane have no receipt."""
    return int(_IN_LANE.rows(tx, peer=peer, case_id=case_id)[0][0])


def set_aside(tx: Tx, row: int, code: str) -> None:
    """Stop sending this message until an operator has looked at it."""
    tx.execute(update(t.outbox).where(_O.id == row).values(state=REFUSED, trouble=code))


def sent(tx: Tx, rows: Iterable[tuple[int, int, str]]) -> None:
    """Record attempts: (row, due again at, trouble). A row stays until its receipt comes; one that is already refused
    stays as it is."""
    _SENT.each(tx, ({"row": row, "until_ms": until_ms, "why": why} for row, until_ms, why in rows))


_DONE = Prepared(lambda _: delete(t.outbox).where(among("messages", _O.message_id), _O.recipient == bindparam("peer")))
_REFUSE = Prepared(
    lambda _: (
        update(t.outbox)
        .where(_O.message_id == bindparam("message"), _O.recipient == bindparam("peer"), _O.state == WAITING)
        .values(state=REFUSED, trouble=bindparam("why"))
    )
)


def receipted(tx: Tx, peer: str, done: Sequence[str], refused: Sequence[tuple[str, str]]) -> int:
    """Settle the messages that ``peer`` has receipted: applied ones are deleted (after ``archive.keep_said``), refused
    ones (id, code) stay for the operator. Returns how many were still waiting. Receipts for messages to other peers
    have no effect."""
    count = _DONE.run(tx, messages=as_list(done), peer=peer) if done else 0
    return count + sum(_REFUSE.run(tx, message=message_id, peer=peer, why=code) for message_id, code in refused)


_DIGESTS = Prepared(
    lambda _: select(_O.message_id, _O.digest).where(
        among("messages", _O.message_id), _O.recipient == bindparam("peer")
    )
)


def digests(tx: Tx, peer: str, message_ids: Sequence[str]) -> dict[str, bytes | None]:
    """The SHA-256 of each waiting message to ``peer``, where it is known."""
    found = _DIGESTS.rows(tx, messages=as_list(message_ids), peer=peer) if message_ids else ()
    return {row[0]: row[1] for row in found}


_ROW = select(*(_O["id" if name == "number" else name] for name in OutboxRow._fields))


def waiting(tx: Tx, message_ids: Sequence[str]) -> list[OutboxRow]:
    """The outbox rows of these messages."""
    rows = [OutboxRow(*row) for row in tx.execute(_ROW.where(_O.message_id.in_(message_ids)))]
    bodies = encryption_of(tx).decrypted(tx, [(row.case_id, row.body) for row in rows])
    return [row._replace(body=body) for row, body in zip(rows, bodies, strict=True)]


def readable(tx: Tx) -> list[OutboxRow]:
    """The waiting rows, oldest first; those altered in the store are left out."""
    rows = [OutboxRow(*row) for row in tx.execute(_ROW.where(_O.state == WAITING).order_by(_O.id))]
    bodies = encryption_of(tx).readable(tx, [(row.case_id, row.body) for row in rows])
    return [row._replace(body=body) for row, body in zip(rows, bodies, strict=True) if body]


def change(tx: Tx, row: OutboxRow) -> None:
    """Replace the row with the same number."""
    (hidden,) = encryption_of(tx).encrypted(tx, [row])
    values = {name: value for name, value in hidden._asdict().items() if name != "number"}
    tx.execute(update(t.outbox).where(_O.id == row.number).values(**values))


def free_claims(tx: Tx, now_ms: int) -> None:
    """Make rows due that were never marked as sent: a dead process had claimed them, or was about to."""
    never_sent = (t.outbox.c.state == WAITING) & (t.outbox.c.attempts == 0)
    tx.execute(update(t.outbox).where(never_sent, t.outbox.c.next_ms > now_ms).values(next_ms=now_ms))
    for table in (t.receipts, t.errors, t.pages_owed):
        tx.execute(update(table).where(table.c.next_ms > now_ms).values(next_ms=now_ms))


def resend(tx: Tx, message_id: str, now_ms: int) -> bool:
    """Make one message due now, from attempt 0, also a refused one. False if it is not in the outbox."""
    query = update(t.outbox).where(t.outbox.c.message_id == message_id)
    return tx.execute(query.values(state=WAITING, attempts=0, next_ms=now_ms)).rowcount == 1


def drop(tx: Tx, message_id: str, now_ms: int) -> bool:
    """Stop sending one message for good: an operator's decision. False if it is not in the outbox. The archive keeps
    it, because a refused message keeps its place in the lane."""
    row = tx.execute(
        select(t.outbox.c.recipient, t.outbox.c.trouble).where(t.outbox.c.message_id == message_id)
    ).first()
    if row is not None:
        archive.keep_said(tx, row.recipient, [message_id], REFUSED, now_ms, row.trouble)
    return tx.execute(delete(t.outbox).where(t.outbox.c.message_id == message_id)).rowcount == 1


def figures(tx: Tx) -> dict[str, int]:
    """Depth and age for metrics: waiting, refused, attempted (receipts outstanding), owed receipts, oldest_ms.

    Facts are counted apart (``bus/store/facts.py``): a ledger that is away delays no case."""
    o = t.outbox.c
    row = tx.execute(
        select(
            func.count(case((o.state == WAITING, 1))),
            func.count(case((o.state == REFUSED, 1))),
            func.count(case(((o.state == WAITING) & (o.attempts > 0), 1))),
            func.coalesce(func.min(case((o.state == WAITING, o.created_ms))), 0),
        ).where(o.kind != FactsTold.kind)
    ).one()
    owed = tx.execute(select(func.count()).select_from(t.receipts)).scalar_one()
    return {"waiting": row[0], "refused": row[1], "attempted": row[2], "oldest_ms": row[3], "receipts_owed": owed}


def get(tx: Tx, row: int) -> OutboxRow | None:
    """One row with its stored body."""
    found = tx.execute(_ROW.where(_O.id == row)).one_or_none()
    return OutboxRow(*found) if found else None


def case_of(tx: Tx, row: int) -> str | None:
    """The case of one row."""
    found: str | None = tx.execute(select(_O.case_id).where(_O.id == row)).scalar()
    return found


def body_of(tx: Tx, message_id: str) -> bytes | None:
    """The signed message; None when it is receipted or dropped."""
    query = select(t.outbox.c.case_id, t.outbox.c.body).where(t.outbox.c.message_id == message_id)
    found = encryption_of(tx).decrypt(tx, [row._mapping for row in tx.execute(query)])
    return found[0]["body"] if found else None


def overdue(tx: Tx, since_ms: int, limit: int | None) -> list[OutboxRow]:
    """Messages without a receipt since before ``since_ms``, in their order, with their stored bodies."""
    late = _ROW.where(_O.state == WAITING, _O.created_ms <= since_ms).order_by(_O.id).limit(limit)
    return [OutboxRow(*row) for row in tx.execute(late)]
