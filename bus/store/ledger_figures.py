"""Counts of a ledger, at any as-of: sums of whole days, and a look at the cases of the days at the edges.

What a sum says of a day, only the cases can say of a part of it. So the days in which the period begins and ends, where
it does so within them, and the day of the as-of are counted case by case, by the conditions that a center counts by.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sqlalchemy import ColumnElement, Integer, String, bindparam, func, select

from bus.figures.answers import Counts, weighted
from bus.figures.cells import COUNTY, UNBOUNDED, Days
from bus.figures.definitions import Part
from bus.figures.period import Period, Reckoning
from bus.figures.spans import AT_ANY_TIME, UNKNOWN
from bus.figures.tree import Tally
from bus.store import ledger_sums, ledger_totals
from bus.store import tables as t
from bus.store.database import Tx
from bus.store.figures import SATISFIED, Asked, placed
from bus.store.ledger_cells import OWN
from bus.store.ledger_parts_of_days import OF_CASES, OF_OFFERS, OF_PROJECTS, PartsOfDays
from bus.store.statements import Prepared
from bus.store.timestamps import ms

_S, _C = t.ledger_states.c, t.ledger_cells.c
MADE_OF: Mapping[Part, Part] = {
    Part.SATISFIED: Part.RATED,
    Part.WEIGHTED: Part.RATED,
    Part.WEIGHTABLE: Part.RATED,
    Part.HAND_OVERS: Part.RESOLVED,
}
"""Part → the one whose cases it is computed from, by their values."""
KEPT = OF_CASES | OF_PROJECTS | OF_OFFERS
TALLIED = (Part.REGISTERED, Part.RESOLVED, Part.PROJECTS, Part.PROJECTS_RESOLVED)
"""Parts in the order of a ``Tally``."""
_BY_DAY = bindparam("day", type_=Integer)


def _summed(*which: ColumnElement[bool]) -> Prepared:
    """The sums of a part's cohorts, by value, of the rows of which this holds."""
    cohorts = (
        _C.part == bindparam("part", type_=String),
        _C.scope == COUNTY,
        _C.cohort_day >= bindparam("first", type_=Integer),
        _C.cohort_day <= bindparam("last", type_=Integer),
    )
    return Prepared(lambda _: select(_C.value, func.sum(_C.cases)).where(*cohorts, *which).group_by(_C.value))


_EARLIER = _summed(_C.event_day < _BY_DAY)
_EARLIER_BELOW = _summed(_C.event_day < _BY_DAY, _C.teller > OWN)
_LATER = _summed(_C.event_day >= _BY_DAY, _C.teller == OWN)


def count(
    tx: Tx,
    period: Period,
    as_of_ms: int,
    reckoning: Reckoning,
    parts: Iterable[Part] = (*KEPT, *MADE_OF),
) -> Counts:
    """The counts of every case that this ledger knows from its origin. ``parts``: those that are asked for.

    Ledgers below tell sums and no cases: of theirs, whole days are counted."""
    wanted = {MADE_OF.get(part, part) for part in parts} & KEPT
    asked = Asked(ms(period.begin), ms(period.end), as_of_ms)
    found: dict[Part, Counter[int]] = {part: Counter() for part in wanted}
    days = Days.of(reckoning)
    inner = _whole_days(asked, days)
    near = _nearest(as_of_ms, days)
    for part in wanted:
        bounds = (AT_ANY_TIME, AT_ANY_TIME) if part in UNBOUNDED else inner
        if bounds is not None:
            found[part] += _sums(tx, part, *bounds, near.day)
    look = PartsOfDays(tx, reckoning, wanted)
    whole = Asked(days.begin_ms(inner[0]), days.begin_ms(inner[1] + 1), as_of_ms) if inner is not None else None
    look.changed(found, whole, *near.part, near.sign)
    for edge in _edges(asked, days, inner):
        look.of_cohorts(found, edge)
    return counts_of(found, reckoning)


class _Near(NamedTuple):
    """The cut between two days that is nearest to the as-of, and the part of a day between both."""

    day: int
    """The day that begins at the cut."""
    part: tuple[int, int]
    sign: int
    """1: it is added to the sums of the days before the cut; -1: it is taken off."""


