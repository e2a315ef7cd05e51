"""Canaries: fictitious residents whose data are recognised wherever they leak.

No real person can match. The names count with the old calendar's signs, no telephone number in China begins with 1009,
and no region of identity cards begins with 0.
"""

import random
from dataclasses import dataclass

from stdnum.cn import ric

from bus.contract.case import Person

SIGNS = "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥"
CODE = 5
"""The number of signs that identify a canary: five million combinations."""

NAME, ADDRESS, WORDS, PHONE, ID_CARD = "居民", "鸟笼街", "金丝雀说", "1009", "009900"
"""The prefix of each kind of mark."""


@dataclass(frozen=True, slots=True)
class Canary:
    """One fictitious resident. Each mark is unique to it."""

    name: str
    address: str
    words: str
    """Goes into a case's text, title or note."""
    phone: str
    id_card: str
    """Has a valid date and check digit, so that every model takes it."""

    @property
    def marks(self) -> dict[str, str]:
        """Kind of mark → mark."""
        return {
            "name": self.name,
            "address": self.address,
            "words": self.words,
            "phone": self.phone,
            "id_card": self.id_card,
        }

    def person(self) -> Person:
        """The canary as the resident of a case."""
        return Person(name=self.name, phone=self.phone, id_card=self.id_card, address=self.address)


def canaries(seed: int, n: int = 2000) -> list[Canary]:
    """``n`` different canaries, the same for the same seed; no two share a mark."""
    chance = random.Random(seed)  # noqa: S311 - nothing secret: they are to be made again from the seed
    codes = chance.sample(range(len(SIGNS) ** CODE), n)
    phones = chance.sample(range(10**7), n)
    bodies = chance.sample(range(100 * 12 * 28 * 1000), n)
    return [_canary(_signs(code), phone, _body(body)) for code, phone, body in zip(codes, phones, bodies, strict=True)]


def _canary(code: str, phone: int, body: str) -> Canary:
    return Canary(
        name=NAME + code,
        address=ADDRESS + code,
        words=WORDS + code,
        phone=f"{PHONE}{phone:07}",
        id_card=body + ric.calc_check_digit(body + "0"),
    )


def _signs(code: int) -> str:
    signs = ""
    for _ in range(CODE):
        code, sign = divmod(code, len(SIGNS))
        signs += SIGNS[sign]
    return signs


def _body(number: int) -> str:
    """The first seventeen digits of an identity card number: region, a valid day, a serial number."""
    number, running = divmod(number, 1000)
    number, day = divmod(number, 28)
    year, month = divmod(number, 12)
    return f"{ID_CARD}{1900 + year}{month + 1:02}{day + 1:02}{running:03}"
