"""The order of messages from several lanes: by time, but within a lane by sequence.

All messages of one commit have the same time, and their sender's clock may have been set back in between.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from bus.contract.envelope import Message


def in_order(messages: Iterable[Message[Any]]) -> list[Message[Any]]:
    """The messages of one case, each lane in the order of its sequences."""
    latest: dict[tuple[str, str], datetime] = {}
    timed: list[tuple[datetime, int, str, Message[Any]]] = []
    for one in sorted(messages, key=lambda message: message.sequence):
        lane = one.source, one.recipient
        latest[lane] = max(one.time, latest.get(lane, one.time))
        timed.append((latest[lane], one.sequence, str(one.id), one))
    return [one for *_, one in sorted(timed, key=lambda found: found[:3])]
