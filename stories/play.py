"""The player of stories: all of the first set, in the order of their numbers, in one county."""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from bus.bilingual import Bilingual
from bus.demo.local_county import LocalCounty
from bus.sdk import discovery
from stories import (
    s01,
    s02,
    s03,
    s04,
    s05,
    s06,
    s07,
    s08,
    s09,
    s10,
    s11,
    s12,
    s13,
    s14,
    s15,
    s16,
    s17,
    s18,
    s19,
    s20,
    s21,
    s22,
)  # fmt: skip
from stories.stage import (
    ARBITER,
    CENTERS,
    COMMAND,
    COMMUNITY,
    GOVERNMENT,
    MEDIA,
    PARTY,
    PARTY_COMMUNITY,
    PARTY_STREET,
    PLACES,
    STREET,
    Json,
    Stage,
)

STORIES: Mapping[str, Callable[[Stage], None]] = {
    "S01": s01.play,
    "S02": s02.play,
    "S03": s03.play,
    "S04": s04.play,
    "S05": s05.play,
    "S06": s06.play,
    "S07": s07.play,
    "S09": s09.play,
    "S10": s10.play,
    "S11": s11.play,
    "S12": s12.play,
    "S13": s13.play,
    "S14": s14.play,
    "S15": s15.play,
    "S16": s16.play,
    "S17": s17.play,
    "S18": s18.play,
    "S19": s19.play,
    "S20": s20.play,
    "S21": s21.play,
    "S22": s22.play,
}
OF_FIVE_KINDS: Mapping[str, Callable[[Stage], None]] = {"S08": s08.play}
"""Stories with a center of a fifth kind, played only if its adapter is installed."""
TITLES: Mapping[str, Bilingual] = {
    "S01": Bilingual("村道失修，居民随手拍", "A village road in disrepair, photographed and sent by phone"),
    "S02": Bilingual("微心愿：孩子想要一盏台灯", "A small wish: a lamp for a child, offered to three centers"),
    "S03": Bilingual("政务服务好差评，半年的评价", "Half a year of ratings for government services"),
    "S04": Bilingual("高龄老人年度验证，预约上门", "A resident of ninety, verified at home by appointment"),
    "S05": Bilingual("建牛棚的四步手续，专人包办", "A cattle shed: four approvals in order, one unit sees to all"),
    "S06": Bilingual("居民议事会：一次会议，两件建议", "A residents' council: one meeting, two suggestions"),
    "S07": Bilingual("旧台账补录，截至七月底的办结率", "An old ledger, and its resolution rate by the end of July"),
    "S08": Bilingual("九十岁老兵想要一把轮椅", "A wheelchair for a veteran of ninety"),
    "S09": Bilingual("窗口社保咨询两百件，当场答复", "Two hundred questions at the counter, answered on the spot"),
    "S10": Bilingual("公共绿地被种菜，车棚被上锁", "Vegetables on common green land, a locked bike shed"),
    "S11": Bilingual(
        "五岁孩子办身份证，病情只有承办单位知道", "A child's identity card; only its holders know the illness"
    ),
    "S12": Bilingual("地下车库灯光太暗，逐级转办", "Garage lights too dim, handed on from street to community"),
    "S13": Bilingual("代办不动产权证，缺一份材料", "A property certificate by an agent, one paper missing"),
    "S14": Bilingual("上门指导门头牌匾，得到感谢", "Advice on a shop's sign board, and thanks for it"),
    "S15": Bilingual("路面石块，来电人要求保密", "Stones on the road; the caller stays hidden"),
    "S16": Bilingual("领导领办：同抢一件，先到先得", "Leaders claim matters; the first one has each"),
    "S17": Bilingual("诉求和项目：项目办结率逐级汇总", "Demands and projects, from the village to the region"),
    "S18": Bilingual("法院和社区一起清除蒿草，只计一次", "Court and community clear wormwood, counted once"),
    "S19": Bilingual("铁路公安帮助十四名退休职工", "Railway police help fourteen retirees"),
    "S20": Bilingual("三评：四类评价分开计", "Four kinds of rater, kept apart"),
    "S21": Bilingual("三次退单，提请裁定", "Declined three times, settled by the arbiter"),
    "S22": Bilingual("不予受理，也要答复", "Not accepted, and answered all the same"),
}
"""The title of each story, for the people who watch it."""
ALIKE = frozenset({"S03", "S07", "S09", "S16", "S17", "S19", "S20"})
"""Stories of many similar cases: the demo shows one line for all of them."""
ROUTES: Mapping[str, Sequence[Mapping[str, str]]] = {
    MEDIA: [
        {"category": "environment", "division": COMMUNITY, "to": PARTY_COMMUNITY},
        {"category": "property", "division": f"{STREET}*", "to": PARTY_STREET},
        {"to": PARTY},
    ],
    GOVERNMENT: [{"to": PARTY}],
    PARTY_COMMUNITY: [{"to": PARTY_STREET}],
    PARTY_STREET: [{"category": "property", "to": PARTY_COMMUNITY}, {"to": PARTY}],
}
SETTINGS: Mapping[str, Any] = {"returns_before_arbiter": 2}
KILL_AT = "S10"

__all__ = [
    "ALIKE",
    "ARBITER",
    "CENTERS",
    "OF_FIVE_KINDS",
    "PLACES",
    "ROUTES",
    "SETTINGS",
    "STORIES",
    "TITLES",
    "cast",
    "play",
]


def cast() -> tuple[Sequence[str], Sequence[str]]:
    """The centers of the county, and their stories in order; the fifth kind takes part if its adapter is installed."""
    if any(COMMAND.startswith(f"{one.kind}-") for one in discovery.known()):
        return (*CENTERS, COMMAND), tuple(sorted((*STORIES, *OF_FIVE_KINDS)))
    return CENTERS, tuple(STORIES)


def play(
    county: LocalCounty,
    heard: Callable[[str, UUID], None] = lambda _story, _case: None,
    *,
    only: Sequence[str] = tuple(STORIES),
    kill: bool = False,
    disguise: Callable[[Json], Json] = lambda body: body,
    says: Callable[[Bilingual], None] = lambda _words: None,
) -> list[Stage]:
    """Play stories one after the other. ``kill``: the centers' process is killed during one and restarted.
    ``disguise``: rewrites the residents' words. ``says``: is given what a story says at its end."""
    stages = []
    for name in only:
        stage = Stage(county, name, heard=heard, says=says, disguise=disguise)
        stages.append(stage)
        killer = threading.Thread(target=_power_cut, args=(county,)) if kill and name == KILL_AT else None
        if killer:
            killer.start()
        {**STORIES, **OF_FIVE_KINDS}[name](stage)
        if killer:
            killer.join()
    return stages


def _power_cut(county: LocalCounty) -> None:
    """Wait until the story has begun, then kill the centers at once and restart them on the same stores."""
    threading.Event().wait(0.7)
    county.kill()
    county.start_centers()
