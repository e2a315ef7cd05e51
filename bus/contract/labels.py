"""Labels of the contract's closed lists in Chinese and English, for forms, pages and other programs.

The names of the contract travel on the wire; labels are for people and never travel.
"""

from enum import Enum, IntEnum
from typing import NamedTuple

from bus.contract.messages import Ground, Outcome, Rater, Reason


class Grade(IntEnum):
    """The five grades of a rating (好差评), best first; a message carries the number."""

    DELIGHTED = 5
    SATISFIED = 4
    MOSTLY = 3
    UNSATISFIED = 2
    VERY_UNSATISFIED = 1


class Label(NamedTuple):
    """The labels of one member of a list."""

    zh: str
    en: str


LABELS: dict[type[Enum], dict[Enum, Label]] = {
    Reason: {
        Reason.NOT_TERRITORY: Label("属地不符", "not in this center's territory"),
        Reason.NOT_DUTY: Label("职责不符", "not this center's duty"),
        Reason.UNCLEAR_OWNERSHIP: Label("权属不清", "it is not clear whose it is"),
        Reason.INCOMPLETE: Label("信息不全", "information is missing"),
        Reason.DUPLICATE: Label("重复", "the same matter is handled already"),
        Reason.NO_CAPACITY: Label("无承接能力", "this center cannot do it"),
        Reason.LEGAL_ROUTE: Label("应走法定程序", "a procedure laid down by law must be taken"),
        Reason.EMERGENCY: Label("应转紧急", "a matter for the emergency services"),
        Reason.UNLAWFUL: Label("不合法理", "the request is against the law"),
        Reason.ALREADY_CLOSED: Label("已办结", "settled already"),
        Reason.OTHER: Label("其他", "another reason, said in words"),
    },
    Outcome: {
        Outcome.DONE: Label("已解决", "done"),
        Outcome.EXPLAINED: Label("已解释", "explained"),
        Outcome.PARTLY: Label("部分解决", "partly done"),
        Outcome.NOT_ACCEPTED: Label("不予受理", "not accepted; the lawful route is named"),
        Outcome.CANCELLED: Label("群众撤销", "taken back by the resident"),
    },
    Grade: {
        Grade.DELIGHTED: Label("非常满意", "very satisfied"),
        Grade.SATISFIED: Label("满意", "satisfied"),
        Grade.MOSTLY: Label("基本满意", "mostly satisfied"),
        Grade.UNSATISFIED: Label("不满意", "not satisfied"),
        Grade.VERY_UNSATISFIED: Label("非常不满意", "not satisfied at all"),
    },
    Ground: {
        Ground.RETURNED: Label("多次退单", "sent back as often as the county allows"),
        Ground.SILENT: Label("逾期不答", "no answer in time"),
        Ground.DISPUTED: Label("责任有争议", "it is disputed whose it is"),
    },
    Rater: {
        Rater.RESIDENT: Label("当事居民", "the resident"),
        Rater.SELF: Label("自评", "the center itself"),
        Rater.MASSES: Label("群众评议", "the public"),
        Rater.SURVEY: Label("满意度调查", "a survey"),
    },
}
"""List → member → label."""
LISTS: dict[str, type[Enum]] = {
    "reasons": Reason,
    "outcomes": Outcome,
    "grades": Grade,
    "grounds": Ground,
    "raters": Rater,
}
"""The lists as ``schemas/contract.json`` names them."""


def label(member: Enum) -> Label:
    """The label of a list's member. Raises ``KeyError`` for a list without labels."""
    return LABELS[type(member)][member]
