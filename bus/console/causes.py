"""Which words a finding has: those of its code, or of what is stuck; and the sentence about all of them."""

from collections.abc import Mapping

from bus.bilingual import Bilingual
from bus.console.finding_words import CAUSES, Cause
from bus.console.findings import Finding, Verdict
from bus.console.rendering import Words
from bus.operations.hints import hint_of

PLACES: Mapping[str, Bilingual] = {
    "wire": Bilingual("收到但读不了", "received, not applicable"),
    "desk": Bilingual("业务系统没有收下", "refused by the center's system"),
    "peer": Bilingual("对方拒收", "refused by its recipient"),
    "poll": Bilingual("轮询到的记录不能受理", "polled, not acceptable"),
    "form": Bilingual("表单不能受理", "forms that cannot be taken"),
    "outbox": Bilingual("发出后没有回执", "sent, without a receipt"),
}


def verdict_said(verdict: Verdict, words: Words) -> str:
    """The verdict in one sentence."""
    if not verdict.number:
        return words.text("一切正常", "All is well")
    things = "thing" if verdict.number == 1 else "things"
    said = words.text(f"{verdict.number} 处需处理", f"{verdict.number} {things} to see to")
    return said + (words.text("，最久 ", ", the oldest ") + words.age(verdict.oldest_ms) if verdict.oldest_ms else "")


def place_words(place: str) -> Bilingual:
    """The words of a place; of one that this version does not know, its code."""
    return PLACES.get(place, Bilingual(place, place))


def cause_of(found: Finding) -> Cause:
    """The words of a finding."""
    if found.code != "stuck" or found.group is None:
        return CAUSES[found.code]
    place, code, _peer = found.group
    return Cause(place_words(place), hint_of(place, code, ""))
