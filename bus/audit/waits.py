"""The rule of answers that are awaited beside those to an offer: help, a withdrawal, a ruling. Pure."""

from collections.abc import Iterator

from bus.audit.finding import Code, Violation
from bus.audit.holders import DELIVERY_MS
from bus.audit.legs import ANSWER_MS, SIGN_MS, left
from bus.audit.view import CaseView, StateRow, Waiting

AT_ONCE_ANSWERED = frozenset({"withdrawal"})
"""What a center answers in the transaction in which it hears of it."""


def unanswered(view: CaseView, now_ms: int) -> Iterator[Violation]:
    """What was asked of a center that has heard it is answered in time."""
    for name, state in view.now.items():
        for one in state.waits if state.open else ():
            if one.of not in view.tellers or view.is_behind(one.of) or view.between(one.of, name):
                continue  # its message or its answer is under way: that is judged as an overdue receipt
            since = one.since_ms or state.told_ms
            detail = f"{one.what} {name} {one.due_ms or one.since_ms or 0}"
            patience = _patience(one, since, now_ms)
            yield Violation(Code.UNANSWERED, view.case_id, detail, one.of, since, patience, (state.shown(),))


def _patience(one: Waiting, since_ms: int, now_ms: int) -> int:
    if one.what in AT_ONCE_ANSWERED:
        return DELIVERY_MS
    return left(one.due_ms + SIGN_MS if one.due_ms is not None else since_ms + ANSWER_MS, now_ms)


def next_date(state: StateRow, now_ms: int) -> int | None:
    """The next moment after now at which something that this center waits for is over; None: nothing is dated."""
    if not state.open:
        return None
    moments = [one.due_ms or (one.since_ms or state.told_ms) + ANSWER_MS for one in state.waits]
    if state.offered_to:
        moments.append(state.sign_by_ms or (state.offered_ms or state.told_ms) + ANSWER_MS)
    return min((moment for moment in moments if moment > now_ms), default=None)
