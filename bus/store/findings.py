"""Queries of what the auditor has found: watched first, open once it has outlasted its patience, then cleared."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Integer, String, bindparam, delete, func, null, select, update

from bus.audit import MOST_CLEARED, Code, Evidence, Finding, Violation, pair_of
from bus.store import tables as t
from bus.store.database import Tx
from bus.store.inserts import insert
from bus.store.statements import Prepared, among, as_list

_F = t.findings.c
MOST_SHOWN = 8
"""Pieces of evidence that are kept of one finding: the first and the last."""


class FindingRow(NamedTuple):
    """A row that is not cleared."""

    id: int
    code: str
    subject: str
    detail: str
    center: str
    opens_ms: int
    opened_ms: int | None
    pair: str

    @property
    def key(self) -> tuple[str, str, str]:
        """As of the violation."""
        return (self.code, self.subject, self.detail)


_ROWS = [getattr(_F, name) for name in FindingRow._fields]
_OF_SUBJECTS = Prepared(lambda _: select(*_ROWS).where(among("subjects", _F.subject), _F.cleared_ms.is_(None)))
_OF_CODE = Prepared(lambda _: select(*_ROWS).where(_F.cleared_ms.is_(None), _F.code == bindparam("code", type_=String)))
_DUE = Prepared(
    lambda _: (
        select(_F.subject)
        .where(_F.look_ms <= bindparam("now_ms", type_=BigInteger))
        .order_by(_F.look_ms)
        .limit(bindparam("at_most", type_=Integer))
    )
)
_OPEN = Prepared(
    lambda _: (
        update(t.findings)
        .where(among("numbers", _F.id))
        .values(opened_ms=bindparam("now_ms", type_=BigInteger), look_ms=bindparam("then_ms", type_=BigInteger))
    )
)
_LATER = Prepared(
    lambda _: update(t.findings).where(among("numbers", _F.id)).values(look_ms=bindparam("then_ms", type_=BigInteger))
)
WAITING = (Code.OVERDUE_RECEIPT, Code.NO_HOLDER, Code.TWO_HOLDERS)
"""Codes that may be the lack of a word."""
_RELEASE = Prepared(
    lambda _: (
        update(t.findings)
        .where(
            _F.cleared_ms.is_(None),
            _F.code == bindparam("code", type_=String),
            _F.center == bindparam("center", type_=String),
            _F.look_ms.is_(None),
            _F.since_ms <= bindparam("reached_ms", type_=BigInteger),
        )
        .values(
            look_ms=bindparam("then_ms", type_=BigInteger),
            opens_ms=bindparam("then_ms", type_=BigInteger),
        )
    )
)
_CLEAR = Prepared(
    lambda _: (
        update(t.findings)
        .where(among("numbers", _F.id))
        .values(cleared_ms=bindparam("now_ms", type_=BigInteger), look_ms=null())
    )
)
_KEPT = Prepared(
    lambda _: select(_F.pair, func.count()).where(among("pairs", _F.pair), _F.cleared_ms.is_(None)).group_by(_F.pair)
)
_CLEARED = Prepared(
    lambda _: (
        select(_F.id)
        .where(_F.pair == bindparam("pair", type_=String), _F.cleared_ms.is_not(None))
        .order_by(_F.cleared_ms.desc(), _F.id.desc())
        .offset(MOST_CLEARED)
    )
)
_DROP = Prepared(lambda _: delete(t.findings).where(among("numbers", _F.id)))
_OLDEST = Prepared(
    lambda _: (
        select(_F.noticed_ms)
        .where(
            _F.cleared_ms.is_(None),
            _F.code == Code.OVERDUE_RECEIPT.value,
            _F.center == bindparam("center", type_=String),
            _F.since_ms > bindparam("reached_ms", type_=BigInteger),
        )
        .order_by(_F.noticed_ms)
        .limit(1)
    )
)


def of_subjects(tx: Tx, subjects: Iterable[str]) -> list[FindingRow]:
    """What is not cleared of these cases, centers or messages."""
    return [FindingRow(*row) for row in _OF_SUBJECTS.rows(tx, subjects=as_list(subjects))]


def of_codes(tx: Tx, codes: Iterable[Code]) -> list[FindingRow]:
    """What is not cleared of these codes."""
    return [FindingRow(*row) for code in codes for row in _OF_CODE.rows(tx, code=code.value)]


def due(tx: Tx, now_ms: int, at_most: int) -> list[str]:
    """The cases that must be looked at by now, since some patience has ended."""
    return [row[0] for row in _DUE.rows(tx, now_ms=now_ms, at_most=at_most)]


def kept_of(tx: Tx, pairs: Iterable[str]) -> dict[str, int]:
    """Pair of centers → how many are watched or open between them."""
    asked = {*pairs}
    return {pair: int(count) for pair, count in _KEPT.rows(tx, pairs=as_list(asked))} if asked else {}


def watch(tx: Tx, found: Mapping[Violation, str], now_ms: int, *, looks: bool) -> None:
    """Watch violations that were not there before, each with its pair of centers. ``looks``: their case is looked at
    again by itself."""
    insert(tx, t.findings, [_row(one, pair, now_ms, looks=looks) for one, pair in found.items()])


def add_more(tx: Tx, one: Violation, times: int, now_ms: int) -> None:
    """Note that so many were not kept, in the open finding that stands for them."""
    same = (_F.code == one.code.value) & (_F.subject == one.subject) & _F.cleared_ms.is_(None)
    if not tx.execute(update(t.findings).where(same).values(more=_F.more + times)).rowcount:
        row = _row(one, pair_of(one, ()), now_ms, looks=False)
        insert(tx, t.findings, [{**row, "opened_ms": now_ms, "more": times}])


def _row(one: Violation, pair: str, now_ms: int, *, looks: bool) -> Mapping[str, Any]:
    half = MOST_SHOWN // 2
    kept = one.evidence if len(one.evidence) <= MOST_SHOWN else (*one.evidence[:half], *one.evidence[-half:])
    opens_ms = now_ms + one.patience_ms
    return {
        "code": one.code.value,
        "subject": one.subject,
        "detail": one.detail,
        "center": one.center,
        "since_ms": one.since_ms,
        "noticed_ms": now_ms,
        "opens_ms": opens_ms,
        "look_ms": opens_ms if looks else None,
        "opened_ms": None,
        "cleared_ms": None,
        "evidence": json.dumps([{k: v for k, v in shown._asdict().items() if v is not None} for shown in kept]),
        "pair": pair,
    }


def open_(tx: Tx, rows: Sequence[FindingRow], now_ms: int, then_ms: int | None) -> None:
    """They have outlasted their patience. ``then_ms``: when their case is looked at again."""
    if rows:
        _OPEN.run(tx, numbers=as_list(row.id for row in rows), now_ms=now_ms, then_ms=then_ms)


def look_again(tx: Tx, rows: Sequence[FindingRow], then_ms: int | None) -> None:
    """Look at their cases again then."""
    if rows:
        _LATER.run(tx, numbers=as_list(row.id for row in rows), then_ms=then_ms)


def release(tx: Tx, center: str, reached_ms: int, then_ms: int) -> None:
    """Look then at what has waited for a word of this center, and is not later than what it has told by now: until then
    it may hear what was said to it while it was away."""
    for code in WAITING:
        _RELEASE.run(tx, code=code.value, center=center, reached_ms=reached_ms, then_ms=then_ms)


def healed(tx: Tx, rows: Sequence[FindingRow], now_ms: int) -> None:
    """They are not there any more: those that were open are cleared, the others were the usual delay."""
    gone = [row.id for row in rows if row.opened_ms is None]
    cleared = [row.id for row in rows if row.opened_ms is not None]
    if gone:
        _DROP.run(tx, numbers=as_list(gone))
    if cleared:
        _CLEAR.run(tx, numbers=as_list(cleared), now_ms=now_ms)
        for pair in {row.pair for row in rows if row.opened_ms is not None}:
            if old := [row[0] for row in _CLEARED.rows(tx, pair=pair)]:
                _DROP.run(tx, numbers=as_list(old))


def postpone_all(tx: Tx, by_ms: int) -> None:
    """What is watched opens later by so much: as long as nobody has looked."""
    watched = (_F.cleared_ms.is_(None), _F.opened_ms.is_(None))
    tx.execute(update(t.findings).where(*watched).values(opens_ms=_F.opens_ms + by_ms, look_ms=_F.look_ms + by_ms))


def unheard(tx: Tx, reached_ms: Mapping[str, int]) -> dict[str, int]:
    """Center → since when the oldest message is known that it has not heard, said after the latest moment of which it
    has told: ``reached_ms``."""
    found = {center: _OLDEST.rows(tx, center=center, reached_ms=at_ms) for center, at_ms in reached_ms.items()}
    return {center: rows[0][0] for center, rows in found.items() if rows}


def listed(tx: Tx, limit: int = 1000, *, cleared: bool = False) -> list[Finding]:
    """Open findings, the oldest first; or those that were cleared, the latest first."""
    names = [getattr(_F, "id" if name == "number" else name) for name in Finding._fields]
    query = select(*names).where(_F.opened_ms.is_not(None)).limit(limit)
    if cleared:
        query = query.where(_F.cleared_ms.is_not(None)).order_by(_F.cleared_ms.desc(), _F.id.desc())
    else:
        query = query.where(_F.cleared_ms.is_(None)).order_by(_F.opened_ms, _F.id)
    return [_finding(row) for row in tx.execute(query)]


def open_by_center(tx: Tx) -> dict[str, tuple[int, int]]:
    """Center → how many findings are open about it, and since when the oldest."""
    query = select(_F.center, func.count(), func.min(_F.opened_ms)).group_by(_F.center)
    rows = tx.execute(query.where(_F.opened_ms.is_not(None), _F.cleared_ms.is_(None)))
    return {center: (int(size), int(oldest_ms)) for center, size, oldest_ms in rows}


def _finding(row: Sequence[Any]) -> Finding:
    read = dict(zip(Finding._fields, row, strict=True))
    shown = tuple(Evidence(**one) for one in json.loads(read["evidence"]))
    return Finding(**(read | {"code": Code(read["code"]), "evidence": shown}))


def count_open(tx: Tx) -> int:
    """How many findings are open."""
    query = select(func.count()).where(_F.cleared_ms.is_(None), _F.opened_ms.is_not(None))
    return int(tx.execute(query).scalar_one())


def forget(tx: Tx, before_ms: int) -> int:
    """Delete what was cleared before then. Returns how many they were."""
    return tx.execute(delete(t.findings).where(_F.cleared_ms < before_ms)).rowcount
