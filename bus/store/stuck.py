"""Queries of what is stuck, in groups: by place, code and peer."""

from typing import NamedTuple

from sqlalchemy import Select, distinct, func, literal, select

from bus.store import tables as t
from bus.store.database import Tx
from bus.store.outbox import WAITING

OUTBOX = "outbox"
"""The place of messages without a receipt, which are not parked."""
NO_RECEIPT = "no-receipt"
MOST_GROUPS = 200
_P, _O = t.parked.c, t.outbox.c


class StuckGroup(NamedTuple):
    """Items that are stuck for the same reason."""

    place: str
    code: str
    peer: str
    size: int
    cases: int
    oldest_ms: int
    owners: int
    """How many see to them; of one its name stands in ``owner``."""
    owner: str


class StuckItem(NamedTuple):
    """One item that is stuck: labels alone."""

    item: str
    """Its number; of a message without a receipt with ``o`` before it."""
    place: str
    code: str
    peer: str
    case_id: str | None
    owner: str
    times: int
    first_ms: int
    last_ms: int
    held_by: str | None = None
    note: str | None = None


def groups(tx: Tx, overdue_since_ms: int) -> list[StuckGroup]:
    """What is parked, and messages without a receipt since before ``overdue_since_ms``; the largest groups first."""
    peer = func.coalesce(_P.peer, "")
    parked = select(
        _P.place, _P.code, peer, func.count(), func.count(distinct(_P.case_id)), func.min(_P.first_ms),
        func.count(distinct(_P.owner)), func.min(_P.owner),
    ).group_by(_P.place, _P.code, peer)  # fmt: skip
    code = func.coalesce(_O.trouble, NO_RECEIPT)
    late = (_O.state == WAITING) & (_O.created_ms <= overdue_since_ms)
    each = (func.count(), func.count(distinct(_O.case_id)), func.min(_O.created_ms), literal(1), literal(""))
    overdue = select(literal(OUTBOX), code, _O.recipient, *each).where(late).group_by(code, _O.recipient)
    found = [StuckGroup(*row) for query in (parked, overdue) for row in tx.execute(query)]
    return sorted(found, key=lambda one: (-one.size, one.oldest_ms))[:MOST_GROUPS]


def items(tx: Tx, place: str, code: str, peer: str, after: int, limit: int, overdue_since_ms: int) -> list[StuckItem]:
    """The items of one group by number. ``after``: the last number of the page before."""
    if place == OUTBOX:
        return [
            StuckItem(f"o{number}", OUTBOX, code, peer, case_id, "", times, first_ms, next_ms)
            for number, case_id, times, first_ms, next_ms in tx.execute(
                _overdue(code, peer, after, limit, overdue_since_ms)
            )
        ]
    m = t.parked_marks.c
    query = (
        select(_P.id, _P.case_id, _P.owner, _P.times, _P.first_ms, _P.last_ms, m.held_by, m.note)
        .outerjoin(t.parked_marks, m.parked_id == _P.id)
        .where(_P.place == place, _P.code == code, func.coalesce(_P.peer, "") == peer, _P.id > after)
        .order_by(_P.id)
        .limit(limit)
    )
    return [
        StuckItem(str(number), place, code, peer, case_id, owner, times, first_ms, last_ms, held_by, note)
        for number, case_id, owner, times, first_ms, last_ms, held_by, note in tx.execute(query)
    ]


def _overdue(code: str, peer: str, after: int, limit: int, since_ms: int) -> Select[int, str, int, int, int]:
    return (
        select(_O.id, _O.case_id, _O.attempts, _O.created_ms, _O.next_ms)
        .where(_O.state == WAITING, _O.created_ms <= since_ms, _O.recipient == peer, _O.id > after)
        .where(func.coalesce(_O.trouble, NO_RECEIPT) == code)
        .order_by(_O.id)
        .limit(limit)
    )
