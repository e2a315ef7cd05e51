"""What a ledger counts case by case: the parts of days that no kept sum can tell apart.

Only the cases with a moment in that part of a day are looked at, each by the index of the moment, and only by moments
that matter to what is asked for. Where more than half of a day lies before the as-of, its rest is counted, and taken
off the sum of the whole day.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Subquery, and_, case, func, select, true, union, union_all

from bus.figures.cells import UNBOUNDED
from bus.figures.definitions import Part
from bus.figures.period import Reckoning
from bus.figures.spans import DAY_MS, HOUR_MS, UNKNOWN, Windows
from bus.store import ledger_offers
from bus.store import tables as t
from bus.store.database import Tx
from bus.store.figures import Asked, conditions_of, projects_of

_S, _O = t.ledger_states.c, t.ledger_offers.c
OF_CASES = frozenset({
    Part.REGISTERED, Part.CANCELLED, Part.OPEN, Part.RESOLVED, Part.RESOLVED_IN_PERIOD, Part.DUE, Part.ON_TIME,
    Part.OVERDUE, Part.SETTLED_FOR_GOOD, Part.WINDOW_ENDED, Part.CLOSED_IN_PERIOD, Part.REOPENED, Part.RATED,
    Part.RATABLE, Part.CLAIMED, Part.INSTANT, Part.UNDATED, Part.FIRST_RIGHT, Part.CONTACT_DUE, Part.CONTACTED_IN_TIME,
    Part.CALLED_BACK, Part.CONFIRMED_SOLVED, Part.REWORK_DUE, Part.REWORKED_IN_TIME,
})  # fmt: skip
"""Parts that are a number of cases, and of which sums are kept."""
OF_PROJECTS = frozenset({Part.PROJECTS, Part.PROJECTS_RESOLVED})
OF_OFFERS = frozenset({Part.OFFERS_ANSWERED, Part.OFFERS_DECLINED, Part.SIGN_DUE, Part.SIGNED_IN_TIME})
VALUES: Mapping[Part, ColumnElement[Any]] = {Part.RESOLVED: _S.hand_overs, Part.RATED: _S.grade}
"""Part → what is kept beside it of each case."""

Found = dict[Part, "Counter[int]"]
"""Part → value → how many cases."""


class Moment(NamedTuple):
    """A moment of a case from which on it counts otherwise."""

    column: ColumnElement[int | None]
    later_ms: int = 0
    """How long after the column's moment."""

    def within(self, begin_ms: int, end_ms: int) -> ColumnElement[bool]:
        """Whether it lies in this part of a day."""
        return self.column.between(begin_ms - self.later_ms, end_ms - self.later_ms)


_ALWAYS = (Moment(_S.opened_ms), Moment(_S.resolved_ms))
"""What is not registered yet counts nowhere, and what is cancelled counts no more."""


def moments_of(part: Part, windows: Windows) -> tuple[Moment, ...]:
    """The moments that matter to a part: those in which its spans begin and end (``bus/figures/spans.py``)."""
    rated, due = Moment(_S.rated_ms), Moment(_S.due_ms)
    reopening = Moment(_S.resolved_ms, windows.reopening_days * DAY_MS)
    contact = Moment(_S.taken_ms, windows.contact_hours * HOUR_MS)
    rework = Moment(_S.rated_ms, windows.rework_days * DAY_MS)
    closed, reopened, called_back = Moment(_S.closed_ms), Moment(_S.reopened_ms), Moment(_S.called_back_ms)
    others: Mapping[Part, tuple[Moment, ...]] = {
        **dict.fromkeys((Part.DUE, Part.ON_TIME, Part.OVERDUE), (due,)),
        Part.SETTLED_FOR_GOOD: (reopening, reopened),
        Part.WINDOW_ENDED: (reopening,),
        Part.CLOSED_IN_PERIOD: (closed,),
        Part.REOPENED: (closed, reopened),
        Part.RATED: (rated,),
        Part.RATABLE: (rated, Moment(_S.resolved_ms, windows.rating_days * DAY_MS)),
        Part.CLAIMED: (Moment(_S.claimed_ms),),
        **dict.fromkeys((Part.CONTACT_DUE, Part.CONTACTED_IN_TIME), (contact,)),
        **dict.fromkeys((Part.CALLED_BACK, Part.CONFIRMED_SOLVED), (called_back,)),
        **dict.fromkeys((Part.REWORK_DUE, Part.REWORKED_IN_TIME), (rated, rework)),
    }
    return (*_ALWAYS, *others.get(part, ()))


_COHORTS = {Part.CLOSED_IN_PERIOD: _S.closed_ms, Part.REOPENED: _S.closed_ms, Part.RESOLVED_IN_PERIOD: _S.resolved_ms}
"""Part → the moment by which a period takes it, where that is not when the case was registered."""


