"""Queries of the clocks: when each case is looked at next, and what the clocks remember of themselves."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Integer,
    String,
    and_,
    bindparam,
    delete,
    exists,
    func,
    literal_column,
    or_,
    select,
    update,
)

from bus.custody import Status
from bus.store import outbox
from bus.store import tables as t
from bus.store.database import Tx
from bus.store.inserts import dialect_insert, upsert
from bus.store.statements import Prepared, among, as_list

SLOT = 0
"""The one row of the clocks' memory."""
MOST_COUNTED = 100_000
"""Due timers beyond so many are not counted."""
LIVES_ON_MS = 60 * 86_400_000
"""How long after its last change a closed case may still wait for something: a rating, a call back, a new round."""
_T, _S, _C, _K, _O = t.timers.c, t.clock_state.c, t.cases.c, t.case_keys.c, t.outbox.c


class TimerRow(NamedTuple):
    """One case, and when it is looked at next."""

    case_id: str
    next_ms: int


class ClockState(NamedTuple):
    """What the clocks remember of themselves."""

    seen_ms: int
    """When they ran last."""
    digest: str = ""
    """The rules by which all timers were set; empty: every case is looked at again."""
    back_ms: int = 0
    """Since when they catch up after a downtime; 0: they do not."""
    away_ms: int = 0
    """How long that downtime was."""
    goes: int = 0
    """How often an operator has said go."""


class TimerFigures(NamedTuple):
    """How many cases wait for a look."""

    due: int
    oldest_ms: int
    """Since when the oldest of them waits; 0: none waits."""


# -- timers ----------------------------------------------------------------------------------------------------------

_DUE = Prepared(
    lambda _: (
        select(_T.case_id)
        .where(_T.next_ms <= bindparam("now_ms", type_=BigInteger))
        .order_by(_T.next_ms)
        .limit(bindparam("at_most", type_=Integer))
    )
)
_ONE = Prepared(lambda _: select(_T.next_ms).where(_T.case_id == bindparam("case_id")))
_FORGET = Prepared(lambda _: delete(t.timers).where(among("ids", _T.case_id)))
_FIGURES = Prepared(
    lambda _: select(func.count(), func.min(literal_column("found.next_ms"))).select_from(
        select(_T.next_ms)
        .where(_T.next_ms <= bindparam("now_ms", type_=BigInteger))
        .order_by(_T.next_ms)
        .limit(bindparam("at_most", type_=Integer))
        .subquery("found")
    )
)


def due(tx: Tx, now_ms: int, at_most: int) -> list[UUID]:
    """The cases whose time has come, the longest due first. They are not locked: lock the cases, then look."""
    return [UUID(row[0]) for row in _DUE.rows(tx, now_ms=now_ms, at_most=at_most)]


def put(tx: Tx, rows: Iterable[TimerRow]) -> None:
    """Set these timers. In the order of the cases, so that two writers never wait for each other."""
    upsert(tx, t.timers, sorted(rows))


def forget(tx: Tx, case_ids: Iterable[str]) -> None:
    """Remove the timers of these cases."""
    gone = sorted(case_ids)
    if gone:
        _FORGET.run(tx, ids=as_list(gone))


def of_case(tx: Tx, case_id: UUID) -> int | None:
    """When the case is looked at next; None: it has no timer."""
    found = _ONE.rows(tx, case_id=str(case_id))
    return int(found[0][0]) if found else None


def figures(tx: Tx, now_ms: int) -> TimerFigures:
    """How many timers are due, counted up to ``MOST_COUNTED``."""
    count, oldest_ms = _FIGURES.rows(tx, now_ms=now_ms, at_most=MOST_COUNTED)[0]
    return TimerFigures(int(count), int(oldest_ms or 0))


# -- all timers anew ---------------------------------------------------------------------------------------------------

_ERASED = exists().where(_K.case_id == _C.case_id, _K.erased_ms.is_not(None), _K.erased_ms >= _C.changed_ms)
_WATCHED = Prepared(
    lambda _: (
        select(_C.case_id)
        .where(
            _C.case_id > bindparam("after", type_=String),
            or_(
                _C.status != Status.CLOSED.value,
                and_(
                    _C.origin == bindparam("me", type_=String),
                    _C.changed_ms >= bindparam("since_ms", type_=BigInteger),
                    ~_ERASED,
                ),
            ),
        )
        .order_by(_C.case_id)
        .limit(bindparam("at_most", type_=Integer))
    )
)


def look_at_all(tx: Tx, me: str, now_ms: int, after: str, at_most: int) -> str | None:
    """Make the next cases due that the clocks must look at, in the order of their ids, behind ``after``. Returns the
    last of them; None: there are no more."""
    since_ms = now_ms - LIVES_ON_MS
    found = [row[0] for row in _WATCHED.rows(tx, after=after, me=me, since_ms=since_ms, at_most=at_most)]
    put(tx, [TimerRow(case_id, now_ms) for case_id in found])
    return found[-1] if len(found) == at_most else None


# -- the clocks' memory ----------------------------------------------------------------------------------------------


def state(tx: Tx) -> ClockState | None:
    """What the clocks remember; None: they have never been on, or were off since."""
    found = tx.execute(select(t.clock_state).where(_S.slot == SLOT)).one_or_none()
    return ClockState(*found[1:]) if found else None


def keep_state(tx: Tx, known: ClockState) -> None:
    """Remember this, but never take back an operator's go, or the wish that all cases are looked at again."""
    new = dialect_insert(t.clock_state, tx.dialect.name).values({"slot": SLOT, **known._asdict()})
    changed = {name: new.excluded[name] for name in ("seen_ms", "back_ms", "away_ms")}
    tx.execute(new.on_conflict_do_update(index_elements=["slot"], set_=changed))


def all_looked_at(tx: Tx, digest: str, before: str) -> None:
    """Note by which rules all timers are set, unless another wish came since ``before`` was read."""
    tx.execute(update(t.clock_state).where(_S.slot == SLOT, _S.digest == before).values(digest=digest))


def recount(tx: Tx) -> bool:
    """Let every case be looked at again. False: the clocks are off."""
    return tx.execute(update(t.clock_state).where(_S.slot == SLOT).values(digest="")).rowcount == 1


def go(tx: Tx) -> bool:
    """An operator says that the clock is right and nothing shall wait: every case is looked at again. False: the clocks
    are off."""
    said = update(t.clock_state).where(_S.slot == SLOT).values(goes=_S.goes + 1, digest="")
    return tx.execute(said).rowcount == 1


def switched_off(tx: Tx) -> None:
    """Forget the memory: cases that change from now on get no timer, so all are looked at when the clocks are on."""
    if state(tx) is not None:
        tx.execute(delete(t.clock_state))


# -- who cannot be reached -------------------------------------------------------------------------------------------

_ON_THE_ROAD = Prepared(
    lambda _: (
        select(_O.case_id, _O.recipient)
        .where(
            among("ids", _O.case_id),
            _O.state == outbox.WAITING,
            _O.created_ms <= bindparam("since_ms", type_=BigInteger),
        )
        .distinct()
    )
)


def on_the_road(tx: Tx, case_ids: Sequence[UUID], since_ms: int) -> set[tuple[UUID, str]]:
    """Case and center, where a message from ``since_ms`` or before has no receipt: the center does not know yet."""
    if not case_ids:
        return set()
    found = _ON_THE_ROAD.rows(tx, ids=as_list(str(one) for one in case_ids), since_ms=since_ms)
    return {(UUID(case_id), recipient) for case_id, recipient in found}
