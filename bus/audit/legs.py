"""Rules of hand-overs: an offer has two ends and an answer in time, and no case goes back and forth. Pure."""

from collections.abc import Iterator

from bus.audit.finding import AT_ONCE, DAY_MS, SECOND_MS, Code, Violation
from bus.audit.holders import DELIVERY_MS
from bus.audit.view import SAID, CaseView, FactRow, StateRow
from bus.contract.messages import Accepted, Closed, Declined, Lost, Offered, Ruled, Withdrawn

ANSWER_MS = 7 * DAY_MS
"""An offer without a deadline is answered by people, who have weekends and holidays."""
SIGN_MS = 30 * SECOND_MS
"""An answer of the last second is still under way, and the clocks of two centers differ a little."""
BACK_AND_FORTH = 4
"""Passes between the same two centers, returns counted: the second return is the last that custody allows, so it takes
a ruling to get so far, and nobody has learnt from it."""
ANSWERS = frozenset({Accepted.kind, Declined.kind, Withdrawn.kind})
ENDS = frozenset({Lost.kind, Ruled.kind, Closed.kind})


def left(until_ms: int, now_ms: int) -> int:
    """The patience until a moment; after it, the time of an answer that is under way."""
    return max(SIGN_MS, until_ms - now_ms)


def leg_without_end(view: CaseView, now_ms: int) -> Iterator[Violation]:
    """An offer that is open at one end is open at the other, and is answered some day."""
    for name, state in view.now.items():
        for asked in state.offered_to:
            yield from _awaited(view, name, state, asked, now_ms)
    for fact in _open_at_recipient(view):
        offerer, name = view.now.get(fact.peer or ""), fact.peer or ""
        told = (
            (name, fact.message_id or "") in view.said and not view.is_behind(name) and not view.is_behind(fact.center)
        )
        if told and offerer is not None and fact.center not in offerer.offered_to:
            yield _leg(view, fact.center, f"from {name}", fact.at_ms, DELIVERY_MS, fact)


def _awaited(view: CaseView, name: str, state: StateRow, asked: str, now_ms: int) -> Iterator[Violation]:
    """What is wrong with the offer of ``name`` that ``asked`` must answer."""
    if asked not in view.tellers or view.is_behind(asked) or view.between(asked, name):
        return  # its message or its answer is under way: that is judged as an overdue receipt
    if any(one.center == asked and one.peer == name for one in _open_at_recipient(view)):
        if state.sign_by_ms is None:
            since = state.offered_ms or state.told_ms
            yield _leg(view, asked, f"to {asked}", since, left(since + ANSWER_MS, now_ms), state)
    elif asked in view.now or view.tellers[asked].known:
        yield _leg(view, name, f"to {asked}", state.offered_ms or state.told_ms, DELIVERY_MS, state)


def _leg(
    view: CaseView, center: str, detail: str, since_ms: int, patience_ms: int, shows: FactRow | StateRow
) -> Violation:
    return Violation(Code.LEG_WITHOUT_END, view.case_id, detail, center, since_ms, patience_ms, (shows.shown(),))


def _open_at_recipient(view: CaseView) -> Iterator[FactRow]:
    """The hearing of each offer that its recipient has not answered, and that nothing has ended there."""
    offers: dict[tuple[str, str | None], FactRow] = {}
    for one in view.facts:
        if not one.version:
            continue
        if one.way == "heard" and one.kind == Offered.kind:
            offers[one.center, one.peer] = one
        elif one.way == SAID and one.kind in ANSWERS:
            offers.pop((one.center, one.peer), None)
        elif one.kind in ENDS:
            offers = {key: offer for key, offer in offers.items() if key[0] != one.center}
    for offer in offers.values():
        state = view.now.get(offer.center)
        if state is not None and state.open and state.version == offer.version:
            yield offer


def stuck_offer(view: CaseView, now_ms: int) -> Iterator[Violation]:
    """An offer is answered by its deadline. It is watched from its making: the deadline comes by itself."""
    for state in view.now.values():
        if state.open and state.offered_to and state.sign_by_ms is not None:
            patience = left(state.sign_by_ms + SIGN_MS, now_ms)
            detail = f"{state.center} {state.sign_by_ms}"
            center = state.offered_to[0]
            yield Violation(
                Code.STUCK_OFFER, view.case_id, detail, center, state.sign_by_ms, patience, (state.shown(),)
            )


def ping_pong(view: CaseView, _now_ms: int) -> Iterator[Violation]:
    """A case that is open does not go back and forth between two centers."""
    newest = max((one.round for one in view.facts), default=0)
    passes = sorted(_passes(view, newest), key=lambda one: one[1].number)
    if not passes or not any(one.open for one in view.now.values() if one.holder == one.center):
        return
    pair = passes[-1][0]
    tail: list[FactRow] = []
    for between, fact in reversed(passes):
        if between != pair:
            break
        tail.append(fact)
    if len(tail) >= BACK_AND_FORTH:
        shown = tuple(fact.shown() for fact in reversed(tail[:8]))
        names = " ".join(sorted(pair))
        yield Violation(Code.PING_PONG, view.case_id, names, tail[0].holder, tail[-1].at_ms, AT_ONCE, shown)


def _passes(view: CaseView, round_: int) -> Iterator[tuple[frozenset[str], FactRow]]:
    """Each change of the holder and each return in this round, with the two centers."""
    holders: dict[int, FactRow] = {}
    for one in view.facts:
        if one.round != round_ or not one.version:
            continue
        holders.setdefault(one.version, one)
        if one.way == "heard" and one.kind == Declined.kind and one.peer:
            yield frozenset({one.center, one.peer}), one
    before: FactRow | None = None
    for _, one in sorted(holders.items()):
        if before is not None and before.holder != one.holder:
            yield frozenset({before.holder, one.holder}), one
        before = one
