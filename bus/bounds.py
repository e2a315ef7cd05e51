"""Bounded building blocks for every model: nothing on the wire or at an intake is without a limit.

Control characters and bidirectional overrides are refused everywhere: they hide what a reader sees, PostgreSQL cannot
store NUL, and a log line could be forged with them. Line breaks and tabs are ordinary in residents' texts and stay.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from stdnum.cn import ric, uscc
from stdnum.exceptions import ValidationError as WrongNumber

CENTER_PATTERN = r"^[a-z][a-z0-9_]{0,39}-([0-9]{6}|[0-9]{9}|[0-9]{12})$"
DIVISION_PATTERN = r"^([0-9]{6}|[0-9]{9}|[0-9]{12})$"
CLEAN = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]*$"
CLEAN_LINE = r"^[^\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]*$"

CenterName = Annotated[str, StringConstraints(pattern=CENTER_PATTERN)]
"""``<kind>-<division>``, one word of a routing key: never a dot in it."""
Division = Annotated[str, StringConstraints(pattern=DIVISION_PATTERN)]
"""County (6 digits, GB/T 2260), township (9) or village (12, statistical codes)."""
Word = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]*$", max_length=64)]
"""A code: category, reason, stage; safe in logs."""
Line = Annotated[str, StringConstraints(pattern=CLEAN_LINE, min_length=1, max_length=200)]
"""One line for people: a title, a name, an address."""
Text = Annotated[str, StringConstraints(pattern=CLEAN, min_length=1, max_length=8000)]
"""Several lines for people."""
NativeId = Annotated[str, StringConstraints(pattern=CLEAN_LINE, min_length=1, max_length=120)]
"""The id that a center's own system gave to its record."""
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
MediaType = Annotated[str, StringConstraints(pattern=r"^[a-z]+/[A-Za-z0-9.+-]+$", max_length=100)]
Count = Annotated[int, Field(ge=0, le=2**31 - 1)]
"""A CloudEvents Integer: 0 to 2^31 - 1."""


class Strict(BaseModel):
    """How every model of ours behaves: frozen, strict types, no value of the input in an error text.

    Unknown fields are passed over: readers accept additions within a major version."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore", hide_input_in_errors=True, allow_inf_nan=False)


def check_id_card(number: str) -> str:
    """A resident identity card number with a right check digit (GB 11643). Raises ValueError, without the number."""
    try:
        return str(ric.validate(number))
    except WrongNumber:
        raise ValueError("not a valid identity card number (GB 11643)") from None


def check_credit_code(code: str) -> str:
    """A unified social credit code with a right check digit (GB 32100). Raises ValueError, without the code."""
    try:
        return str(uscc.validate(code))
    except WrongNumber:
        raise ValueError("not a valid unified social credit code (GB 32100)") from None
