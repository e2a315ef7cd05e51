"""Mapping between the media center's terms and the bus's: pure functions without state or calls."""

from typing import Any

from adapters.media_center import native as n
from bus import Case, IntakeContext
from bus import workorders as w

TOPICS = w.by_name(n.Topic.OTHER)


def case(context: IntakeContext, message: n.ResidentMessage, channel: str) -> Case:
    """留言 as a case."""
    return w.case_of(
        context,
        message,
        record=("message", message.message_id),
        category=TOPICS.name(message.category),
        channel=channel,
        name=message.client_name,
        title=w.title_of(message.title, message.text, message.category.value),
        papers=message.photos,
        at=message.left_at,
    )


def order(order: w.Order) -> dict[str, Any]:
    """工单 in the newsroom."""
    return order.shown(
        category=TOPICS.word(order.case.category),
        resident_name=order.resident.name,
        resident_phone=order.resident.phone,
        photos=order.papers,
    )
