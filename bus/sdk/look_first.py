"""Look before you create: for a system that knows no idempotency key and would make a second record of a repeat."""

from collections.abc import Callable
from typing import TypeVar

from bus.sdk.center import Reject, RetryLater
from bus.sdk.codes import RetryCode

RecordT = TypeVar("RecordT")
NOT_REACHED = frozenset({RetryCode.VENDOR_CONNECT_ERROR, RetryCode.VENDOR_CONNECT_TIMEOUT})
"""No byte has arrived there, so nothing can have been made."""
SETTLES = 30.0
"""Seconds after which a system has made what it was asked for, or never will."""


def look_then_make(
    look: Callable[[], RecordT | None], make: Callable[[], RecordT], *, settles: float = SETTLES
) -> RecordT:
    """The record that an earlier try has made, or a new one.

    ``look`` finds it by a mark that ``make`` puts into it: the handler's key. It returns None where there is none, and
    raises where it cannot tell.

    Where nobody knows whether ``make`` had its effect, it raises ``RetryLater`` with a pause of at least ``settles``
    seconds, so that the next look comes after a slow system is done. Where ``make`` is refused, it looks once more: the
    system may refuse a second record of the same mark. Raises ``RetryLater`` and ``Reject`` as those two do."""
    found = look()
    if found is not None:
        return found
    try:
        return make()
    except RetryLater as unclear:
        if unclear.code in NOT_REACHED:
            raise
        raise RetryLater(unclear.code, max(unclear.after or 0.0, settles)) from None
    except Reject:
        found = look()
        if found is None:
            raise
        return found
