"""What a center waits for of others in one case: the answer to its offer, help, a withdrawal, a ruling. Pure.

Where the county has clocks, each has a deadline by them; without clocks it has the one that was said, if any.
"""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from bus.clocks.deadlines import deadlines
from bus.clocks.rules import Clock, Rules
from bus.custody.record import Record, SentOffer, Status

MOST = 50
"""Of one case; more are not told."""


class What(StrEnum):
    """What is waited for, beside the answer to an offer."""

    ASSIST = "assist"
    WITHDRAWAL = "withdrawal"
    RULING = "ruling"


class Awaited(NamedTuple):
    """One answer that is awaited."""

    what: What
    of: str
    """The center that must give it."""
    since: datetime | None
    due: datetime | None = None


class Waits(NamedTuple):
    """All that a center waits for in one case."""

    sign_by: datetime | None = None
    """By when its offer must be answered."""
    others: tuple[Awaited, ...] = ()


NOTHING = Waits()


def waits_of(record: Record, rules: Rules | None) -> Waits:
    """What ``record``'s center waits for while the case is open."""
    offer = record.offer_out
    others = [*_withdrawals(offer), *_assists(record), *_rulings(record)] if record.status is Status.OPEN else []
    if rules is None or (offer is None and not others):
        return Waits(offer.sign_by if offer is not None else None, tuple(others[:MOST]))
    of_others = [one for one in deadlines(record, rules) if one.waits_for != (record.me,)]
    by = {(one.clock, of): one.due for one in of_others for of in one.waits_for}
    signs = [due for (clock, _), due in by.items() if clock is Clock.SIGN]
    dated = (one._replace(due=one.due or by.get((Clock(one.what.value), one.of))) for one in others[:MOST])
    return Waits(min(signs, default=offer.sign_by if offer is not None else None), tuple(dated))


def _withdrawals(offer: SentOffer | None) -> Iterator[Awaited]:
    if offer is not None and offer.withdrawing:
        yield from (Awaited(What.WITHDRAWAL, center, offer.asked_back_at) for center in offer.pending)


def _assists(record: Record) -> Iterator[Awaited]:
    """Help that the holder has asked for; a new holder hears the answer from it."""
    for one in record.assists:
        if one.asker == record.me and one.done is None and record.mine:
            yield Awaited(What.ASSIST, one.assistant, one.at, one.due)


def _rulings(record: Record) -> Iterator[Awaited]:
    """The ruling that this center has asked for: the arbiter's own record names who has asked."""
    if record.arbitration is not None and record.arbitration == record.arbiter:
        yield Awaited(What.RULING, record.arbitration, record.arbitration_at)
