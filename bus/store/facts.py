"""Queries of the facts that the county's ledger has not been told yet.

A row is what one commit did. It is deleted in the transaction that puts it into a message; the outbox then
has it. No mark is kept up to which rows are told: an id that commits late would be skipped.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy import Integer, String, bindparam, delete, func, select

from bus.clocks.awaited import waits_of
from bus.clocks.rules import Rules
from bus.contract.facts import lane_of
from bus.contract.messages import Declined, Offered
from bus.contract.types import CENTER_PATTERN
from bus.custody import Record
from bus.figures.states import state_of
from bus.store import tables as t
from bus.store.database import Tx
from bus.store.inserts import insert
from bus.store.rows import JournalLine
from bus.store.statements import Prepared, among, as_list
from bus.store.timestamps import ms

_F = t.facts_untold.c
READ_AT_ONCE = 20
"""Rows, of up to 150 KB each."""
IN_A_ROW = 250
"""Most facts in one row: with their states they are half of what a message takes."""
_CENTER = re.compile(CENTER_PATTERN)


class FactsRow(NamedTuple):
    """What one commit did, as it is told: JSON objects with commas between them."""

    at_ms: int
    lines: int
    """How many facts they are; 0: so much was given up before."""
    facts: bytes
    states: bytes
    """The cases of these facts after the commit."""


class UntoldFigures(NamedTuple):
    """How much waits to be told."""

    rows: int
    """At most so many: ids are given one by one, and rows go from the front."""
    oldest_ms: int
    """Since when the oldest waits; 0: none does."""


class TakenRow(NamedTuple):
    """A row and its number in the store."""

    number: int
    lines: int
    facts: bytes
    states: bytes


def rows_of(
    lines: Sequence[JournalLine], records: Mapping[UUID, Record | None], now: datetime, rules: Rules | None = None
) -> list[FactsRow]:
    """What one commit did, of the cases that this center knows; a few rows where it did much."""
    known = {case_id: records.get(UUID(case_id)) for case_id in dict.fromkeys(line.case_id for line in lines)}
    told = [(line, record) for line in lines if (record := known[line.case_id]) is not None]
    return [_row(told[start : start + IN_A_ROW], now, rules) for start in range(0, len(told), IN_A_ROW)]


def _row(told: Sequence[tuple[JournalLine, Record]], now: datetime, rules: Rules | None) -> FactsRow:
    cases = {line.case_id: record for line, record in told}
    facts = to_json([_fact(line, record, now) for line, record in told])
    return FactsRow(ms(now), len(told), facts[1:-1], states_of(cases.values(), rules))


def states_of(records: Iterable[Record], rules: Rules | None = None) -> bytes:
    """The states of these cases, as they are told. ``rules``: the county's clocks."""
    return to_json([_state(record, rules) for record in records])[1:-1]


def _state(record: Record, rules: Rules | None) -> dict[str, Any]:
    waits = waits_of(record, rules)
    others = [{name: value for name, value in one._asdict().items() if value is not None} for one in waits.others]
    return state_of(record, waits.sign_by, others)


def _fact(line: JournalLine, record: Record, now: datetime) -> dict[str, Any]:
    """The fields of a ``Fact`` in their order, without those that are not set."""
    told: dict[str, Any] = {"case_id": line.case_id, "at": now, "way": line.way}
    if line.kind:
        told["kind"] = line.kind
    if line.peer and _CENTER.match(line.peer):  # who was on duty is a person: nobody else is told the name
        told["peer"] = line.peer
    if line.message_id is not None:
        told["message_id"] = line.message_id
    if code := line.note or _reason(line, record):
        told["code"] = code
    if line.kind == Offered.kind and line.way == "said" and (offer := record.offer_out) is not None and offer.sign_by:
        told["due"] = offer.sign_by
    told["holder"] = line.holder or record.holder  # refused before the case was known, in the same commit
    told["version"], told["round"] = line.version, record.round
    return told


def _reason(line: JournalLine, record: Record) -> str | None:
    """Why a peer has declined, where the line is about that."""
    if line.kind != Declined.kind or line.way != "heard":
        return None
    return next((one.reason.value for one in reversed(record.returns) if one.by == line.peer), None)


