"""What persons on duty see: labels, ages and counts. Nothing of a resident."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from bus.contract.short_number import short_number
from bus.contract.staff_command import Matching
from bus.operations.backlog import SHOWN, backlog
from bus.operations.redacted import envelope, redacted
from bus.operations.replay import find
from bus.security.staff import told_name
from bus.store import early_forms, operations, parked, paused, stuck
from bus.store.case_lists import kept_for_strangers, open_by_holder, overdue
from bus.store.database import Tx
from bus.store.operations import Operation
from bus.store.parked import ParkedItem
from bus.store.timestamps import ms
from bus.store.waiting import PeerLoad, by_peer, oldest_cases

OVERDUE_AFTER = 600.0
"""Seconds without a receipt after which a message is listed."""
MOST_OPERATIONS = 100
LOOKED_AT = 20
"""Operations that a console is told in each look."""
MOST_ITEMS = 100
"""Items of an operation that are shown."""
_BYTES = ("body", "first_ms", "last_ms", "number")


def waiting(tx: Tx, me: str) -> Iterator[dict[str, Any]]:
    """Open cases by holder, those of them that a route led to nobody, then waiting items by peer, then parked items."""
    oldest = {key: short_number(case_id) for key, case_id in oldest_cases(tx).items()}
    held = [PeerLoad("open", *one) for one in open_by_holder(tx)]
    stranded = [PeerLoad("routed-to-nobody", *one) for one in kept_for_strangers(tx, me)]
    for load in (*held, *stranded, *by_peer(tx)):
        case = oldest.get((load.place, load.peer), "")
        yield {
            "place": load.place,
            "peer": load.peer,
            "count": load.size,
            "oldest_ms": load.oldest_ms,
            "oldest_case": case,
        }
    early, since_ms = early_forms.figures(tx)
    if early:
        yield {"place": "early-forms", "peer": "", "count": early, "oldest_ms": since_ms, "oldest_case": ""}
    figures = parked.figures(tx)
    if count := sum(figures[place] for place in parked.PLACES):
        yield {"place": "parked", "peer": "", "count": count, "oldest_ms": figures["oldest_ms"], "oldest_case": ""}


def listed(tx: Tx, me: str, wanted: Matching | None, now: datetime) -> dict[str, Any]:
    """The parked items, the overdue messages, the operations and the pauses. Of a selection all that fit are looked
    through, and the first are shown."""
    found = backlog(tx, me, now, OVERDUE_AFTER, SHOWN if wanted is None else None)
    return {
        "items": [one for one in found if _fits(one, wanted)][:SHOWN],
        "operations": [told(tx, one) for one in operations.listed(tx, MOST_OPERATIONS)],
        "paused": [one._asdict() for one in paused.listed(tx)],
    }


def _fits(row: dict[str, Any], wanted: Matching | None) -> bool:
    if wanted is None:
        return True
    asked = {"place": wanted.place, "code": wanted.code, "peer": wanted.peer}
    case = str(wanted.case) if wanted.case else None
    return all(value is None or (row[name] or "") == value for name, value in (asked | {"case_id": case}).items())


def looked(tx: Tx, me: str, now: datetime) -> dict[str, Any]:
    """What a console shows of a center: what is stuck in groups, what waits, the last operations, and the pauses."""
    late, since_ms = overdue(tx, ms(now))
    return {
        "groups": [one._asdict() for one in stuck.groups(tx, ms(now - timedelta(seconds=OVERDUE_AFTER)))],
        "waiting": list(waiting(tx, me)),
        "overdue": {"count": late, "oldest_ms": since_ms},
        "operations": [told(tx, one) for one in operations.listed(tx, LOOKED_AT)],
        "paused": [one._asdict() for one in paused.listed(tx)],
    }


def shown(tx: Tx, number: int) -> dict[str, Any]:
    """One parked item: its labels, its envelope, and the names of its fields. Raises ``NotParked``."""
    return labels(find(tx, number))


def labels(item: ParkedItem) -> dict[str, Any]:
    """What may be seen of a parked item by everybody on duty."""
    body = item.body or b""
    told = {"id": item.number} | {name: value for name, value in item._asdict().items() if name not in _BYTES}
    return told | {"bytes": len(body), "envelope": envelope(body), "fields": redacted(body)}


def told(tx: Tx, operation: Operation) -> dict[str, Any]:
    """How far an operation is."""
    first, what = operation.run_by, json.loads(operation.what)
    made_by, run_by = (what.pop(name, "") for name in operations.PERSONS)
    return {
        "id": operation.id, "act": operation.act, "state": operation.state,
        "made_by": told_name(operation.made_by, made_by), "run_by": told_name(first, run_by) if first else None,
        "why": operation.why, "what": what,
        "size": operation.size, "done": operation.done,
        "parked_again": operation.again + operations.parked_since(tx, operation.id),
        "refused": operation.refused, "code": operation.code, "digest": operation.digest.hex(),
        "made_ms": operation.made_ms, "changed_ms": operation.changed_ms,
    }  # fmt: skip


def in_full(tx: Tx, operation: Operation) -> dict[str, Any]:
    """The same, with what became of its first items."""
    found = operations.items(tx, operation.id, MOST_ITEMS)
    items = [{"item": one.item, "outcome": one.outcome, "code": one.code} for one in found]
    return told(tx, operation) | {"items": items}
