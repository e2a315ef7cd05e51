"""The words of a case's journal, in both languages: what each line tells of."""

from collections.abc import Mapping

from bus.bilingual import Bilingual
from bus.contract.rules import BY_KIND

WAYS: Mapping[str, Bilingual] = {
    "did": Bilingual("本中心", "done here"),
    "said": Bilingual("发出", "sent"),
    "heard": Bilingual("收到", "received"),
    "superseded": Bilingual("收到（过时）", "received, out of date"),
    "desk": Bilingual("已入业务系统", "given to the center's system"),
    "parked": Bilingual("搁置", "parked"),
    "refused": Bilingual("拒收", "refused"),
    "replayed": Bilingual("重放", "replayed"),
    "discarded": Bilingual("放弃", "discarded"),
    "revealed": Bilingual("查看全文", "revealed"),
    "erased": Bilingual("抹除", "erased"),
    "restored": Bilingual("恢复后重建", "rebuilt after a restore"),
    "fenced": Bilingual("恢复前的旧报文", "of before a restore"),
    "ended": Bilingual("不再寄给", "no longer sent to"),
    "reminded": Bilingual("到期提醒", "reminded"),
    "operated": Bilingual("值班处置", "mended by a person on duty"),
}
"""Way of a line → its words. A line of a newer program stays as it is written."""


def way_words(way: str) -> Bilingual:
    """The words of a line's way."""
    return WAYS.get(way, Bilingual(way, way))


def kind_words(kind: str) -> Bilingual:
    """The words of what a line is about: of a message its title."""
    rule = BY_KIND.get(kind)
    return Bilingual(rule.zh, rule.en) if rule is not None else Bilingual(kind, kind)
