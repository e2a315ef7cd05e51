"""Counts of a ledger, split: by the center that registered the case, by street, by category; and offers by sender,
recipient and reason. One pass over what is split, for an operator's command."""

from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, select

from bus.figures.answers import Counts
from bus.figures.definitions import OF_A_LEDGER, Figure, Part
from bus.figures.period import Period, Reckoning
from bus.figures.spans import UNKNOWN
from bus.store import ledger_offers
from bus.store import tables as t
from bus.store.database import Tx
from bus.store.figures import Asked, conditions_of, projects_of
from bus.store.ledger_figures import MADE_OF, counts_of, told_by_ledgers
from bus.store.ledger_parts_of_days import OF_CASES, OF_OFFERS, OF_PROJECTS, VALUES
from bus.store.timestamps import ms

_S, _O = t.ledger_states.c, t.ledger_offers.c
OWN = _S.center == _S.origin
"""Each case counts at its origin alone."""


class By(StrEnum):
    """What the counts are split by."""

    CENTER = "center"
    """Of cases the center that registered them, of offers the one that made them."""
    STREET = "street"
    CATEGORY = "category"
    RECIPIENT = "recipient"
    """Of offers: the center that was asked."""
    REASON = "reason"
    """Of declined offers. All that were answered stand beside each of them."""


OF_STATES: Mapping[By, ColumnElement[Any]] = {By.CENTER: _S.center, By.STREET: _S.division, By.CATEGORY: _S.category}
OF_ALL_OFFERS: Mapping[By, ColumnElement[Any]] = {
    By.CENTER: _O.center,
    By.RECIPIENT: _O.recipient,
    By.REASON: _O.reason,
}
Values = dict[Part, "Counter[int]"]


def parts_of(by: By) -> frozenset[Part]:
    """The parts that can be split so."""
    found = frozenset[Part]()
    if by in OF_STATES:
        found |= OF_CASES | frozenset(MADE_OF)
    if by in OF_ALL_OFFERS:
        found |= frozenset({Part.OFFERS_DECLINED, Part.OFFERS_ANSWERED}) if by is By.REASON else OF_OFFERS
    return found | OF_PROJECTS if by is By.CENTER else found


def figures_by(by: By) -> tuple[Figure, ...]:
    """The figures that can be split so. A project may lie in several streets, and be of several categories."""
    parts = parts_of(by)
    return tuple(
        one for one in OF_A_LEDGER if one.numerator in parts and (one.denominator is None or one.denominator in parts)
    )


def split(tx: Tx, by: By, period: Period, as_of_ms: int, reckoning: Reckoning) -> dict[str, Counts]:
    """What is split by → its counts. By center each ledger below is one row, of whole days."""
    asked = Asked(ms(period.begin), ms(period.end), as_of_ms)
    found: dict[str, Values] = {}
    if by in OF_STATES:
        _cases(tx, found, OF_STATES[by], asked, reckoning)
    if by in OF_ALL_OFFERS:
        _offers(tx, found, by, asked)
    if by is By.CENTER:
        _projects(tx, found, asked)
    parts = parts_of(by)
    each = {
        key: counts_of({part: values.get(part, Counter()) for part in parts - frozenset(MADE_OF)}, reckoning)
        for key, values in found.items()
    }
    return each | told_by_ledgers(tx, period, as_of_ms, reckoning) if by is By.CENTER else each


def _add(found: dict[str, Values], key: object, part: Part, cases: int, value: int = 0) -> None:
    if cases:
        found.setdefault(str(key or ""), {}).setdefault(part, Counter())[value] += cases


def _cases(tx: Tx, found: dict[str, Values], column: ColumnElement[Any], asked: Asked, reckoning: Reckoning) -> None:
    conditions = conditions_of(_S, asked, reckoning)
    plain = [part for part in OF_CASES if part not in VALUES]
    for key, *sums in tx.execute(
        select(column, *_sums(conditions[part] for part in plain)).where(OWN).group_by(column)
    ):
        for part, number in zip(plain, sums, strict=True):
            _add(found, key, part, int(number))
    for part, valued in VALUES.items():
        value = func.coalesce(valued, UNKNOWN)
        rows = select(column, value, func.count()).where(OWN, conditions[part]).group_by(column, value)
        for key, its, number in tx.execute(rows):
            _add(found, key, part, int(number), int(its))


def _offers(tx: Tx, found: dict[str, Values], by: By, asked: Asked) -> None:
    conditions, column = ledger_offers.conditions_of(asked), OF_ALL_OFFERS[by]
    parts = [part for part in OF_OFFERS if part in parts_of(by)]
    for key, *sums in tx.execute(select(column, *_sums(conditions[part] for part in parts)).group_by(column)):
        for part, number in zip(parts, sums, strict=True):
            _add(found, key, part, int(number))
    if by is By.REASON:
        answered = sum(values[Part.OFFERS_ANSWERED].total() for values in found.values())
        for key in [key for key, values in found.items() if Part.OFFERS_DECLINED not in values]:
            del found[key]
        for values in found.values():
            values[Part.OFFERS_ANSWERED] = Counter({0: answered})


def _projects(tx: Tx, found: dict[str, Values], asked: Asked) -> None:
    each = projects_of(t.ledger_states, OWN, asked).c
    for center, every, done in tx.execute(select(each.origin, func.count(), *_sums([each.done])).group_by(each.origin)):
        _add(found, center, Part.PROJECTS, int(every))
        _add(found, center, Part.PROJECTS_RESOLVED, int(done))


def _sums(conditions: Iterable[ColumnElement[bool]]) -> list[ColumnElement[Any]]:
    return [func.coalesce(func.sum(case((and_(condition), 1), else_=0)), 0) for condition in conditions]
