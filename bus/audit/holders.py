"""Rules of custody: each case has one holder, which knows it, and no center forgets in silence. Pure."""

from collections.abc import Iterator
from itertools import chain

from bus.audit.finding import AT_ONCE, DAY_MS, SECOND_MS, Code, Evidence, Violation
from bus.audit.view import CaseView, FactRow, StateRow

DELIVERY_MS = 45 * SECOND_MS
"""A message takes a second, its fact as long again, and a center that starts anew some twenty. After 45 seconds an
operator learns of it within the minute; what a retry heals later is then a finding that clears."""
REMEMBERED_MS = 10 * 60 * SECOND_MS
"""Two holders at one version stay a finding for ten minutes after all have gone on to a later one: two centers have
acted, and a round of the auditor that comes late must still see it."""
Belief = FactRow | StateRow


def two_holders(view: CaseView, now_ms: int) -> Iterator[Violation]:
    """Nobody names different holders at one version; and who has given the case away knows it soon."""
    beliefs: dict[int, dict[str, Belief]] = {}
    known: Iterator[Belief] = chain[Belief](view.standing, view.now.values())
    for one in known:
        beliefs.setdefault(one.version, {}).setdefault(one.holder, one)
    for version, by_holder in beliefs.items():
        shown = tuple(one.shown() for one in by_holder.values())
        since = max(one.at_ms for one in shown)
        believed = any(one.version == version for one in view.now.values())
        if len(by_holder) > 1 and (believed or now_ms < since + REMEMBERED_MS):
            yield Violation(
                Code.TWO_HOLDERS, view.case_id, f"version {version}", shown[-1].center, since, AT_ONCE, shown
            )
    yield from _stale(view)


def _newest(view: CaseView) -> StateRow | None:
    return max(view.now.values(), key=lambda one: (one.version, one.center), default=None)


def _stale(view: CaseView) -> Iterator[Violation]:
    newest = _newest(view)
    for name, one in view.now.items():
        if newest is not None and one.holder == name and one.version < newest.version and newest.holder != name:
            shown, since = (one.shown(), newest.shown()), newest.told_ms
            lacks = view.is_behind(name)
            yield Violation(Code.TWO_HOLDERS, view.case_id, f"still {name}", name, since, DELIVERY_MS, shown, lacks)


def no_holder(view: CaseView, _now_ms: int) -> Iterator[Violation]:
    """The holder at the newest version has the case at that version."""
    newest = _newest(view)
    if newest is None:
        return
    teller, own = view.tellers.get(newest.holder), view.now.get(newest.holder)
    if teller is None or (own is None and not teller.known) or (own is not None and own.version >= newest.version):
        return
    shown = (newest.shown(), *((own.shown(),) if own is not None else ()))
    name, detail, since = newest.holder, f"{newest.holder}@{newest.version}", newest.told_ms
    lacks = view.is_behind(name)
    yield Violation(Code.NO_HOLDER, view.case_id, detail, name, since, DELIVERY_MS, shown, lacks)


def set_back(view: CaseView, now_ms: int) -> Iterator[Violation]:
    """In what one center tells, the version of a case never falls, and nothing that it has told is denied."""
    highest: dict[str, FactRow] = {}
    fell: dict[str, tuple[FactRow, FactRow]] = {}
    for one in view.standing:
        before = highest.setdefault(one.center, one)
        if one.version < before.version:
            fell[one.center] = (before, one)
        else:
            highest[one.center] = one
    for name, before in highest.items():
        if (denial := _denied(view, name, before)) is not None:
            shown = (before.shown(), *denial)
        elif (
            name in fell and now_ms < fell[name][1].at_ms + DAY_MS
        ):  # it has come back; a store was put back all the same
            shown = tuple(fact.shown() for fact in fell[name])
        else:
            continue
        yield Violation(Code.SET_BACK, view.case_id, name, name, shown[-1].at_ms, AT_ONCE, shown)


def _denied(view: CaseView, name: str, told: FactRow) -> tuple[Evidence, ...] | None:
    """Why the center's record is not what it has told; None: it is at least that."""
    state = view.now.get(name)
    if state is not None:
        return (state.shown(),) if state.version < told.version else None
    return () if view.tellers[name].known else None
