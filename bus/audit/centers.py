"""Rules about centers: none falls silent, none is put back in silence, their clocks agree. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from bus.audit.finding import AT_ONCE, SECOND_MS, Code, Evidence, Violation
from bus.audit.messages import APART_MS, ClockSample
from bus.audit.view import Teller

SILENCE_MS = 45 * SECOND_MS
"""A center that is started anew is back within half a minute, and then tells at once what it has heard."""


class Reused(NamedTuple):
    """A place in a center's lane of facts that it has filled twice: its store has forgotten the first time."""

    center: str
    at_ms: int
    message_id: str | None


def silent(tellers: Mapping[str, Teller], unheard: Mapping[str, int]) -> Iterator[Violation]:
    """A center to which something is said tells something soon. ``unheard``: center → since when the ledger has known
    of the oldest message to it that it has not heard, by the ledger's clock."""
    for center, since_ms in unheard.items():
        teller = tellers.get(center)
        if teller is not None and teller.told_ms < since_ms:
            shown = (Evidence(center, "told", teller.told_ms),)
            yield Violation(Code.SILENT_CENTER, center, "", center, since_ms, SILENCE_MS, shown)


def clocks(samples: Iterable[ClockSample]) -> Iterator[Violation]:
    """No message is heard before it was said. ``samples``: the latest of each two centers."""
    for one in samples:
        if one.by_ms > APART_MS:
            shown = (
                Evidence(one.ahead, "said", one.at_ms + one.by_ms, None, None, one.behind, one.message_id),
                Evidence(one.behind, "heard", one.at_ms, None, None, one.ahead, one.message_id),
            )
            subject = f"{one.ahead} {one.behind}"
            yield Violation(Code.CLOCKS_APART, subject, "", one.ahead, one.at_ms, AT_ONCE, shown)


def lanes_set_back(reused: Iterable[Reused]) -> Iterator[Violation]:
    """A center does not fill a place in its lane of facts twice: who was put back to a backup begins a new epoch."""
    for center, at_ms, message_id in reused:
        shown = (Evidence(center, "facts.told", at_ms, None, None, None, message_id),)
        yield Violation(Code.SET_BACK, center, "", center, at_ms, AT_ONCE, shown)
