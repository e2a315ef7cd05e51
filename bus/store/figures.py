"""Counts for figures over this center's own cases. One pass over the table for each of three queries: for an operator's
command, not for a step."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Subquery, Table, and_, case, func, or_, select
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from bus.contract.messages import Outcome, Rater
from bus.custody import Status
from bus.figures.answers import PARTS_OF, Counts, combined, weighted
from bus.figures.definitions import Part
from bus.figures.period import Period, Reckoning
from bus.figures.spans import BAD_GRADE, DAY_MS, HOUR_MS
from bus.figures.tree import Tally, outside, place_of
from bus.store import activities
from bus.store import tables as t
from bus.store.database import Tx
from bus.store.timestamps import ms

SATISFIED = 3
"""The lowest grade that counts as satisfied."""


class Asked(NamedTuple):
    """What is counted, in the store's own milliseconds."""

    begin_ms: int
    end_ms: int
    as_of_ms: int


def count(tx: Tx, me: str, period: Period, as_of_ms: int, reckoning: Reckoning) -> Counts:
    """The counts of the cases that ``me`` has registered. What happens at the as-of itself is not counted."""
    asked = Asked(ms(period.begin), ms(period.end), as_of_ms)
    conditions = conditions_of(t.cases.c, asked, reckoning)
    own = t.cases.c.origin == me
    counted = [func.coalesce(func.sum(case((condition, 1), else_=0)), 0) for condition in conditions.values()]
    row = tx.execute(select(*counted).where(own)).one()
    parts = {part: int(number) for part, number in zip(conditions, row, strict=True)}
    hand_overs = _histogram(tx, t.cases.c.hand_overs, and_(own, conditions[Part.RESOLVED]))
    grades = _histogram(tx, t.cases.c.grade, and_(own, conditions[Part.RATED]))
    parts[Part.PROJECTS], parts[Part.PROJECTS_RESOLVED] = count_projects(tx, t.cases, own, asked)
    parts |= _opinions(tx, and_(own, conditions[Part.RESOLVED]), as_of_ms)
    parts[Part.COMBINED], parts[Part.COMBINABLE] = combined(parts, reckoning.rater_weights)
    parts[Part.ACTIVITIES] = activities.count(tx, period, as_of_ms)
    parts[Part.HAND_OVERS] = sum(times * cases for times, cases in hand_overs.items())
    parts[Part.WEIGHTED] = weighted(grades, reckoning.weights)
    parts[Part.WEIGHTABLE] = 1000 * parts[Part.RATED]
    return Counts(parts, hand_overs)


def by_division(tx: Tx, me: str, period: Period, as_of_ms: int, reckoning: Reckoning) -> dict[str, Tally]:
    """What lies in each division itself, of the cases that ``me`` has registered."""
    return placed(tx, t.cases, t.cases.c.origin == me, Asked(ms(period.begin), ms(period.end), as_of_ms), reckoning)


def placed(tx: Tx, table: Table, own: ColumnElement[bool], asked: Asked, reckoning: Reckoning) -> dict[str, Tally]:
    """What lies in each division itself: demands where they are, projects in the lowest division that holds all of
    theirs. ``own``: the cases that are counted."""
    c = table.c
    conditions = conditions_of(c, asked, reckoning)
    registered = and_(own, conditions[Part.REGISTERED], c.division.is_not(None))
    resolved = func.sum(case((conditions[Part.RESOLVED], 1), else_=0))
    found: dict[str, Tally] = {}
    rows = select(c.division, func.count(), resolved).where(registered).group_by(c.division)
    for division, demands, done in tx.execute(rows):
        found[division] = Tally(int(demands), int(done))
    each = projects_of(table, own, asked)
    for first, last, done in tx.execute(select(each.c.first_division, each.c.last_division, each.c.done)):
        place = place_of((first or "", last or ""))
        found[place] = found.get(place, Tally()).plus(Tally(projects=1, projects_resolved=int(done)))
    return outside(found, reckoning.counted_in) if reckoning.counted_in else found


def count_projects(tx: Tx, table: Table, own: ColumnElement[bool], asked: Asked) -> tuple[int, int]:
    """The projects of the period, and those of them whose demands are all resolved."""
    each = projects_of(table, own, asked)
    ended = func.coalesce(func.sum(case((each.c.done, 1), else_=0)), 0)
    count_of, ended_of = tx.execute(select(func.count(), ended).select_from(each)).one()
    return int(count_of), int(ended_of)


def projects_of(table: Table, own: ColumnElement[bool], asked: Asked) -> Subquery:
    """The projects whose first demand was registered in the period. Demands that were taken back are none of theirs."""
    c = table.c
    taken_back = and_(c.outcome == Outcome.CANCELLED.value, c.resolved_ms.is_not(None))
    known = case((c.opened_ms < asked.as_of_ms, 1), else_=0)
    resolved = case((and_(c.opened_ms < asked.as_of_ms, c.resolved_ms < asked.as_of_ms), 1), else_=0)
    first = func.min(c.opened_ms)
    return (
        select(
            c.project.label("project"),
            func.min(c.origin).label("origin"),
            func.min(c.division).label("first_division"),
            func.max(c.division).label("last_division"),
            (func.sum(known) == func.sum(resolved)).label("done"),
        )
        .where(own, c.project.is_not(None), ~func.coalesce(taken_back, False))
        .group_by(c.project)
        .having(first >= asked.begin_ms, first < asked.end_ms, first < asked.as_of_ms)
        .subquery()
    )


