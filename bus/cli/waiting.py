"""``bus waiting``: the waiting items of one center by peer, with the age of the oldest. No residents' data."""

import time

from bus.bilingual import Bilingual
from bus.cli.options import ConfigFile, opened_store, store_settings
from bus.cli.output import AsJson, Lang, Language, Output, age
from bus.operations import views

_HEADS = (
    Bilingual("处", "Place"),
    Bilingual("对方", "Peer"),
    Bilingual("件数", "Count"),
    Bilingual("最早", "Oldest"),
    Bilingual("最早一件（短编号）", "Oldest case (short number)"),
)
_PLACES = {
    "open": Bilingual("在办案件", "open cases"),
    "routed-to-nobody": Bilingual("其中路由指向名录外的中心", "of them routed to nobody"),
    "outbox": Bilingual("发出未回执", "sent, no receipt yet"),
    "inbox": Bilingual("待入业务系统", "for the center's system"),
    "held": Bilingual("等前一件报文", "an earlier message is missing"),
    "early-forms": Bilingual("等案件登记的表单", "forms before their case"),
    "parked": Bilingual("搁置", "parked"),
}


def waiting(config: ConfigFile = None, lang: Language = Lang.AUTO, as_json: AsJson = False) -> None:
    """等待中的案件与报文：等谁、等了多久 / waiting cases and messages, by peer and age."""
    output = Output(lang, as_json)
    with output.guarding():
        settings = store_settings(config)
        with opened_store(settings) as store, store.reading() as tx:
            found = list(views.waiting(tx, settings.center))
    now_ms = int(time.time() * 1000)
    if as_json:
        output.data([{**one, "oldest_seconds": (now_ms - one["oldest_ms"]) // 1000} for one in found])
    elif not found:
        output.say("没有在等的", "nothing waits")
    else:
        rows = [
            (
                output.pick(_PLACES[one["place"]]),
                one["peer"],
                one["count"],
                age(one["oldest_ms"], now_ms),
                one["oldest_case"],
            )
            for one in found
        ]
        output.table(_HEADS, rows)
