"""The names of clocks and rungs for people, and the text of a reminder: nothing of the matter. Pure."""

from collections.abc import Mapping

from bus.bilingual import Bilingual
from bus.clocks.charges import Why
from bus.clocks.marks import Mark
from bus.clocks.rules import Clock, Level
from bus.contract.working_days import CHINA

CLOCKS: Mapping[Clock, Bilingual] = {
    Clock.SIGN: Bilingual("签收", "answer to the offer"),
    Clock.CONTACT: Bilingual("先行联系", "first contact with the resident"),
    Clock.TERM: Bilingual("办结", "result"),
    Clock.PROMISE: Bilingual("承诺", "promised date"),
    Clock.ASSIST: Bilingual("协办", "answer of the helper"),
    Clock.WITHDRAWAL: Bilingual("撤回", "answer to the withdrawal"),
    Clock.RULING: Bilingual("裁定", "ruling"),
    Clock.EXTENSION: Bilingual("延期答复", "answer to the extension"),
    Clock.REPLY: Bilingual("答复居民", "reply to the resident"),
    Clock.CALL_BACK: Bilingual("差评回访", "call back after a bad rating"),
    Clock.RATING: Bilingual("评价", "rating"),
    Clock.REOPEN: Bilingual("重办", "reopening"),
    Clock.APPOINTMENT: Bilingual("预约上门", "appointed visit"),
}
LEVELS: Mapping[Level, Bilingual] = {
    Level.SOON: Bilingual("临期", "due soon"),
    Level.URGE: Bilingual("催办", "reminder"),
    Level.SUPERVISE: Bilingual("督办", "supervision"),
    Level.ESCALATE: Bilingual("提级", "escalation"),
    Level.ANNOUNCE: Bilingual("通报", "announcement"),
}


WHYS: Mapping[Why, Bilingual] = {
    Why.HOLDER: Bilingual("承办", "has the case"),
    Why.OFFERED: Bilingual("待签收", "was offered it"),
    Why.ROAD: Bilingual("在途", "on the road"),
    Why.RETURNED: Bilingual("退回后待转", "has it again"),
    Why.ARBITER: Bilingual("待裁定", "was asked to rule"),
    Why.REPLY: Bilingual("待答复", "has to reply"),
    Why.EXTENSION: Bilingual("延期未答复", "left more time unanswered"),
    Why.HOLD: Bilingual("挂起", "on hold"),
}


def text_of(mark: Mark) -> str:
    """Return what the addressee of a reminder reads."""
    clock, level = CLOCKS[mark.deadline.clock], LEVELS[mark.level]
    due = mark.deadline.due.astimezone(CHINA).strftime("%Y-%m-%d %H:%M")
    zh = f"系统自动{level.zh}：{clock.zh}期限 {due}"
    return f"{zh} / automatic {level.en}: {clock.en}, due {due}"
