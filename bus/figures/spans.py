"""Spans: from which as-of a case counts for a part of a figure, and until which. Pure.

A period asks for the cases whose cohort moment lies in it, an as-of for the spans that it stands in. What is kept of a
case is therefore a few numbers, and a figure of any period and any as-of is their sum. Moments are milliseconds since
1970; what happens at the as-of itself has not happened yet, but for a deadline, which has passed.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from bus.contract.messages import Outcome
from bus.figures.definitions import Part
from bus.figures.period import Reckoning

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
BAD_GRADE = 2
"""A rating up to this one asks for a new answer."""
AT_ANY_TIME = 0
"""The cohort moment of parts that no period bounds: what is open is open, however old."""
UNKNOWN = -1
"""The value where nobody knows it."""


class CountedCase(NamedTuple):
    """What figures need of one case, as its origin tells it."""

    opened_ms: int
    is_open: bool
    """Whether its status says so."""
    due_ms: int | None = None
    resolved_ms: int | None = None
    closed_ms: int | None = None
    reopened_ms: int | None = None
    rated_ms: int | None = None
    claimed_ms: int | None = None
    grade: int | None = None
    outcome: str | None = None
    instant: bool | None = None
    hand_overs: int | None = None
    taken_ms: int | None = None
    contacted_ms: int | None = None
    first_right: bool | None = None
    called_back_ms: int | None = None
    solved: bool | None = None
    answered_again_ms: int | None = None

    @property
    def is_cancelled(self) -> bool:
        """Whether the resident took it back."""
        return self.outcome == Outcome.CANCELLED.value and self.resolved_ms is not None

    @property
    def is_undated(self) -> bool:
        """Whether it was resolved at a moment that nobody knows."""
        return self.resolved_ms is None and (not self.is_open or self.reopened_ms is not None)


class Windows(NamedTuple):
    """How long the county's reckoning allows for what follows."""

    reopening_days: int
    rating_days: int
    contact_hours: int
    rework_days: int

    @classmethod
    def of(cls, reckoning: Reckoning) -> "Windows":
        """Those of a reckoning."""
        return cls(reckoning.reopening_days, reckoning.rating_days, reckoning.contact_hours, reckoning.rework_days)


class Span(NamedTuple):
    """Where one case counts."""

    part: Part
    cohort_ms: int
    from_ms: int
    """The first as-of at which it counts."""
    until_ms: int | None = None
    """The first as-of at which it does not count any more."""
    value: int = 0
    """Hand-overs of a resolved case, the grade of a rated one."""

    @property
    def is_empty(self) -> bool:
        """Whether it counts at no as-of."""
        return self.until_ms is not None and self.until_ms <= self.from_ms


def spans_of(case: CountedCase, windows: Windows) -> list[Span]:
    """Every part that this case counts for."""
    return [span for span in _spans(case, windows) if not span.is_empty]


def _spans(case: CountedCase, windows: Windows) -> Iterator[Span]:
    opened = case.opened_ms
    begin = opened + 1
    end = _after(case.resolved_ms) if case.is_cancelled else None
    yield Span(Part.REGISTERED, opened, begin, end)
    if case.is_cancelled:
        yield Span(Part.CANCELLED, opened, _after(case.resolved_ms) or 0)
    if case.is_undated:
        yield Span(Part.UNDATED, opened, begin, end)
    if case.claimed_ms is not None:
        yield Span(Part.CLAIMED, opened, max(begin, case.claimed_ms + 1), end)
    yield from _dated(case, begin, end)
    yield from _closed(case, begin, end)
    if case.taken_ms is not None:
        contact_due = case.taken_ms + windows.contact_hours * HOUR_MS
        in_time = case.contacted_ms is not None and case.contacted_ms <= contact_due
        parts = (Part.CONTACT_DUE, Part.CONTACTED_IN_TIME) if in_time else (Part.CONTACT_DUE,)
        yield from (Span(part, opened, max(begin, contact_due), end) for part in parts)
    if case.resolved_ms is not None and not case.is_cancelled:
        yield from _resolved(case, case.resolved_ms, windows)


def _dated(case: CountedCase, begin: int, end: int | None) -> Iterator[Span]:
    """Open, and due."""
    opened, due, resolved = case.opened_ms, case.due_ms, _after(case.resolved_ms)
    if not case.is_undated:
        yield Span(Part.OPEN, AT_ANY_TIME, begin, resolved)
    if due is not None:
        if not case.is_undated:
            yield Span(Part.OVERDUE, AT_ANY_TIME, max(begin, due + 1), resolved)
        yield Span(Part.DUE, opened, max(begin, due), end)
        if case.resolved_ms is not None and case.resolved_ms <= due:
            yield Span(Part.ON_TIME, opened, max(begin, due), end)


