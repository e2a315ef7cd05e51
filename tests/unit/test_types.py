"""The building blocks refuse what they must refuse, take what is right, and never repeat what they were given."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import StringConstraints, TypeAdapter, ValidationError

from bus.contract import types
from bus.contract.case import Person
from bus.contract.types import Moment, Strict, check_credit_code, check_id_card

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def id_card(region: str, born: str, order: str = "000") -> str:
    """A made-up number; its check digit by the table in GB 11643, not by the library under test."""
    digits = region + born + order
    total = sum(int(digit) * weight for digit, weight in zip(digits, WEIGHTS, strict=True))
    return digits + "10X98765432"[total % 11]


def credit_code(first: str) -> str:
    """A made-up code from 17 signs; its check sign by GB 32100: weights are the powers of 3 modulo 31."""
    total = sum(ALPHABET.index(sign) * pow(3, place, 31) for place, sign in enumerate(first))
    return first + ALPHABET[-total % 31]


def takes(block: Any, value: object) -> bool:
    """Whether the building block takes the value."""
    try:
        TypeAdapter(block).validate_python(value, strict=True)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize(
    ("region", "born"),
    [
        ("150402", "20200229"),
        ("150402", "19310521"),  # born 52 years before there was a 红山区
        ("152531", "19000101"),
        ("152532", "20240101"),  # a region that no table has
    ],
)
def test_id_card_of_any_age_and_region_is_taken(region: str, born: str) -> None:
    """A resident older than his county, or of a county newer than any table, has a right number all the same."""
    number = id_card(region, born)
    assert check_id_card(number) == number


def test_id_card_with_small_x_is_kept_in_capitals() -> None:
    """The check digit X may be typed small, and is one and the same number afterwards."""
    number = next(n for n in (id_card("150402", "19900101", f"{i:03}") for i in range(40)) if n.endswith("X"))
    assert check_id_card(number.lower()) == number


def test_every_wrong_check_digit_of_an_id_card_is_refused() -> None:
    """Of the eleven check digits one is right."""
    right = id_card("150402", "19900101")
    refused = [sign for sign in "0123456789X" if sign != right[-1]]
    for sign in refused:
        with pytest.raises(ValueError, match="check digit"):
            check_id_card(right[:-1] + sign)


@pytest.mark.parametrize("born", ["19900230", "19901301", "00000101", "20230229"])
def test_id_card_with_an_impossible_birthday_is_refused(born: str) -> None:
    """A date that no calendar has is refused though the check digit fits."""
    with pytest.raises(ValueError, match="date"):
        check_id_card(id_card("150402", born))


@pytest.mark.parametrize("first", ["91150402MA0000000", "N2150402MF0000000", "12150402460000000"])
def test_credit_codes_of_companies_collectives_and_institutions_are_taken(first: str) -> None:
    """Rural collectives are registered under N: they ask for things too."""
    code = credit_code(first)
    assert check_credit_code(code) == code
    wrong = ALPHABET[(ALPHABET.index(code[-1]) + 1) % 31]
    with pytest.raises(ValueError, match="check digit"):
        check_credit_code(first + wrong)


@given(st.one_of(st.text(max_size=20), st.from_regex(r"\A\w{18}\Z"), st.from_regex(r"\A[0-9]{17}[0-9Xx]\Z")))
def test_a_wrong_number_raises_nothing_but_a_value_error_without_the_number(number: str) -> None:
    """Whatever is typed there, the answer is a refusal in our words, and the number is not in it."""
    for check in (check_id_card, check_credit_code):
        said = ""
        try:
            check(number)
        except ValueError as refusal:
            said = str(refusal)
        assert len(number) < 8 or number not in said


def test_a_person_with_a_wrong_number_is_refused_without_the_number_in_the_error() -> None:
    """The error of the model that holds personal data repeats none of it."""
    wrong = id_card("150402", "19900101")[:-1] + "?"
    with pytest.raises(ValidationError) as caught:
        Person.model_validate({"name": "居民甲", "id_card": wrong})
    assert wrong not in str(caught.value)


@pytest.mark.parametrize("division", ["150402", "150402006", "150402006006"])
def test_divisions_have_six_nine_or_twelve_digits(division: str) -> None:
    """County, township and village codes are taken as they are."""
    assert takes(types.Division, division)


@pytest.mark.parametrize(
    "division",
    ["", "15040", "1504020", "15040200600", "1504020060061", "15040a", "１５０４０２", " 150402", "150402\n", 150402],
)
def test_other_divisions_are_refused(division: object) -> None:
    """Wrong lengths, full-width digits, blanks and numbers are no division codes."""
    assert not takes(types.Division, division)


@pytest.mark.parametrize(
    "name", ["media_center-150402", "party_service-150402006", "a-150402006006", f"{'a' * 40}-150402"]
)
def test_center_names(name: str) -> None:
    """Kind and division, in the three lengths of a division."""
    assert takes(types.CenterName, name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "media_center",
        "media_center-",
        "-150402",
        "Media_center-150402",
        "1center-150402",
        "_center-150402",
        "media.center-150402",  # a dot would be two words of a routing key
        "media-center-150402",
        "media_center-1504020",
        "media_center-150402.case",
        "media_center-150402#",
        "*-150402",
        "#",
        "mediа_center-150402",  # the second a is Cyrillic
        "media_center‑150402",  # a non-breaking hyphen
        "ｍedia_center-150402",
        "media_center-１50402",
        "media_center-150402\n",
        " media_center-150402",
        "media\u200b_center-150402",
        f"{'a' * 41}-150402",
        150402,
        None,
    ],
)
def test_look_alikes_of_center_names_are_refused(name: object) -> None:
    """What looks like a center's name, or would mean more in a routing key, is none."""
    assert not takes(types.CenterName, name)


