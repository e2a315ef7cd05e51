"""Pseudonyms under which one of many gives an opinion: they tell two people apart, and tell nobody who they are."""

import re
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

_A_NUMBER_OF_SOMEBODY = re.compile(r"(?:\+?86-?)?1[3-9][0-9]{9}|[0-9]{15}|[0-9]{17}[0-9Xx]")
"""A mobile telephone, or an identity card of 15 or 18 digits."""


def _nobodys(pseudonym: str) -> str:
    if _A_NUMBER_OF_SOMEBODY.fullmatch(pseudonym):
        raise ValueError("a telephone or identity card number is no pseudonym: draw a number that tells nobody")
    return pseudonym


Pseudonym = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]*$", max_length=64), AfterValidator(_nobodys)
]
"""A number that the survey has drawn for one of its people. Never who it is."""
