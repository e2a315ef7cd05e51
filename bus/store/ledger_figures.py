"""Counts of a ledger, at any as-of: sums of whole days, and a look at the cases of the days at the edges.

What a sum says of a day, only the cases can say of a part of it. So the days in which the period begins and ends, where
it does so within them, and the day of the as-of are counted case by case, by the conditions that a center counts by.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Integer, String, Subquery, and_, bindparam, case, func, or_, select, union

from bus.figures.answers import Counts, weighted
from bus.figures.cells import COUNTY, UNBOUNDED, Days
from bus.figures.definitions import Part
from bus.figures.period import Period, Reckoning
from bus.figures.spans import AT_ANY_TIME, DAY_MS, HOUR_MS, UNKNOWN, Windows
from bus.figures.tree import Tally
from bus.store import ledger_sums
from bus.store import tables as t
from bus.store.database import Tx
from bus.store.figures import SATISFIED, Asked, conditions_of, placed, projects_of
from bus.store.statements import Prepared
from bus.store.timestamps import ms

_S, _O, _C = t.ledger_states.c, t.ledger_offers.c, t.ledger_cells.c
OF_CASES = frozenset({
    Part.REGISTERED, Part.CANCELLED, Part.OPEN, Part.RESOLVED, Part.RESOLVED_IN_PERIOD, Part.DUE, Part.ON_TIME,
    Part.OVERDUE, Part.SETTLED_FOR_GOOD, Part.WINDOW_ENDED, Part.CLOSED_IN_PERIOD, Part.REOPENED, Part.RATED,
    Part.RATABLE, Part.CLAIMED, Part.INSTANT, Part.UNDATED, Part.FIRST_RIGHT, Part.CONTACT_DUE, Part.CONTACTED_IN_TIME,
    Part.CALLED_BACK, Part.CONFIRMED_SOLVED, Part.REWORK_DUE, Part.REWORKED_IN_TIME,
})  # fmt: skip
"""Parts that are a number of cases, and of which sums are kept."""
OF_PROJECTS = frozenset({Part.PROJECTS, Part.PROJECTS_RESOLVED})
OF_OFFERS = frozenset({Part.OFFERS_ANSWERED, Part.OFFERS_DECLINED, Part.SIGN_DUE, Part.SIGNED_IN_TIME})
MADE_OF: Mapping[Part, Part] = {
    Part.SATISFIED: Part.RATED,
    Part.WEIGHTED: Part.RATED,
    Part.WEIGHTABLE: Part.RATED,
    Part.HAND_OVERS: Part.RESOLVED,
}
"""Part → the one whose cases it is computed from, by their values."""
KEPT = OF_CASES | OF_PROJECTS | OF_OFFERS
VALUES: Mapping[Part, ColumnElement[Any]] = {Part.RESOLVED: _S.hand_overs, Part.RATED: _S.grade}
"""Part → what is kept beside it of each case."""
TALLIED = (Part.REGISTERED, Part.RESOLVED, Part.PROJECTS, Part.PROJECTS_RESOLVED)
"""Parts in the order of a ``Tally``."""
EVENTS = (
    *(_S.opened_ms, _S.due_ms, _S.resolved_ms, _S.closed_ms, _S.reopened_ms, _S.rated_ms, _S.claimed_ms),
    _S.called_back_ms,
)


By = Mapping[int, int]
"""Value → how many cases."""
_SUMS = Prepared(
    lambda _: (
        select(_C.value, func.sum(_C.cases))
        .where(
            _C.part == bindparam("part", type_=String),
            _C.scope == bindparam("scope", type_=String),
            _C.cohort_day >= bindparam("first", type_=Integer),
            _C.cohort_day <= bindparam("last", type_=Integer),
            _C.event_day < bindparam("before", type_=Integer),
        )
        .group_by(_C.value)
    )
)


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
    day = days.of_moment(as_of_ms)
    inner = _whole_days(asked, days)
    for part in wanted:
        bounds = (AT_ANY_TIME, AT_ANY_TIME) if part in UNBOUNDED else inner
        if bounds is not None:
            found[part] += _sums(tx, part, *bounds, day)
    look = _Look(tx, reckoning, wanted)
    begin = days.begin_ms(day)
    if inner is not None:
        whole = Asked(days.begin_ms(inner[0]), days.begin_ms(inner[1] + 1), as_of_ms)
        look.of_day(found, whole, begin)
    else:
        look.of_day(found, Asked(0, 0, as_of_ms), begin)
    for edge in _edges(asked, days, inner):
        look.of_cohort(found, edge)
    return _counts(found, reckoning)


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
    """By value: the cohorts of these days, both included, with the events of days ``before`` that one."""
    rows = _SUMS.rows(tx, part=part.value, scope=COUNTY, first=first, last=last, before=before)
    return Counter({int(value): int(cases) for value, cases in rows})


class _Look:
    """Counts case by case, over the cases of a day."""

    def __init__(self, tx: Tx, reckoning: Reckoning, parts: Iterable[Part]) -> None:
        self._tx, self._reckoning = tx, reckoning
        self._of_cases = [part for part in parts if part in OF_CASES]
        self._projects = any(part in OF_PROJECTS for part in parts)
        self._offers = [part for part in parts if part in OF_OFFERS]

    def of_day(self, found: dict[Part, "Counter[int]"], whole: Asked, begin_ms: int) -> None:
        """Add what has changed from the begin of the as-of's day to the as-of, for the cohorts of these whole days."""
        if begin_ms >= whole.as_of_ms:
            return
        rows = self._touched(begin_ms, whole.as_of_ms)
        for asked, sign in ((whole, 1), (whole._replace(as_of_ms=begin_ms), -1)):
            self._add(found, self._cases(rows, asked), sign)
            self._add(found, self._of_projects(asked, rows), sign)
            near = or_(*(column.between(begin_ms, whole.as_of_ms) for column in
                         (_O.offered_ms, _O.sign_by_ms, _O.answered_ms)))  # fmt: skip
            self._add(found, self._of_offers(asked, near), sign)

    def of_cohort(self, found: dict[Part, "Counter[int]"], edge: Asked) -> None:
        """Add what lies in a part of a day, as of the as-of."""
        bounded = [part for part in self._of_cases if part not in UNBOUNDED]
        begun = (_S.opened_ms, _S.resolved_ms, _S.closed_ms)
        rows = _of_moments([column.between(edge.begin_ms, edge.end_ms) for column in begun])
        self._add(found, self._cases(rows, edge, bounded), 1)
        self._add(found, self._of_projects(edge, None), 1)
        self._add(found, self._of_offers(edge, and_(_O.offered_ms >= edge.begin_ms, _O.offered_ms < edge.end_ms)), 1)

    def _touched(self, begin_ms: int, end_ms: int) -> Subquery:
        windows = Windows.of(self._reckoning)
        ends = (
            (_S.resolved_ms, windows.reopening_days * DAY_MS),
            (_S.resolved_ms, windows.rating_days * DAY_MS),
            (_S.rated_ms, windows.rework_days * DAY_MS),
            (_S.taken_ms, windows.contact_hours * HOUR_MS),
        )
        later = [column.between(begin_ms - window, end_ms - window) for column, window in ends]
        return _of_moments([*(column.between(begin_ms, end_ms) for column in EVENTS), *later])

    def _add(self, found: dict[Part, "Counter[int]"], counted: Mapping[Part, Mapping[int, int]], sign: int) -> None:
        for part, values in counted.items():
            for value, cases in values.items():
                found[part][value] += sign * cases

    def _cases(self, rows: Subquery, asked: Asked, parts: Sequence[Part] | None = None) -> dict[Part, By]:
        wanted = self._of_cases if parts is None else parts
        conditions = conditions_of(rows.c, asked, self._reckoning)
        plain = [part for part in wanted if part not in VALUES]
        counted: dict[Part, By] = {}
        if plain:
            sums = [func.coalesce(func.sum(case((conditions[part], 1), else_=0)), 0) for part in plain]
            row = self._tx.execute(select(*sums)).one()
            counted = {part: {0: int(number)} for part, number in zip(plain, row, strict=True)}
        for part in wanted:
            if part in VALUES:
                value = func.coalesce(rows.c[VALUES[part].name], UNKNOWN)
                each = select(value, func.count()).where(conditions[part]).group_by(value)
                counted[part] = {int(value): int(number) for value, number in self._tx.execute(each)}
        return counted

    def _of_projects(self, asked: Asked, touched: Subquery | None) -> dict[Part, By]:
        if not self._projects:
            return {}
        own = _S.center == _S.origin
        if touched is not None:
            own = and_(own, _S.project.in_(select(touched.c.project).where(touched.c.project.is_not(None))))
        else:
            begun = and_(_S.opened_ms >= asked.begin_ms, _S.opened_ms < asked.end_ms, _S.project.is_not(None))
            own = and_(own, _S.project.in_(select(_S.project).where(begun)))
        each = projects_of(t.ledger_states, own, asked)
        ended = func.coalesce(func.sum(case((each.c.done, 1), else_=0)), 0)
        every, resolved = self._tx.execute(select(func.count(), ended).select_from(each)).one()
        return {Part.PROJECTS: {0: int(every)}, Part.PROJECTS_RESOLVED: {0: int(resolved)}}

    def _of_offers(self, asked: Asked, near: ColumnElement[bool]) -> dict[Part, By]:
        if not self._offers:
            return {}
        answered = and_(_O.offered_ms < asked.as_of_ms, _O.answered_ms < asked.as_of_ms)
        due = and_(_O.offered_ms < asked.as_of_ms, _O.sign_by_ms <= asked.as_of_ms)
        each = {
            Part.OFFERS_ANSWERED: answered,
            Part.OFFERS_DECLINED: and_(answered, _O.declined),
            Part.SIGN_DUE: due,
            Part.SIGNED_IN_TIME: and_(due, _O.answered_ms <= _O.sign_by_ms),
        }
        made = and_(_O.recipients == 1, _O.offered_ms >= asked.begin_ms, _O.offered_ms < asked.end_ms, near)
        sums = [func.coalesce(func.sum(case((each[part], 1), else_=0)), 0) for part in self._offers]
        row = self._tx.execute(select(*sums).where(made)).one()
        return {part: {0: int(number)} for part, number in zip(self._offers, row, strict=True)}


def _of_moments(near: Sequence[ColumnElement[bool]]) -> Subquery:
    """The states of origins with one of these moments: by index, each once."""
    own = _S.center == _S.origin
    return union(*(select(t.ledger_states).where(own, one) for one in near)).subquery()


def _counts(found: Mapping[Part, "Counter[int]"], reckoning: Reckoning) -> Counts:
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
