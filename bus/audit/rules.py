"""The invariants over one case, in one list: the live auditor and the tests judge by the same."""

from collections.abc import Callable, Iterator

from bus.audit import holders, legs, messages, waits
from bus.audit.finding import Violation
from bus.audit.view import CaseView

RULES: tuple[Callable[[CaseView, int], Iterator[Violation]], ...] = (
    holders.two_holders,
    holders.no_holder,
    holders.set_back,
    legs.leg_without_end,
    legs.stuck_offer,
    waits.unanswered,
    legs.ping_pong,
    messages.overdue_receipts,
)


def judge(view: CaseView, now_ms: int) -> list[Violation]:
    """What is not as promised in one case, at this instant: some of it is only under way. Each once."""
    found = {one.key: one for rule in RULES for one in rule(view, now_ms)}
    return list(found.values())


def lacks_word(one: Violation, view: CaseView) -> bool:
    """Whether the word that is missing may still come: its center has told nothing of that time. Then the center is
    silent, and the case need not be a finding of its own."""
    teller = view.tellers.get(one.center)
    return one.needs_word and teller is not None and teller.reached_ms < one.since_ms
