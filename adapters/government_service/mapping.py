"""Mapping between the service hall's terms and the bus's: pure functions without state or calls."""

from typing import Any

from adapters.government_service import holds
from adapters.government_service import native as n
from bus import Case, Declined, IntakeContext, Message, Rated
from bus import workorders as w

SPHERES = w.by_name(n.Sphere.OTHER)
HEADLINES: w.Headlines = {
    **w.USUAL,
    **holds.HEADLINES,
    "case.accepted": w.Headline("accepted", "承办单位已签收", "Taken on", visible=True),
    "case.withdrawal-requested": w.Headline("ended", "派单单位已撤回", "Taken back by its sender"),
    "case.withdrawn": w.Headline("withdrawn", "派单已撤回", "The dispatch was withdrawn"),
    "case.assist-answered:done": w.Headline("handling", "协办答复", "Answer of the assistant"),
    "case.assist-answered:not-done": w.Headline("handling", "协办答复", "Answer of the assistant"),
    "case.urged": w.Headline("urged", "催单", "Urged"),
    "case.reopened": w.Headline("reopened", "来电人要求重办", "Reopened", visible=True),
    "case.closed": w.Headline("closed", "已答复来电人并结案", "Answered and closed"),
    "case.ruled:ours": w.Headline("imposed", "裁定由本中心承办", "Ruled: ours to handle", visible=True),
}


def case(context: IntakeContext, order: n.WorkOrder) -> Case:
    """工单 as a case."""
    return w.case_of(
        context,
        order,
        record=("work-order", order.order_no),
        category=SPHERES.name(order.sphere),
        channel=order.channel.name.lower(),
        name=order.caller,
        title=order.title,
        papers=order.materials,
        at=order.received_at,
        due=holds.promised(order.due, order.item, order.received_at or context.now),
    )


def order(order: w.Order) -> dict[str, Any]:
    """外来工单: a work order for another center's case."""
    return order.shown(sphere=SPHERES.word(order.case.category), materials=order.papers, **order.who("caller"))


def sent_back(message: Message[Declined], times: int) -> dict[str, Any]:
    """退单登记: the center that sent the order back, its reason, and the center that it suggests."""
    it = w.note_of(message, HEADLINES, message.recipient)
    return w.present(by=it.by, at=it.at, reason=it.reason, text=it.text, suggested=it.suggested, times=times)


def grade(message: Message[Rated]) -> dict[str, Any]:
    """好差评 in the hall's terms, for a case that this center handled."""
    it, data = w.note_of(message, HEADLINES, message.recipient), message.data
    return w.present(by=it.by, round=data.round, rater=data.rater, satisfaction=it.satisfaction, text=it.text)