HIDDEN = ["\x00", "\x07", "\x1b", "\x7f", "\x85", "\x9b", "\u202a", "\u202e", "\u2066", "\u2069"]


@pytest.mark.parametrize("sign", HIDDEN)
@pytest.mark.parametrize("block", [types.Text, types.Line, types.NativeId])
def test_hidden_signs_are_refused_in_every_text(block: Any, sign: str) -> None:
    """Control characters and bidirectional overrides pass nowhere, in front, within or behind."""
    for text in (f"{sign}好", f"好{sign}好", f"好{sign}", sign):
        assert not takes(block, text)


@pytest.mark.parametrize("sign", ["\n", "\r", "\t", "\u2028", "\u2029"])
def test_line_breaks_stand_in_texts_and_not_in_lines(sign: str) -> None:
    """A resident's text has lines; a title is one line, also for those who count U+2028 as a line's end."""
    assert takes(types.Text, f"第一行{sign}第二行")
    assert not takes(types.Line, f"第一行{sign}第二行")
    assert not takes(types.Line, f"标题{sign}")


@pytest.mark.parametrize(
    ("block", "longest"), [(types.Text, 8000), (types.Line, 200), (types.NativeId, 120), (types.Code, 64)]
)
def test_lengths_count_signs_and_end_where_they_should(block: Any, longest: int) -> None:
    """The longest is taken, one more is not, and neither is the empty one."""
    assert takes(block, "a" * longest)
    assert not takes(block, "a" * (longest + 1))
    assert not takes(block, "")


@pytest.mark.parametrize(
    ("value", "right"),
    [(0, True), (2**31 - 1, True), (2**31, False), (-1, False), (True, False), (1.0, False), ("1", False)],
)
def test_counts_are_cloudevents_integers(value: object, right: bool) -> None:
    """0 to 2^31 - 1, and no other type that Python would take for one."""
    assert takes(types.Count, value) is right


@given(st.text(max_size=12))
def test_python_and_rust_read_the_patterns_alike(text: str) -> None:
    r"""The patterns travel in the schemas: a validator in another language must decide as ours does.

    Python's ``$`` would pass over a last line break, so ``\Z`` stands in its place here."""
    for pattern in (types.CLEAN, types.CLEAN_LINE, types.CENTER_PATTERN, types.DIVISION_PATTERN):
        python = re.search(pattern[:-1] + r"\Z", text) is not None
        block: Any = Annotated[str, StringConstraints(pattern=pattern)]
        assert takes(block, text) is python


class _Dated(Strict):
    at: Moment


@pytest.mark.parametrize(
    "text", ['"5"', '"1700000000"', '"-5"', '"5.5"', '"20261123T090000Z"', "5", "null", '"2026-5"']
)
def test_a_moment_is_written_as_a_date(text: str) -> None:
    """A number, also one in quotes, is no point in time: pydantic alone takes it for seconds since 1970."""
    with pytest.raises(ValidationError):
        _Dated.model_validate_json(f'{{"at":{text}}}')


def test_a_date_is_a_moment_in_json_and_a_datetime_in_python() -> None:
    """RFC 3339 is read; in Python nothing but a datetime with its offset is taken."""
    at = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    assert _Dated.model_validate_json('{"at":"2026-11-23T17:00:00+08:00"}').at == at
    assert _Dated(at=at).at == at
    for other in ("2026-11-23T09:00:00Z", 5, at.replace(tzinfo=None)):
        with pytest.raises(ValidationError):
            _Dated(at=other)  # type: ignore[arg-type]  # that is what is tested
