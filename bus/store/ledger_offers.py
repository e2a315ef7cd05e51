"""Queries of a ledger's offers: each to a single center, and how it was answered."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Integer, String, and_, bindparam, select, tuple_
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from bus.contract.facts import Fact
from bus.contract.messages import Accepted, Declined, Offered
from bus.figures.definitions import Part
from bus.figures.spans import CountedOffer
from bus.store import tables as t
from bus.store.database import Tx
from bus.store.figures import Asked
from bus.store.inserts import upsert
from bus.store.statements import Prepared, among, as_list
from bus.store.timestamps import ms

_O = t.ledger_offers.c
ANSWERS = {Accepted.kind: False, Declined.kind: True}
"""Kind of an answer → whether the offer is declined."""


class OfferRow(NamedTuple):
    """One stored offer."""

    center: str
    case_id: str
    version: int
    recipient: str
    recipients: int
    offered_ms: int
    sign_by_ms: int | None
    answered_ms: int | None = None
    declined: bool = False
    reason: str | None = None

    @property
    def counted(self) -> CountedOffer | None:
        """What figures need of it; None where it was open to several."""
        if self.recipients != 1:
            return None
        return CountedOffer(self.offered_ms, self.sign_by_ms, self.answered_ms, self.declined)


_OF_CASES = Prepared(
    lambda _: (
        select(*_O).where(_O.center == bindparam("center"), among("cases", _O.case_id)).order_by(_O.case_id, _O.version)
    )
)


def conditions_of(asked: Asked, of: ReadOnlyColumnCollection[str, Any] = _O) -> Mapping[Part, ColumnElement[bool]]:
    """The condition of each part that is a number of offers. ``of``: the columns of the offers."""
    made = and_(of.recipients == 1, of.offered_ms >= asked.begin_ms, of.offered_ms < asked.end_ms)
    known = and_(made, of.offered_ms < asked.as_of_ms)
    answered = and_(known, of.answered_ms < asked.as_of_ms)
    due = and_(known, of.sign_by_ms <= asked.as_of_ms)
    return {
        Part.OFFERS_ANSWERED: answered,
        Part.OFFERS_DECLINED: and_(answered, of.declined),
        Part.SIGN_DUE: due,
        Part.SIGNED_IN_TIME: and_(due, of.answered_ms <= of.sign_by_ms),
    }


class Change(NamedTuple):
    """Offers before and after some facts."""

    before: list[CountedOffer]
    after: list[CountedOffer]


def hear(tx: Tx, center: str, facts: Sequence[Fact]) -> Change:
    """Keep what these facts, in their order, say of the offers of ``center``."""
    about = [one for one in facts if _is_offer(one) or _is_answer(one)]
    if not about:
        return Change([], [])
    cases = sorted({str(one.case_id) for one in about})
    known = [OfferRow(*row) for row in _OF_CASES.rows(tx, center=center, cases=as_list(cases))]
    offers = {(one.case_id, one.version): one for one in known}
    before = dict(offers)
    for fact in about:
        _hear(offers, center, fact)
    changed = [key for key, one in offers.items() if before.get(key) != one]
    upsert(tx, t.ledger_offers, [offers[key] for key in changed])
    return Change(_counted(before[key] for key in changed if key in before), _counted(offers[key] for key in changed))


_PAGE = Prepared(
    lambda _: (
        select(*_O)
        .where(
            tuple_(_O.center, _O.case_id, _O.version)
            > tuple_(
                bindparam("center", type_=String),
                bindparam("case", type_=String),
                bindparam("version", type_=Integer),
            )
        )
        .order_by(_O.center, _O.case_id, _O.version)
        .limit(bindparam("at_most", type_=Integer))
    )
)


def page(tx: Tx, after: tuple[str, str, int], at_most: int) -> list[OfferRow]:
    """The next offers by their key. ``after``: center, case and version of the last one before."""
    center, case, version = after
    return [OfferRow(*row) for row in _PAGE.rows(tx, center=center, case=case, version=version, at_most=at_most)]


def _counted(rows: Iterable[OfferRow]) -> list[CountedOffer]:
    return [one for one in (row.counted for row in rows) if one is not None]


def _is_offer(fact: Fact) -> bool:
    return fact.way == "said" and fact.kind == Offered.kind and fact.peer is not None


def _is_answer(fact: Fact) -> bool:
    return fact.way == "heard" and fact.kind in ANSWERS and fact.peer is not None


def _hear(offers: dict[tuple[str, int], OfferRow], center: str, fact: Fact) -> None:
    case_id, peer = str(fact.case_id), fact.peer or ""
    if _is_offer(fact):
        known = offers.get((case_id, fact.version))
        several = known is not None and known.recipient != peer
        sign_by = ms(fact.due) if fact.due is not None else None
        row = OfferRow(center, case_id, fact.version, peer, 1, ms(fact.at), sign_by)
        offers[case_id, fact.version] = (
            row if known is None else known._replace(recipients=known.recipients + 1) if several else known
        )
        return
    open_ones = [one for one in offers.values() if one.case_id == case_id and one.answered_ms is None]
    answered = max((one for one in open_ones if one.recipient == peer), key=lambda one: one.version, default=None)
    if answered is not None:
        declined = ANSWERS[fact.kind or ""]
        reason = fact.code if declined else None
        offers[case_id, answered.version] = answered._replace(answered_ms=ms(fact.at), declined=declined, reason=reason)
