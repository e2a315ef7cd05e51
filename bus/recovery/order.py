"""In which order messages of several lanes are looked at: by time, but in each lane by place.

All that one commit says has one time, and the clock of its sender may have been set back in between.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from bus.contract.envelope import Message


def in_order(messages: Iterable[Message[Any]]) -> list[Message[Any]]:
    """These messages of one case, each lane's in the order of its places."""
    latest: dict[tuple[str, str], datetime] = {}
    timed: list[tuple[datetime, int, str, Message[Any]]] = []
    for one in sorted(messages, key=lambda message: message.sequence):
        lane = one.source, one.recipient
        latest[lane] = max(one.time, latest.get(lane, one.time))
        timed.append((latest[lane], one.sequence, str(one.id), one))
    return [one for *_, one in sorted(timed, key=lambda found: found[:3])]
