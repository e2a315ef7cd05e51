"""Rules of delivery: what was said is heard, and not before it was said. Pure."""

from collections.abc import Iterator
from typing import NamedTuple

from bus.audit.finding import SECOND_MS, Code, Violation
from bus.audit.holders import DELIVERY_MS
from bus.audit.view import CaseView

APART_MS = 30 * SECOND_MS
"""Clocks that are set by the network differ by less than a second; a clock that nobody sets loses half a minute in a
week. A message takes no time below nothing."""


def overdue_receipts(view: CaseView, _now_ms: int) -> Iterator[Violation]:
    """Each message is heard by its recipient. Only where both ends have told all since: else a fact may be missing."""
    for said in view.under_way:
        sender, recipient = view.tellers.get(said.center), view.tellers.get(said.peer or "")
        if sender is None or recipient is None or said.number < max(sender.first, recipient.first):
            continue
        detail, center = said.message_id or "", said.peer or ""
        yield Violation(
            Code.OVERDUE_RECEIPT, view.case_id, detail, center, said.at_ms, DELIVERY_MS, (said.shown(),), True
        )


class ClockSample(NamedTuple):
    """By how much one message was heard before it was said: by so much is its sender's clock ahead, at least."""

    ahead: str
    behind: str
    number: int
    """The number of the fact of its arrival: of two samples the later counts."""
    by_ms: int
    at_ms: int
    message_id: str


def clock_samples(view: CaseView) -> Iterator[ClockSample]:
    """What the messages of one case tell of the clocks."""
    for (center, message), heard in view.arrived.items():
        said = view.said.get((heard.peer or "", message))
        if said is not None and said.peer == center and heard.way != "restored":
            yield ClockSample(said.center, center, heard.number, said.at_ms - heard.at_ms, heard.at_ms, message)
