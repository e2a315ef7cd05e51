"""``bus waiting``: what waits at one center and for whom, with the age of the oldest. Nothing of a resident."""

import time
from collections.abc import Iterator
from typing import Any

from bus.bilingual import Bilingual
from bus.cli.options import ConfigFile, opened_store, store_settings
from bus.cli.output import AsJson, Lang, Language, Output, age
from bus.store import parked
from bus.store.case_lists import kept_for_strangers, open_by_holder
from bus.store.database import Tx
from bus.store.waiting import by_peer

_HEADS = (Bilingual("处", "Place"), Bilingual("对方", "Peer"), Bilingual("件数", "Count"), Bilingual("最早", "Oldest"))
_PLACES = {
    "open": Bilingual("在办案件", "open cases"),
    "routed-to-nobody": Bilingual("其中路由指向名录外的中心", "of them routed to nobody"),
    "outbox": Bilingual("发出未回执", "sent, no receipt yet"),
    "inbox": Bilingual("待入业务系统", "for the own system"),
    "held": Bilingual("等前一条", "an earlier one is missing"),
    "parked": Bilingual("搁置", "parked"),
}


def waiting(config: ConfigFile = None, lang: Language = Lang.AUTO, as_json: AsJson = False) -> None:
    """什么在等、等谁、等了多久 / what waits, for whom, and for how long."""
    output = Output(lang, as_json)
    with output.guarding():
        settings = store_settings(config)
        with opened_store(settings) as store, store.reading() as tx:
            found = list(_found(tx, settings.center))
    now_ms = int(time.time() * 1000)
    if as_json:
        output.data([{**one, "oldest_seconds": (now_ms - one["oldest_ms"]) // 1000} for one in found])
    elif not found:
        output.say("没有在等的", "nothing waits")
    else:
        rows = [
            (output.pick(_PLACES[one["place"]]), one["peer"], one["count"], age(one["oldest_ms"], now_ms))
            for one in found
        ]
        output.table(_HEADS, rows)


def _found(tx: Tx, me: str) -> Iterator[dict[str, Any]]:
    """Open cases by who has them, those of them that a route led to nobody, then what waits by peer, then what only an
    operator can mend."""
    for place, listed in (("open", open_by_holder(tx)), ("routed-to-nobody", kept_for_strangers(tx, me))):
        for peer, count, oldest_ms in listed:
            yield {"place": place, "peer": peer, "count": count, "oldest_ms": oldest_ms}
    for one in by_peer(tx):
        yield {"place": one.place, "peer": one.peer, "count": one.size, "oldest_ms": one.oldest_ms}
    figures = parked.figures(tx)
    if count := sum(figures[place] for place in parked.PLACES):
        yield {"place": "parked", "peer": "", "count": count, "oldest_ms": figures["oldest_ms"]}
