"""The short number of a case: ten digits, made of the case's id, that people read to each other over the telephone.

The first nine digits are the end of the id, its last 28 bits; the tenth checks them. There are digits alone, as in
``048-217-9036``: letters sound alike. The check digit is Verhoeff's. It catches each wrong digit and each swap of two
neighbours. Of ISO 7064, MOD 11,10 misses one such swap in 44, and MOD 97-10 takes a second digit.

The short number is not stored and never travels: each center makes the same one of the same id. Two cases may share
one. Of 100,000 cases, one in 2,700 does.
"""

import unicodedata
from enum import Enum
from uuid import UUID

from stdnum import verhoeff

BITS, DIGITS, HEX = 28, 9, 7
"""How much of an id's end is in the number: bits of it, the digits they make, and the hexadecimal digits they are."""


class Misheard(Enum):
    """What is wrong with a short number as it was heard."""

    LENGTH = "length"
    """A digit is missing, or one too many."""
    CHECK_DIGIT = "check-digit"
    """A digit is wrong, or two have changed places."""


class WrongShortNumber(ValueError):
    """What was heard is no short number of any case, and ``fault`` says why."""

    def __init__(self, fault: Misheard) -> None:
        super().__init__(fault.value)
        self.fault = fault


def short_number(case_id: UUID) -> str:
    """The short number, in groups as it is read out."""
    nine = f"{case_id.int & (1 << BITS) - 1:0{DIGITS}d}"
    ten = nine + verhoeff.calc_check_digit(nine)
    return f"{ten[:3]}-{ten[3:6]}-{ten[6:]}"


def id_ending(heard: str) -> str | None:
    """How the ids end, in hexadecimal, that have this short number; None where ``heard`` is not meant as one. Groups
    may be parted by blanks or dashes, or not at all. Raises ``WrongShortNumber``."""
    plain = unicodedata.normalize("NFKC", heard)
    digits = "".join(sign for sign in plain if not sign.isspace() and unicodedata.category(sign) != "Pd")
    if not (digits.isascii() and digits.isdecimal()) or abs(len(digits) - DIGITS - 1) > 1:
        return None
    if len(digits) != DIGITS + 1:
        raise WrongShortNumber(Misheard.LENGTH)
    end = int(digits[:DIGITS])
    if not verhoeff.is_valid(digits) or end >= 1 << BITS:
        raise WrongShortNumber(Misheard.CHECK_DIGIT)
    return f"{end:0{HEX}x}"
