"""Queries of all lanes to one center: the messages that wait in them, their last outcomes, and their end."""

from collections.abc import Sequence

from sqlalchemy import delete, select

from bus.store import archive
from bus.store import tables as t
from bus.store.database import Tx
from bus.store.outbox import WAITING

_O = t.outbox.c
AT_ONCE = 500
"""Messages in one statement."""


def recipients(tx: Tx) -> list[str]:
    """Centers with waiting messages."""
    query = select(_O.recipient).where(_O.state == WAITING).distinct().order_by(_O.recipient)
    return list(tx.execute(query).scalars())


def waiting_for(tx: Tx, center: str) -> list[tuple[str, str]]:
    """(message id, case) of each waiting message to ``center``, in order."""
    query = select(_O.message_id, _O.case_id).where(_O.recipient == center, _O.state == WAITING).order_by(_O.id)
    return [(message_id, case_id) for message_id, case_id in tx.execute(query)]


def troubles(tx: Tx, center: str) -> set[str]:
    """The outcomes of the last attempts at ``center``, for waiting messages that were sent at least once."""
    query = select(_O.trouble).where(_O.recipient == center, _O.state == WAITING, _O.attempts > 0).distinct()
    return set(tx.execute(query).scalars())


def has_spoken(tx: Tx, center: str) -> bool:
    """Whether any message or receipt of ``center`` is on record here."""
    spoken = select(t.applied.c.peer).where(t.applied.c.peer == center).limit(1)
    receipted = select(t.archive.c.peer).where(t.archive.c.peer == center, t.archive.c.verdict != REFUSED_BY_NOBODY)
    return tx.execute(spoken).first() is not None or tx.execute(receipted.limit(1)).first() is not None


REFUSED_BY_NOBODY = "refused"
"""The archive's verdict on a message that an operator gave up."""


def end(tx: Tx, center: str, message_ids: Sequence[str], code: str, now_ms: int) -> None:
    """Stop sending these messages for good. The archive keeps them: each has its place in the lane all the same."""
    for start in range(0, len(message_ids), AT_ONCE):
        part = message_ids[start : start + AT_ONCE]
        archive.keep_said(tx, center, part, REFUSED_BY_NOBODY, now_ms, code)
        tx.execute(delete(t.outbox).where(_O.recipient == center, _O.message_id.in_(part)))
