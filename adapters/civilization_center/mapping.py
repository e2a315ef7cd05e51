"""Mapping between the civilization practice center's terms and the bus's: pure functions without state or calls."""

from dataclasses import replace
from typing import Any

from adapters.civilization_center import native as n
from bus import Case, IntakeContext, Message
from bus import workorders as w

ITEMS = w.by_name(n.MenuItem.OTHER)
HEADLINES: w.Headlines = {
    **w.USUAL,
    "case.accepted": w.Headline("accepted", "承接单位已接单", "Taken on", visible=True),
    "case.accepted:bid": w.Headline("bid", "抢单", "A bid"),
    "case.declined": w.Headline("returned", "承接单位退单，请重新派单", "Sent back: dispatch it again"),
    "case.granted": w.Headline("granted", "抢单已有结果，由中选单位承接", "Given to the first bidder", visible=True),
    "case.lost": w.Headline("taken", "已被接走", "Already taken by another center"),
    "case.withdrawal-requested": w.Headline("ended", "派单单位已撤回", "Taken back by its sender"),
    "case.withdrawn": w.Headline("withdrawn", "派单已撤回", "The hand-over was withdrawn"),
    "case.progressed": w.Headline("handling", "服务进展", "Progress", visible=True),
    "case.urged": w.Headline("urged", "催单", "Urged"),
    "case.rated": w.Headline("rated", "居民评单", "Rated"),
    "case.ruled": w.Headline("ruled", "裁定承接单位", "Ruled who has it", visible=True),
    "case.ruled:ours": w.Headline("imposed", "裁定承接单位", "Ruled who has it", visible=True),
}


def case(context: IntakeContext, form: n.ServiceOrder | n.Wish) -> Case:
    """点单、微心愿 as a case; an order without text gets the name of its menu item."""
    item = form.item.value
    if isinstance(form, n.ServiceOrder):
        name, title, record, channel = form.resident, f"点单：{item}", ("service-order", form.order_no), "menu"
    else:
        title = w.title_of(form.title, form.text, item)
        name, record, channel = form.client_name, ("wish", form.wish_no), "wish"
    return w.case_of(
        context, form, record=record, category=ITEMS.name(form.item), channel=channel, name=name, title=title,
        text=form.text or item, papers=form.photos, at=form.made_at,
    )  # fmt: skip


def order(order: w.Order, me: str) -> dict[str, Any]:
    """工单 on the platform; for a notice, its source is the center that the news is about."""
    sent_by = w.note_of(order.news, HEADLINES, me).by if order.news else order.sent_by
    return replace(order, sent_by=sent_by).shown(
        item=ITEMS.word(order.case.category),
        resident=order.resident.name,
        phone=order.resident.phone,
        photos=order.papers,
        open_to_several=order.several,
    )


def note(message: Message[Any], me: str) -> dict[str, Any]:
    """动态: an act of another center, and whether the resident reads it."""
    it = w.note_of(message, HEADLINES, me)
    return it.shown("reason", "suggested", "due", case_id=message.subject, stars=it.grade)