def _closed(case: CountedCase, begin: int, end: int | None) -> Iterator[Span]:
    if case.closed_ms is None:
        return
    since = max(begin, case.closed_ms + 1)
    yield Span(Part.CLOSED_IN_PERIOD, case.closed_ms, since, end)
    if case.reopened_ms is not None:
        yield Span(Part.REOPENED, case.closed_ms, max(since, case.reopened_ms + 1), end)


def _resolved(case: CountedCase, resolved: int, windows: Windows) -> Iterator[Span]:
    opened, since = case.opened_ms, max(case.opened_ms, resolved) + 1
    hand_overs = UNKNOWN if case.hand_overs is None else case.hand_overs
    yield Span(Part.RESOLVED, opened, since, value=hand_overs)
    yield Span(Part.RESOLVED_IN_PERIOD, resolved, since)
    if case.instant:
        yield Span(Part.INSTANT, opened, since)
    if case.first_right:
        yield Span(Part.FIRST_RIGHT, opened, since)
    if case.called_back_ms is not None:
        called = max(since, case.called_back_ms + 1)
        yield Span(Part.CALLED_BACK, opened, called)
        if case.solved:
            yield Span(Part.CONFIRMED_SOLVED, opened, called)
    window_ends = max(since, resolved + windows.reopening_days * DAY_MS)
    yield Span(Part.WINDOW_ENDED, opened, window_ends)
    yield Span(Part.SETTLED_FOR_GOOD, opened, window_ends, _after(case.reopened_ms))
    ratable = resolved + windows.rating_days * DAY_MS
    if case.rated_ms is not None:
        rated = max(since, case.rated_ms + 1)
        yield Span(Part.RATED, opened, rated, value=UNKNOWN if case.grade is None else case.grade)
        yield from _reworked(case, rated, case.rated_ms + windows.rework_days * DAY_MS)
        ratable = min(ratable, case.rated_ms + 1)
    yield Span(Part.RATABLE, opened, max(since, ratable))


def _reworked(case: CountedCase, rated: int, due: int) -> Iterator[Span]:
    """Where a bad rating counts."""
    if case.grade is None or case.grade > BAD_GRADE:
        return
    yield Span(Part.REWORK_DUE, case.opened_ms, max(rated, due))
    if case.answered_again_ms is not None and case.answered_again_ms <= due:
        yield Span(Part.REWORKED_IN_TIME, case.opened_ms, max(rated, due))


def spans_of_project(cases: Iterable[CountedCase]) -> list[Span]:
    """Where a project counts: in the cohort of its first demand, and as resolved while all that were registered by
    then are. Demands that were taken back are none of it."""
    demands = sorted((one for one in cases if not one.is_cancelled), key=lambda one: one.opened_ms)
    if not demands:
        return []
    cohort = demands[0].opened_ms
    return [Span(Part.PROJECTS, cohort, cohort + 1), *_resolved_while(demands, cohort)]


def _resolved_while(demands: Sequence[CountedCase], cohort: int) -> Iterator[Span]:
    steps: dict[int, int] = {}
    for one in demands:
        begin = one.opened_ms + 1
        steps[begin] = steps.get(begin, 0) + 1
        if one.resolved_ms is not None:
            done = max(begin, one.resolved_ms + 1)
            steps[done] = steps.get(done, 0) - 1
    unresolved, since = 0, None
    for at in sorted(steps):
        unresolved += steps[at]
        if unresolved == 0 and since is None:
            since = at
        elif unresolved and since is not None:
            yield Span(Part.PROJECTS_RESOLVED, cohort, since, at)
            since = None
    if since is not None:
        yield Span(Part.PROJECTS_RESOLVED, cohort, since)


class CountedOffer(NamedTuple):
    """What figures need of one offer to a single center, as its sender tells it."""

    offered_ms: int
    sign_by_ms: int | None = None
    answered_ms: int | None = None
    declined: bool = False


def spans_of_offer(offer: CountedOffer) -> list[Span]:
    """Every part that this offer counts for."""
    offered, sign_by, answered, declined = offer
    spans = []
    if answered is not None:
        since = max(offered, answered) + 1
        spans.append(Span(Part.OFFERS_ANSWERED, offered, since))
        if declined:
            spans.append(Span(Part.OFFERS_DECLINED, offered, since))
    if sign_by is not None:
        since = max(offered + 1, sign_by)
        spans.append(Span(Part.SIGN_DUE, offered, since))
        if answered is not None and answered <= sign_by:
            spans.append(Span(Part.SIGNED_IN_TIME, offered, since))
    return spans


def _after(moment_ms: int | None) -> int | None:
    """The first as-of before which it has happened."""
    return None if moment_ms is None else moment_ms + 1