def _opinions(tx: Tx, resolved: ColumnElement[bool], as_of_ms: int) -> dict[Part, int]:
    """The opinions of others than the resident on the first round of these cases: the satisfied, and all."""
    o = t.opinions.c
    satisfied = func.sum(case((o.grade >= SATISFIED, 1), else_=0))
    of_case = t.opinions.join(t.cases, o.case_id == t.cases.c.case_id)
    given = and_(resolved, o.round == 1, o.at_ms < as_of_ms)
    found = {part: 0 for rater, both in PARTS_OF.items() if rater is not Rater.RESIDENT for part in both}
    rows = tx.execute(select(o.rater, satisfied, func.count()).select_from(of_case).where(given).group_by(o.rater))
    for rater, good, every in rows:
        found |= dict(zip(PARTS_OF[Rater(rater)], (int(good), int(every)), strict=True))
    return found


def _histogram(tx: Tx, column: ColumnElement[int | None], condition: ColumnElement[bool]) -> dict[int, int]:
    rows = tx.execute(select(column, func.count()).where(condition, column.is_not(None)).group_by(column))
    return {int(value): int(number) for value, number in rows if value is not None}


def conditions_of(
    c: ReadOnlyColumnCollection[str, Any], asked: Asked, reckoning: Reckoning
) -> Mapping[Part, ColumnElement[bool]]:
    """The condition of each part that is a number of cases, over a table with the columns of a case's facts."""
    begin, end, as_of = asked.begin_ms, asked.end_ms, asked.as_of_ms
    resolved = and_(c.resolved_ms.is_not(None), c.resolved_ms < as_of)
    cancelled = and_(resolved, c.outcome == Outcome.CANCELLED.value)
    undated = and_(c.resolved_ms.is_(None), or_(c.status != Status.OPEN.value, c.reopened_ms.is_not(None)))
    counts = and_(c.opened_ms < as_of, ~func.coalesce(cancelled, False))
    registered = and_(counts, c.opened_ms >= begin, c.opened_ms < end)
    is_open = and_(counts, ~resolved, ~undated)
    of_period = and_(registered, resolved)
    due = and_(registered, c.due_ms.is_not(None), c.due_ms <= as_of)
    reopened = and_(c.reopened_ms.is_not(None), c.reopened_ms < as_of)
    rated = and_(of_period, c.rated_ms.is_not(None), c.rated_ms < as_of)
    closed = and_(counts, c.closed_ms.is_not(None), c.closed_ms >= begin, c.closed_ms < end, c.closed_ms < as_of)
    window_ended = and_(of_period, c.resolved_ms + reckoning.reopening_days * DAY_MS <= as_of)
    rating_ended = and_(of_period, c.resolved_ms + reckoning.rating_days * DAY_MS <= as_of)
    contact_due = c.taken_ms + reckoning.contact_hours * HOUR_MS
    to_contact = and_(registered, c.taken_ms.is_not(None), contact_due <= as_of)
    called_back = and_(of_period, c.called_back_ms.is_not(None), c.called_back_ms < as_of)
    rework_due = c.rated_ms + reckoning.rework_days * DAY_MS
    to_rework = and_(rated, c.grade <= BAD_GRADE, rework_due <= as_of)
    return {
        Part.REGISTERED: registered,
        Part.CANCELLED: and_(c.opened_ms >= begin, c.opened_ms < end, func.coalesce(cancelled, False)),
        Part.OPEN: is_open,
        Part.RESOLVED: of_period,
        Part.RESOLVED_IN_PERIOD: and_(counts, resolved, c.resolved_ms >= begin, c.resolved_ms < end),
        Part.DUE: due,
        Part.ON_TIME: and_(due, c.resolved_ms.is_not(None), c.resolved_ms <= c.due_ms),
        Part.OVERDUE: and_(is_open, c.due_ms.is_not(None), c.due_ms < as_of),
        Part.SETTLED_FOR_GOOD: and_(window_ended, ~reopened),
        Part.WINDOW_ENDED: window_ended,
        Part.CLOSED_IN_PERIOD: closed,
        Part.REOPENED: and_(closed, reopened),
        Part.RATED: rated,
        Part.RATABLE: or_(rated, rating_ended),
        Part.SATISFIED: and_(rated, c.grade >= SATISFIED),
        Part.CLAIMED: and_(registered, c.claimed_ms.is_not(None), c.claimed_ms < as_of),
        Part.INSTANT: and_(of_period, c.instant),
        Part.UNDATED: and_(registered, undated),
        Part.FIRST_RIGHT: and_(of_period, c.first_right),
        Part.CONTACT_DUE: to_contact,
        Part.CONTACTED_IN_TIME: and_(to_contact, c.contacted_ms <= contact_due),
        Part.CALLED_BACK: called_back,
        Part.CONFIRMED_SOLVED: and_(called_back, c.solved),
        Part.REWORK_DUE: to_rework,
        Part.REWORKED_IN_TIME: and_(to_rework, c.answered_again_ms <= rework_due),
    }
