"""Bounded types for every model: every value on the wire or at an intake has a limit.

Control characters and bidirectional overrides are refused everywhere: they hide what a reader sees, PostgreSQL cannot
store NUL, and they could forge a log line. Line breaks and tabs are ordinary in residents' texts and stay.
"""

import operator
import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StringConstraints,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import core_schema
from stdnum.cn import ric, uscc
from stdnum.exceptions import ValidationError as WrongNumber

CENTER_PATTERN = r"^[a-z][a-z0-9_]{0,39}-([0-9]{6}|[0-9]{9}|[0-9]{12})$"
DIVISION_PATTERN = r"^([0-9]{6}|[0-9]{9}|[0-9]{12})$"
CLEAN = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]*$"
CLEAN_LINE = r"^[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]*$"
ID_CARD_PATTERN = r"^[0-9]{17}[0-9Xx]$"
CREDIT_CODE_PATTERN = r"^[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}$"


class _Written:
    """A date-time in RFC 3339; pydantic alone would read ``"5"`` as five seconds after 1970."""

    @staticmethod
    def __get_pydantic_core_schema__(source: object, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        moment = handler(source)
        begins_with_a_year = core_schema.str_schema(pattern=r"^[0-9]{4}-", strict=True)
        of_that_text: Any = {**moment, "strict": False}  # the text was checked before; the value is a datetime now
        written = core_schema.chain_schema([begins_with_a_year, of_that_text])
        return core_schema.json_or_python_schema(json_schema=written, python_schema=moment)

    @staticmethod
    def __get_pydantic_json_schema__(_schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(core_schema.datetime_schema())


Moment = Annotated[
    AwareDatetime,
    Field(ge=datetime(1900, 1, 1, tzinfo=UTC), le=datetime(2200, 1, 1, tzinfo=UTC)),
    _Written,
]
"""A point in time with its offset. Bounded: at the ends of the calendar, turning it to UTC would fail."""
CenterName = Annotated[str, StringConstraints(pattern=CENTER_PATTERN)]
"""``<kind>-<division>``, one word of a routing key: never a dot in it."""
Division = Annotated[str, StringConstraints(pattern=DIVISION_PATTERN)]
"""County (6 digits, GB/T 2260), township (9) or village (12, statistical codes)."""
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]*$", max_length=64)]
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


def is_absent(value: object) -> bool:
    """Leaves a field out where it has no value, so that a document without it is what it was before the field existed:
    ``Field(exclude_if=is_absent)``."""
    return value is None


WHERE_SET = Field(exclude_if=operator.not_)
"""Leaves a field out where it says nothing: no, none of them, or no value. So what v0.1.0 did not know costs a document
without it no bytes."""


class Strict(BaseModel):
    """The common model: frozen, strict types, and no input value in an error text. Unknown fields are ignored: readers
    accept additions within a major version."""

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="ignore",
        hide_input_in_errors=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,  # a field's docstring becomes its description in the schemas
    )


def check_id_card(number: str) -> str:
    """A resident identity card number in capitals, with a valid date and check digit (GB 11643).

    The region is not looked up: a table of regions refuses residents who were born before their county was set up
    (everyone of 红山区 born before 1983) and those of counties newer than the table. Raises ValueError, without the
    number."""
    upper = number.upper()
    if not re.fullmatch(ID_CARD_PATTERN[1:-1], upper):
        raise ValueError("not an identity card number: 17 digits and a check digit are needed (GB 11643)")
    try:
        ric.get_birth_date(upper)
    except WrongNumber:
        raise ValueError("the date in the identity card number does not exist") from None
    if upper[-1] != ric.calc_check_digit(upper):
        raise ValueError("the check digit of the identity card number is wrong (GB 11643)")
    return upper


def check_credit_code(code: str) -> str:
    """A unified social credit code with a valid check digit (GB 32100). Raises ValueError, without the code. The first
    two characters may be letters: rural collectives are registered under N."""
    if not re.fullmatch(CREDIT_CODE_PATTERN[1:-1], code):
        raise ValueError("not a unified social credit code: 18 digits and capitals are needed (GB 32100)")
    if code[-1] != uscc.calc_check_digit(code[:-1]):
        raise ValueError("the check digit of the unified social credit code is wrong (GB 32100)")
    return code


IdCard = Annotated[str, StringConstraints(pattern=ID_CARD_PATTERN, max_length=18), AfterValidator(check_id_card)]
"""居民身份证号. Personal data."""
CreditCode = Annotated[
    str, StringConstraints(pattern=CREDIT_CODE_PATTERN, max_length=18), AfterValidator(check_credit_code)
]
"""统一社会信用代码."""