def keep(tx: Tx, rows: Sequence[FactsRow]) -> None:
    """Keep what the ledger shall be told."""
    insert(tx, t.facts_untold, rows)


_NEXT = Prepared(
    lambda _: (
        select(_F.id, _F.lines, _F.facts, _F.states)
        .where(_F.id > bindparam("after", type_=Integer))
        .order_by(_F.id)
        .limit(bindparam("at_most", type_=Integer))
        .with_for_update()
    )
)
_FORGET = Prepared(lambda _: delete(t.facts_untold).where(among("numbers", _F.id)))
_END = Prepared(lambda _: select(_F.id).where(_F.id > 0).order_by(_F.id.desc()).limit(1))
_BEGIN = Prepared(lambda _: select(_F.id, _F.at_ms).where(_F.id > 0).order_by(_F.id).limit(1))


def in_order(tx: Tx) -> Iterator[TakenRow]:
    """The rows from the oldest on, locked; a few are read at once."""
    after = 0
    while rows := [TakenRow(*row) for row in _NEXT.rows(tx, after=after, at_most=READ_AT_ONCE)]:
        yield from rows
        after = rows[-1].number


def forget(tx: Tx, rows: Sequence[TakenRow]) -> None:
    """Delete these rows: a message has them now."""
    if rows:
        _FORGET.run(tx, numbers=as_list(row.number for row in rows))


def forget_all(tx: Tx) -> None:
    """Delete all rows."""
    tx.execute(delete(t.facts_untold))


def figures(tx: Tx) -> UntoldFigures:
    """How much waits, by two index lookups."""
    begin, end = _BEGIN.rows(tx), _END.rows(tx)
    return UntoldFigures(end[0][0] - begin[0][0] + 1, begin[0][1]) if begin and end else UntoldFigures(0, 0)


_UNDERWAY = Prepared(
    lambda _: select(func.count(), func.coalesce(func.min(t.outbox.c.created_ms), 0)).where(
        t.outbox.c.case_id == bindparam("lane", type_=String), t.outbox.c.state == "waiting"
    )
)


def lag(tx: Tx, center: str) -> UntoldFigures:
    """How much the ledger has not receipted of what ``center``, whose store this is, tells: changes that wait, and
    messages of them underway; and for how long."""
    waits, underway = figures(tx), UntoldFigures(*_UNDERWAY.rows(tx, lane=str(lane_of(center)))[0])
    oldest = [at for at in (waits.oldest_ms, underway.oldest_ms) if at]
    return UntoldFigures(waits.rows + underway.rows, min(oldest, default=0))


# -- the state of every case, as the ledger has asked for it -----------------------------------------------------------

_ASKED = Prepared(
    lambda _: (
        select(t.facts_asked.c.ledger, t.facts_asked.c.after)
        .where(t.facts_asked.c.ledger == bindparam("ledger", type_=String))
        .with_for_update()
    )
)
_AFTER = Prepared(
    lambda _: (
        select(t.cases.c.case_id)
        .where(t.cases.c.case_id > bindparam("after", type_=String))
        .order_by(t.cases.c.case_id)
        .limit(bindparam("at_most", type_=Integer))
    )
)


class Asked(NamedTuple):
    """The ledger that asks, and the last case that it was told."""

    ledger: str
    after: str


def asked(tx: Tx, ledger: str) -> Asked | None:
    """What this ledger has asked for and was not told yet: the state of every case."""
    rows = _ASKED.rows(tx, ledger=ledger)
    return Asked(*rows[0]) if rows else None


def ask(tx: Tx, ledger: str, after: str = "") -> None:
    """Tell ``ledger`` every case behind ``after``. Nobody else is told any more."""
    tx.execute(delete(t.facts_asked))
    insert(tx, t.facts_asked, [Asked(ledger, after)])


def answered(tx: Tx) -> None:
    """Note that the ledger was told every case."""
    tx.execute(delete(t.facts_asked))


def cases_after(tx: Tx, after: str, at_most: int) -> list[str]:
    """The next cases of the store, by id."""
    return [row[0] for row in _AFTER.rows(tx, after=after, at_most=at_most)]
