"""The words of what persons on duty do, in both languages."""

from collections.abc import Mapping

from bus.bilingual import Bilingual
from bus.contract.staff_command import Act

ACT_WORDS: Mapping[str, Bilingual] = {
    Act.REPLAY: Bilingual("重放", "replay"),
    Act.DISCARD: Bilingual("放弃", "discard"),
    Act.HOLD: Bilingual("保留", "hold"),
    Act.RELEASE: Bilingual("解除保留", "end a hold"),
    Act.NOTE: Bilingual("备注", "note"),
    Act.OWNER: Bilingual("指定负责人", "say who sees to it"),
    Act.URGE: Bilingual("催办", "urge"),
    Act.ASK_ARBITER: Bilingual("提请裁定", "ask the arbiter"),
    Act.REDIRECT: Bilingual("改转其他中心", "offer to another center"),
    Act.PAUSE: Bilingual("暂停收发", "pause"),
    Act.RESUME: Bilingual("恢复收发", "end a pause"),
    Act.RECLAIM: Bilingual("裁定承办中心", "rule who has the case"),
    Act.APPROVE: Bilingual("第二人批准", "approve as the second person"),
    Act.RUN: Bilingual("执行预览", "run a preview"),
    Act.STOP: Bilingual("停止其余", "stop the rest"),
    Act.REVEAL: Bilingual("查看全文", "reveal"),
}
"""Act → its words."""


def act_words(act: str) -> Bilingual:
    """The words of an act; one of a newer program stays as it is written."""
    return ACT_WORDS.get(act, Bilingual(act, act))
