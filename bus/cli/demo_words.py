"""The demo's names of centers, places and acts, and its plain lines."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from bus.bilingual import Bilingual
from bus.cli.output import Lang
from bus.contract.labels import label
from bus.contract.rules import BY_KIND
from bus.contract.short_number import short_number
from bus.custody import Record, Status
from bus.demo.deeds import Deed
from bus.sdk import discovery

DEEDS = {
    "register": ("登记", "registers"), "offer": ("转办", "offers"), "accept": ("接单", "accepts"),
    "decline": ("退单", "declines"), "withdraw": ("撤回", "withdraws"), "report": ("进展", "reports"),
    "askassist": ("请求协办", "asks for help"), "answerassist": ("协办答复", "helps"), "urge": ("催办", "urges"),
    "resolve": ("办结", "resolves"), "close": ("答复居民、结案", "answers and closes"), "rate": ("评价", "rates"),
    "reopen": ("重办", "reopens"), "publish": ("公示", "publishes"), "askarbiter": ("提请裁定", "asks the arbiter"),
    "rule": ("裁定", "rules"), "settle": ("补录办结", "enters as settled"), "join": ("并入项目", "joins a project"),
    "makeplan": ("制定计划", "plans the steps"), "checkpapers": ("核对材料", "checks the papers"),
    "claim": ("认领", "claims"), "assess": ("评议", "gives an opinion"),
}  # fmt: skip


@cache
def _title(kind: str) -> Bilingual:
    """The title of a kind of center, by its adapter's manifest; the kind itself without one."""
    try:
        return discovery.find(kind).manifest().label
    except discovery.AdapterUnusable:
        return Bilingual(kind, kind)


@dataclass(frozen=True, slots=True)
class Words:
    """The names of one county and its stories, in one language."""

    lang: Lang
    places: Mapping[str, Bilingual]
    """Division → its name; a division without one keeps its code."""
    titles: Mapping[str, Bilingual]
    """Story → its title."""
    alike: frozenset[str]
    """Stories of many similar cases: one line for all of them."""

    def pick(self, zh: str, en: str) -> str:
        """The text in the chosen language."""
        return zh if self.lang is Lang.ZH else en

    def center(self, name: str) -> str:
        """A center's title: its kind and its place."""
        kind, _, division = name.partition("-")
        title, place = _title(kind), self.places.get(division)
        if place is None:
            return f"{self.pick(*title)} {division}"
        return self.pick(f"{place.zh}{title.zh}", f"{title.en}, {place.en}")

    def deed(self, kind: str) -> str:
        """The name of an act."""
        return self.pick(*DEEDS.get(kind, (kind, kind)))

    def title(self, story: str) -> str:
        """The title of a story."""
        return self.pick(*self.titles.get(story, ("", "")))

    def line(self, deed: Deed) -> str:
        """One act as a line."""
        held = f"{self.pick('现由', 'held by')} {self.center(deed.holder)} v{deed.version}"
        case = short_number(deed.case_id)
        return f"{clock(deed)} {deed.story:<4} {case} {self.center(deed.center)} | {self.deed(deed.kind)} | {held}"

    def summary(self, deeds: Sequence[Deed]) -> str:
        """The acts of many similar cases, in one line."""
        cases = len({deed.case_id for deed in deeds})
        centers = self.pick("、", "; ").join(self.center(name) for name in dict.fromkeys(deed.center for deed in deeds))
        counted = Counter(deed.kind for deed in deeds)
        done = " · ".join(f"{self.deed(kind)} ×{count}" for kind, count in counted.items())
        return f"{centers} | {self.pick(f'{cases} 件', f'{cases} cases')} | {done}"

    def path(self, record: Record) -> str:
        """The holders through which a case has gone."""
        return " → ".join(self.center(center) for center in record.path)

    def outcome(self, record: Record) -> str:
        """A case's status and result."""
        if record.status is Status.OPEN or record.result is None:
            return self.pick("在办", "open")
        rule = BY_KIND["case.closed" if record.status is Status.CLOSED else "case.resolved"]
        found = label(record.result.outcome)
        return self.pick(f"{rule.zh}：{found.zh}", f"{rule.en}: {found.en}")


def clock(deed: Deed) -> str:
    """The time of an act, without the day."""
    return time.strftime("%H:%M:%S", time.localtime(deed.at_ms / 1000))
