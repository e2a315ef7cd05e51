"""Queries of the facts that the county's ledger has not been told yet.

A row is what one commit did to one case. It is deleted in the transaction that puts it into a message; the outbox then
has it. Rows are taken as they are found, never by "id greater than": an id that commits late would be skipped.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy import Integer, String, bindparam, delete, func, select

from bus.contract.facts import MOST_FACTS, FactsTold
from bus.contract.messages import Offered
from bus.custody import Record
from bus.figures.states import state_of
from bus.store import tables as t
from bus.store.database import Tx
from bus.store.inserts import insert
from bus.store.rows import JournalLine
from bus.store.statements import Prepared, among, as_list
from bus.store.timestamps import ms

_F = t.facts_untold.c


class FactsRow(NamedTuple):
    """What one commit did to one case: its facts and its state, as JSON."""

    at_ms: int
    facts: int
    """How many facts they are."""
    body: bytes


class UntoldFigures(NamedTuple):
    """How much waits to be told."""

    rows: int
    """At most so many: ids are given one by one, and rows go from the front."""
    oldest_ms: int
    """Since when the oldest waits; 0: none does."""


class TakenRow(NamedTuple):
    """A row and its number in the store."""

    number: int
    facts: int
    body: bytes


def rows_of(lines: Iterable[JournalLine], records: Mapping[UUID, Record | None], now: datetime) -> list[FactsRow]:
    """What one commit did: a row for each case of these lines that this center knows, the last state with it. A case
    with more lines than a message takes fills several rows."""
    by_case: dict[str, list[JournalLine]] = {}
    for line in lines:
        by_case.setdefault(line.case_id, []).append(line)
    rows = []
    for case_id, of_case in by_case.items():
        record = records.get(UUID(case_id))
        if record is None:
            continue
        for start in range(0, len(of_case), MOST_FACTS):
            part = of_case[start : start + MOST_FACTS]
            body = {"facts": [_fact(line, record, now) for line in part], "state": state_of(record)}
            rows.append(FactsRow(ms(now), len(part), to_json(body)))
    return rows


def _fact(line: JournalLine, record: Record, now: datetime) -> dict[str, Any]:
    told = {
        "case_id": line.case_id,
        "at": now,
        "way": line.way,
        "holder": line.holder,
        "version": line.version,
        "round": record.round,
    }
    if line.message_id is not None:
        told["message_id"] = line.message_id
    told |= {name: said for name, said in (("kind", line.kind), ("peer", line.peer), ("code", line.note)) if said}
    if line.kind == Offered.kind and line.way == "said" and (offer := record.offer_out) is not None and offer.sign_by:
        told["due"] = offer.sign_by
    return told


def keep(tx: Tx, rows: Sequence[FactsRow]) -> None:
    """Keep what the ledger shall be told."""
    insert(tx, t.facts_untold, rows)


_FIRST = Prepared(
    lambda _: (
        select(_F.id, _F.facts, _F.body).order_by(_F.id).limit(bindparam("at_most", type_=Integer)).with_for_update()
    )
)
_FORGET = Prepared(lambda _: delete(t.facts_untold).where(among("numbers", _F.id)))
_OLDEST = select(_F.at_ms).order_by(_F.id).limit(1).scalar_subquery()
_FIGURES = Prepared(
    lambda _: select(func.coalesce(func.max(_F.id) - func.min(_F.id) + 1, 0), func.coalesce(_OLDEST, 0))
)


def first(tx: Tx, at_most: int) -> list[TakenRow]:
    """The oldest rows, locked."""
    return [TakenRow(*row) for row in _FIRST.rows(tx, at_most=at_most)]


def forget(tx: Tx, rows: Sequence[TakenRow]) -> None:
    """Delete these rows: a message has them now."""
    if rows:
        _FORGET.run(tx, numbers=as_list(row.number for row in rows))


def forget_all(tx: Tx) -> int:
    """Delete all rows. Returns how many they were."""
    return tx.execute(delete(t.facts_untold)).rowcount


def figures(tx: Tx) -> UntoldFigures:
    """How much waits, by two index lookups."""
    return UntoldFigures(*_FIGURES.rows(tx)[0])


_UNDERWAY = Prepared(
    lambda _: select(func.count(), func.coalesce(func.min(t.outbox.c.created_ms), 0)).where(
        t.outbox.c.kind == FactsTold.kind, t.outbox.c.state == "waiting"
    )
)


def lag(tx: Tx) -> UntoldFigures:
    """How much the ledger has not receipted: changes that wait, and messages of them underway; and for how long."""
    waits, underway = figures(tx), UntoldFigures(*_UNDERWAY.rows(tx)[0])
    oldest = [at for at in (waits.oldest_ms, underway.oldest_ms) if at]
    return UntoldFigures(waits.rows + underway.rows, min(oldest, default=0))


# -- the state of every case, as the ledger has asked for it -----------------------------------------------------------

_ASKED = Prepared(lambda _: select(t.facts_asked.c.ledger, t.facts_asked.c.after).with_for_update())
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


def asked(tx: Tx) -> Asked | None:
    """Who has asked for the state of every case, and has not been told all of them."""
    rows = _ASKED.rows(tx)
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
