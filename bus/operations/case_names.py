"""Finds a case by what people call it: its id, its number, or its short number as it was heard."""

from uuid import UUID

from bus.bilingual import Bilingual
from bus.contract.short_number import Misheard, WrongShortNumber, id_ending
from bus.store import case_lists, cases
from bus.store.database import Tx


class CaseUnclear(Exception):
    """The case is ambiguous. ``words`` say why, and the cure."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.words = Bilingual(zh, en)


_MISHEARD = {
    Misheard.LENGTH: Bilingual("位数不对：短编号共十位", "a short number has ten digits"),
    Misheard.CHECK_DIGIT: Bilingual(
        "校验位不符：有一位听错，或两位颠倒",
        "wrong check digit: one digit is wrong, or two are swapped",
    ),
}


def case_named(tx: Tx, text: str) -> UUID | None:
    """The case with this UUID, number or short number; None: it is unknown here. Raises ``CaseUnclear`` for a short
    number that was misheard, or that several cases share."""
    try:
        return UUID(text)
    except ValueError:
        return cases.by_number(tx, text) or _by_short_number(tx, text)


def _by_short_number(tx: Tx, text: str) -> UUID | None:
    try:
        end = id_ending(text)
    except WrongShortNumber as wrong:
        why = _MISHEARD[wrong.fault]
        raise CaseUnclear(f"{text}：{why.zh}；请对方重读一遍", f"{text}: {why.en}; ask for the number again") from None
    found = case_lists.ending(tx, end) if end is not None else []
    if len(found) > 1:
        numbers = [number for _, number in found]
        raise CaseUnclear(
            f"{text}：有 {len(found)} 件案件的短编号相同，请改用编号：{'、'.join(numbers)}",
            f"{text}: {len(found)} cases share this short number; give the number instead: {', '.join(numbers)}",
        )
    return found[0][0] if found else None
