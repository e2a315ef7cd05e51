"""What an operator is shown: everything parked, and messages that wait too long for their receipt. No bodies."""

from datetime import datetime
from typing import Any

from bus.pipeline.no_key import NoKey
from bus.store import inbox, outbox, parked
from bus.store.database import Tx
from bus.store.timestamps import ms

SHOWN = 1000
"""So many of each are shown to people."""
OUTBOX = "outbox"
"""The place of what is not parked, but waits for its receipt for too long."""


def backlog(tx: Tx, me: str, now: datetime, overdue_after: float, limit: int | None = SHOWN) -> list[dict[str, Any]]:
    """What is parked, oldest first, then messages without a receipt for ``overdue_after`` seconds; no bodies. Of each
    the first ``limit``, or all.

    ``state`` tells what of it moves by itself: ``waiting`` for a desk task that was replayed and for the overdue."""
    moving = inbox.waiting(tx)
    rows = [
        dict(row) | {"state": "waiting" if row["place"] == parked.DESK and row["message_id"] in moving else "parked"}
        for row in parked.listed(tx, limit)
    ]
    since_ms = ms(now) - int(overdue_after * 1000)
    return rows + [_overdue(row, me) for row in outbox.overdue(tx, since_ms, limit)]


_OVERDUE = (
    "it is sent again and again until its recipient's receipt comes",
    "the directory lists no key to seal it with: its recipient must publish one, and the county's operator trust it",
)


def _overdue(row: outbox.OutboxRow, me: str) -> dict[str, Any]:
    return {
        "id": f"o{row.number}",
        "place": OUTBOX,
        "code": row.trouble or "no-receipt",
        "hint": _OVERDUE[row.trouble == NoKey.NO_KEY.value],
        "peer": row.recipient,
        "case_id": row.case_id,
        "message_id": row.message_id,
        "owner": me,
        "times": row.attempts,
        "first_ms": row.created_ms,
        "last_ms": row.next_ms,
        "state": "waiting",
    }