class PartsOfDays:
    """Counts case by case, for the parts that are asked for."""

    def __init__(self, tx: Tx, reckoning: Reckoning, parts: Iterable[Part]) -> None:
        wanted = [*parts]
        self._tx, self._reckoning, self._windows = tx, reckoning, Windows.of(reckoning)
        self._of_cases = [part for part in wanted if part in OF_CASES]
        self._projects = any(part in OF_PROJECTS for part in wanted)
        self._offers = [part for part in wanted if part in OF_OFFERS]

    def changed(self, found: Found, whole: Asked | None, begin_ms: int, end_ms: int, sign: int) -> None:
        """Add what has changed from ``begin_ms`` to ``end_ms``, for the cohorts of these whole days. ``whole``: None
        where there are none: then of what no period bounds alone."""
        if begin_ms >= end_ms:
            return
        cohorts = whole or Asked(0, 0, 0)
        before, after = cohorts._replace(as_of_ms=begin_ms), cohorts._replace(as_of_ms=end_ms)
        cases = [part for part in self._of_cases if whole is not None or part in UNBOUNDED]
        moments = dict.fromkeys(moment for part in cases for moment in moments_of(part, self._windows))
        if cases:
            rows = _each_once([moment.within(begin_ms, end_ms) for moment in moments])
            self._count(found, rows, cases, after, before, sign)
        if whole is not None:
            touched = union(*(select(_S.project).where(moment.within(begin_ms, end_ms)) for moment in _ALWAYS))
            near = [column.between(begin_ms, end_ms) for column in (_O.offered_ms, _O.sign_by_ms, _O.answered_ms)]
            for asked, counted in ((after, sign), (before, -sign)):
                self._count_projects(found, touched.subquery(), asked, counted)
                self._count_offers(found, near, asked, counted)

    def of_cohorts(self, found: Found, edge: Asked) -> None:
        """Add the cohorts of a part of a day, as of the as-of."""
        bounded = [part for part in self._of_cases if part not in UNBOUNDED]
        for column in dict.fromkeys(_COHORTS.get(part, _S.opened_ms) for part in bounded):
            parts = [part for part in bounded if _COHORTS.get(part, _S.opened_ms) is column]
            rows = _each_once([column.between(edge.begin_ms, edge.end_ms)])
            self._count(found, rows, parts, edge, None, 1)
        begun = select(_S.project).where(_S.opened_ms.between(edge.begin_ms, edge.end_ms))
        self._count_projects(found, begun.subquery(), edge, 1)
        self._count_offers(found, [_O.offered_ms.between(edge.begin_ms, edge.end_ms)], edge, 1)

    def _count(
        self, found: Found, rows: Subquery, parts: Sequence[Part], asked: Asked, less: Asked | None, sign: int
    ) -> None:
        """Add the cases of these rows as of ``asked``, less those as of ``less``."""
        now = conditions_of(rows.c, asked, self._reckoning)
        then = conditions_of(rows.c, less, self._reckoning) if less is not None else None
        each = {part: _number(now[part]) - (_number(then[part]) if then is not None else 0) for part in parts}
        plain = [part for part in parts if part not in VALUES]
        if plain:
            counted = self._tx.execute(select(*(each[part] for part in plain))).one()
            for part, number in zip(plain, counted, strict=True):
                found[part][0] += sign * int(number)
        for part in parts:
            if part in VALUES:
                value = func.coalesce(rows.c[VALUES[part].name], UNKNOWN)
                for kept, number in self._tx.execute(select(value, each[part]).group_by(value)):
                    found[part][int(kept)] += sign * int(number)

    def _count_projects(self, found: Found, touched: Subquery, asked: Asked, sign: int) -> None:
        if not self._projects:
            return
        named = select(touched.c.project).where(touched.c.project.is_not(None))
        each = projects_of(t.ledger_states, and_(_S.center == _S.origin, _S.project.in_(named)), asked)
        every, resolved = self._tx.execute(select(func.count(), _number(each.c.done)).select_from(each)).one()
        for part, number in ((Part.PROJECTS, every), (Part.PROJECTS_RESOLVED, resolved)):
            if part in found:
                found[part][0] += sign * int(number)

    def _count_offers(self, found: Found, near: Sequence[ColumnElement[bool]], asked: Asked, sign: int) -> None:
        if not self._offers:
            return
        of = union(*(select(t.ledger_offers).where(_O.recipients == 1, one) for one in near)).subquery().c
        each = ledger_offers.conditions_of(asked, of)
        counted = self._tx.execute(select(*(_number(each[part]) for part in self._offers))).one()
        for part, number in zip(self._offers, counted, strict=True):
            found[part][0] += sign * int(number)


def _number(condition: ColumnElement[bool]) -> ColumnElement[int]:
    """How many rows are so."""
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _each_once(near: Sequence[ColumnElement[bool]]) -> Subquery:
    """The states of origins of which one of these holds: each condition by its index, and none twice."""
    own, narrow = _S.center == _S.origin, [column for column in _S if column.name not in _UNCOUNTED]
    branches = [
        select(*narrow).where(own, one, *(before.is_not(true()) for before in near[:number]))
        for number, one in enumerate(near)
    ]
    return union_all(*branches).subquery()


_UNCOUNTED = frozenset({
    "center", "case_id", "origin", "holder", "version", "round", "category", "urgency", "division", "project",
    "offered_to", "offered_ms", "sign_by_ms", "told_ms",
})  # fmt: skip
"""Columns that no condition reads."""
