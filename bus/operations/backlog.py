"""The operator's backlog: everything parked, and messages without a receipt for too long. No bodies."""

from datetime import datetime
from typing import Any

from bus.pipeline.no_key import NoKey
from bus.store import inbox, outbox, parked, parked_marks
from bus.store.database import Tx
from bus.store.parked_marks import ParkedMark
from bus.store.timestamps import ms

SHOWN = 1000
"""Most items of each kind that are shown."""
OUTBOX = "outbox"
"""The place of overdue messages, which are not parked."""


def backlog(tx: Tx, me: str, now: datetime, overdue_after: float, limit: int | None = SHOWN) -> list[dict[str, Any]]:
    """Parked items, oldest first, then messages without a receipt for ``overdue_after`` seconds; no bodies.

    Of each the first ``limit``, or all. ``state`` is ``waiting`` for items that move by themselves: replayed tasks and
    overdue messages. What persons have written beside an item is shown with it."""
    moving, marks = inbox.waiting(tx), parked_marks.of_all(tx)
    rows = [
        dict(row)
        | {"state": "waiting" if row["place"] == parked.DESK and row["message_id"] in moving else "parked"}
        | _beside(marks.get(row["id"]))
        for row in parked.listed(tx, limit)
    ]
    since_ms = ms(now) - int(overdue_after * 1000)
    return rows + [_overdue(row, me) for row in outbox.overdue(tx, since_ms, limit)]


def _beside(mark: ParkedMark | None) -> dict[str, Any]:
    return {} if mark is None else {"held_by": mark.held_by, "note": mark.note}


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