def _nearest(as_of_ms: int, days: Days) -> _Near:
    day = days.of_moment(as_of_ms)
    begin, end = days.begin_ms(day), days.begin_ms(day + 1)
    if as_of_ms - begin <= end - as_of_ms:
        return _Near(day, (begin, as_of_ms), 1)
    return _Near(day + 1, (as_of_ms, end), -1)


def _whole_days(asked: Asked, days: Days) -> tuple[int, int] | None:
    """The first and the last whole day of the period; None: it has none."""
    first, last = days.of_moment(asked.begin_ms - 1) + 1, days.of_moment(asked.end_ms) - 1
    return (first, last) if first <= last else None


def _edges(asked: Asked, days: Days, inner: tuple[int, int] | None) -> list[Asked]:
    """The parts of the period beside its whole days."""
    if inner is None:
        return [asked]
    begin, end = days.begin_ms(inner[0]), days.begin_ms(inner[1] + 1)
    edges = [asked._replace(end_ms=begin), asked._replace(begin_ms=end)]
    return [one for one in edges if one.begin_ms < one.end_ms]


def _sums(tx: Tx, part: Part, first: int, last: int, before: int) -> "Counter[int]":
    """By value: the cohorts of these days, both included, with the events of days ``before`` that one.

    Whichever is fewer rows: those of the events before, or the total less those of the events from then on."""

    def read(query: Prepared) -> "Counter[int]":
        rows = query.rows(tx, part=part.value, first=first, last=last, day=before)
        return Counter({int(value): int(cases) for value, cases in rows})

    if 2 * before <= first + last:
        return read(_EARLIER)
    found = ledger_totals.of_cohorts(tx, part.value, first, last)
    found.subtract(read(_LATER))
    found.update(read(_EARLIER_BELOW))
    return found


def told_by_ledgers(tx: Tx, period: Period, as_of_ms: int, reckoning: Reckoning) -> dict[str, Counts]:
    """The counts of each ledger below, as far as it has told them: whole days."""
    asked, days = Asked(ms(period.begin), ms(period.end), as_of_ms), Days.of(reckoning)
    before, inner = days.of_moment(as_of_ms), _whole_days(asked, days)
    found: dict[str, dict[Part, Counter[int]]] = {}
    for part in KEPT:
        bounds = (AT_ANY_TIME, AT_ANY_TIME) if part in UNBOUNDED else inner
        for teller, value, cases in ledger_sums.by_teller(tx, part.value, *bounds, before) if bounds else ():
            found.setdefault(teller, {one: Counter() for one in KEPT})[part][value] += cases
    return {teller: counts_of(values, reckoning) for teller, values in found.items()}


def counts_of(found: Mapping[Part, "Counter[int]"], reckoning: Reckoning) -> Counts:
    """The counts that follow from how many cases have which value."""
    parts = {part: sum(values.values()) for part, values in found.items()}
    grades = {value: cases for value, cases in found.get(Part.RATED, Counter()).items() if value != UNKNOWN and cases}
    hand_overs = {n: cases for n, cases in found.get(Part.RESOLVED, Counter()).items() if n != UNKNOWN and cases}
    if Part.RATED in found:
        parts[Part.SATISFIED] = sum(cases for grade, cases in grades.items() if grade >= SATISFIED)
        parts[Part.WEIGHTED] = weighted(grades, reckoning.weights)
        parts[Part.WEIGHTABLE] = 1000 * parts[Part.RATED]
    if Part.RESOLVED in found:
        parts[Part.HAND_OVERS] = sum(times * cases for times, cases in hand_overs.items())
    return Counts(parts, hand_overs)


def by_division(tx: Tx, period: Period, as_of_ms: int, reckoning: Reckoning) -> dict[str, Tally]:
    """What lies in each division itself, of every case that this ledger knows from its origin. Of what ledgers below
    have told, whole days are counted."""
    own, asked = _S.center == _S.origin, Asked(ms(period.begin), ms(period.end), as_of_ms)
    found = placed(tx, t.ledger_states, own, asked, reckoning)
    days = Days.of(reckoning)
    if (inner := _whole_days(asked, days)) is not None:
        told = ledger_sums.below(tx, [part.value for part in TALLIED], *inner, days.of_moment(as_of_ms))
        for division in {division for division, _ in told}:
            more = Tally(*(told.get((division, part.value), 0) for part in TALLIED))
            found[division] = found.get(division, Tally()).plus(more)
    return found
