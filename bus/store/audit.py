"""Queries of the auditor: what the ledger has been told of a case, and by whom how far.

What a round costs follows from what has happened since the last one, not from how many cases there are. Cases that were
told of are rows of their own, written with the facts: an id that commits late would be skipped by "id greater than".
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import zip_longest
from typing import NamedTuple

from sqlalchemy import BigInteger, Integer, String, bindparam, delete, func, select, update

from bus.audit import CaseView, ClockSample, Reused, Teller, next_date
from bus.contract.facts import FactsTold, lane_of
from bus.store import parked
from bus.store import tables as t
from bus.store.database import Tx
from bus.store.inserts import insert, upsert
from bus.store.statements import Prepared, among, as_list
from bus.store.timestamps import ms

LEAST = 20
"""Cases that each center has looked at in one round, if it has told of so many."""
MOST_AGAIN = 5000
"""Rows of these cases that one look does for: their ids go into one statement."""
SLOT = 0
REUSED = "sequence-reused"
"""The code under which the ledger parks a message whose place in the lane is taken."""
_T, _F, _S, _C, _A, _M, _P = (
    table.c
    for table in (
        t.audit_touched,
        t.ledger_facts,
        t.ledger_states,
        t.ledger_centers,
        t.audit_centers,
        t.audit_mark,
        t.parked,
    )
)


class Touched(NamedTuple):
    """A case of which something was told."""

    id: int
    case_id: str


class Mark(NamedTuple):
    """Where the auditor stands."""

    seen_ms: int = 0
    """When it looked last; 0: never."""
    back_ms: int = 0
    """When it was back after a downtime."""
    swept: str = ""
    """The last case of its slow walk over all of them."""
    slot: int = SLOT


class _Center(NamedTuple):
    center: str
    first: int
    first_ms: int
    reached_ms: int


_KNOWN = Prepared(lambda _: select(*_A).where(_A.center == bindparam("center")))
_LAST_FACT = Prepared(lambda _: select(func.coalesce(func.max(_F.id), 0)))


def heard(tx: Tx, center: str, told: FactsTold, *, anew: bool, now_ms: int) -> None:
    """Note what a message of facts tells the auditor, in the transaction that keeps it. ``anew``: what the center told
    before may be incomplete, or forgotten."""
    cases = {str(one.case_id) for one in told.facts} | {str(one.case_id) for one in told.states}
    insert(tx, t.audit_touched, [{"center": center, "case_id": case_id} for case_id in sorted(cases)])
    found = _KNOWN.rows(tx, center=center)
    known = _Center(*found[0]) if found else _Center(center, 0, 0, 0)
    if anew:
        first = int(_LAST_FACT.rows(tx)[0][0]) + 1 - len(told.facts)
        known = known._replace(first=first, first_ms=now_ms)
    reached = max((ms(one.at) for one in told.facts), default=0)
    # the latest word, and not the greatest moment: a clock that was ahead is set back
    upsert(tx, t.audit_centers, [known._replace(reached_ms=reached or known.reached_ms)])


# -- what to look at -----------------------------------------------------------------------------------------------

_TOUCHED = Prepared(
    lambda _: (
        select(_T.id, _T.case_id)
        .where(_T.id > 0)
        .order_by(_T.id)
        .limit(bindparam("at_most", type_=Integer))
        .with_for_update(skip_locked=True)
    )
)
_TOUCHED_BY = Prepared(
    lambda _: (
        select(_T.id, _T.case_id)
        .where(_T.center == bindparam("center", type_=String))
        .order_by(_T.id)
        .limit(bindparam("at_most", type_=Integer))
        .with_for_update(skip_locked=True)
    )
)
_AGAIN = Prepared(
    lambda _: (
        select(_T.id, _T.case_id)
        .where(among("cases", _T.case_id))
        .order_by(_T.id)
        .limit(MOST_AGAIN)
        .with_for_update(skip_locked=True)
    )
)
_FORGET = Prepared(lambda _: delete(t.audit_touched).where(among("numbers", _T.id)))
_SWEEP = Prepared(
    lambda _: (
        select(_S.case_id)
        .where(_S.case_id > bindparam("after", type_=String))
        .distinct()
        .order_by(_S.case_id)
        .limit(bindparam("at_most", type_=Integer))
    )
)
_MARK = Prepared(lambda _: select(_M.seen_ms, _M.back_ms, _M.swept).where(_M.slot == SLOT))


def touched(tx: Tx, centers: Collection[str], at_most: int) -> list[Touched]:
    """Cases that were told of and not looked at yet, locked: of each center its oldest, so that nobody waits behind one
    that tells of very many; then the oldest of all."""
    each = max(LEAST, at_most // max(1, len(centers)))
    oldest = [Touched(*row) for row in _TOUCHED.rows(tx, at_most=at_most)]
    if len(oldest) < at_most:
        return oldest
    of_each = [[Touched(*row) for row in _TOUCHED_BY.rows(tx, center=one, at_most=each)] for one in sorted(centers)]
    in_turn = [row for rows in zip_longest(*of_each) for row in rows if row is not None]
    return list(dict.fromkeys([*in_turn, *oldest]))[:at_most]


def told_again(tx: Tx, rows: Sequence[Touched]) -> list[Touched]:
    """The same cases, told of again since: one look does for all of it, so an auditor that is behind catches up."""
    cases = as_list(dict.fromkeys(row.case_id for row in rows))
    return [Touched(*row) for row in _AGAIN.rows(tx, cases=cases)] if rows else []


def looked_at(tx: Tx, rows: Sequence[Touched]) -> None:
    """These were looked at."""
    if rows:
        _FORGET.run(tx, numbers=as_list(row.id for row in rows))


def cases_after(tx: Tx, case_id: str, at_most: int) -> list[str]:
    """The next cases, by id."""
    return [row[0] for row in _SWEEP.rows(tx, after=case_id, at_most=at_most)]


_DATED = Prepared(
    lambda _: (
        select(_S.center, _S.case_id)
        .where(_S.look_ms <= bindparam("now_ms", type_=BigInteger))
        .order_by(_S.look_ms)
        .limit(bindparam("at_most", type_=Integer))
    )
)
_DATE = Prepared(
    lambda _: (
        update(t.ledger_states)
        .where(_S.center == bindparam("of"), _S.case_id == bindparam("case"), _S.look_ms <= bindparam("now"))
        .values(look_ms=bindparam("next"))
    )
)


def dated(tx: Tx, now_ms: int, at_most: int) -> list[str]:
    """The cases in which a date is over since they were looked at."""
    return [row[1] for row in _DATED.rows(tx, now_ms=now_ms, at_most=at_most)]


def keep_dates(tx: Tx, looked: Iterable[CaseView], now_ms: int) -> None:
    """Note when the next date in these cases is over."""
    rows = (
        {"of": state.center, "case": view.case_id, "now": now_ms, "next": next_date(state, now_ms)}
        for view in looked
        for state in view.states
    )
    _DATE.each(tx, rows)


def mark(tx: Tx) -> Mark:
    """Where the auditor stands."""
    rows = _MARK.rows(tx)
    return Mark(*rows[0]) if rows else Mark()


def keep_mark(tx: Tx, now: Mark) -> None:
    """Keep where the auditor stands."""
    upsert(tx, t.audit_mark, [now])


# -- what was told -------------------------------------------------------------------------------------------------


def tellers(tx: Tx) -> dict[str, Teller]:
    """How far each center has told."""
    query = select(_C.center, _C.told_ms, _A.reached_ms, _A.first, _A.first_ms, _C.why.is_(None)).join(
        t.audit_centers, _A.center == _C.center
    )
    rows = tx.execute(query)
    return {
        center: Teller(told, reached, first, since, bool(known)) for center, told, reached, first, since, known in rows
    }


# -- centers -------------------------------------------------------------------------------------------------------


def samples(tx: Tx) -> list[ClockSample]:
    """The latest sample of each two centers."""
    query = select(*(getattr(t.audit_clocks.c, name) for name in ClockSample._fields))
    return [ClockSample(*row) for row in tx.execute(query)]


def keep_samples(tx: Tx, found: Iterable[ClockSample]) -> None:
    """Keep these samples where they are later than those that are kept."""
    newest: dict[tuple[str, str], ClockSample] = {}
    for one in sorted(found, key=lambda one: one.number):
        newest[one.ahead, one.behind] = one
    if newest:
        kept = {(one.ahead, one.behind): one.number for one in samples(tx)}
        upsert(tx, t.audit_clocks, [one for pair, one in newest.items() if one.number > kept.get(pair, 0)])


def reused(tx: Tx, known: Mapping[str, Teller]) -> list[Reused]:
    """The centers of which the ledger has parked facts at a place of the lane that is taken, and that have not begun a
    new epoch since."""
    lanes = as_list(str(lane_of(center)) for center in known)
    query = select(_P.peer, func.min(_P.first_ms), func.min(_P.message_id), func.max(_P.last_ms)).where(
        _P.place == parked.WIRE, _P.code == REUSED, among("lanes", _P.case_id)
    )
    rows = tx.execute(query.group_by(_P.peer), {"lanes": lanes})
    return [
        Reused(center, at_ms, message)
        for center, at_ms, message, last_ms in rows
        if center in known and last_ms >= known[center].first_ms
    ]
