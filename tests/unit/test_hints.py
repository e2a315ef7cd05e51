"""The hint of what is parked: for its code, in the operator's language, and never a resident's word."""

import re

import pytest

from bus.operations.hints import _HINTS, hint_of
from bus.sdk.codes import RejectCode, RetryCode
from bus.store import parked
from tests.unit.test_docs import ROOT

CODES = [*RetryCode, *RejectCode]


@pytest.mark.parametrize("place", [*parked.PLACES, "outbox"])
def test_every_place_has_a_hint_for_a_code_that_nobody_knows(place: str) -> None:
    """A newer center may have parked it."""
    words = hint_of(place, "never-heard-of", "")
    assert re.search("[一-鿿]", words.zh)
    assert not re.search("[一-鿿]", words.en)


@pytest.mark.parametrize("code", CODES)
def test_a_file_that_cannot_be_had_is_not_the_own_system(code: str) -> None:
    """The hint fits the code."""
    words = hint_of(parked.DESK, code, "")
    assert ("业务系统没有收下" in words.zh) is not code.startswith("attachment-") or code in _HINTS


def test_each_hint_is_in_its_language() -> None:
    """Chinese for those who read Chinese, English for the others."""
    for code, (zh, en) in _HINTS.items():
        assert re.search("[一-鿿]", zh), code
        assert not re.search("[一-鿿]", en), code


def test_the_manual_has_every_code() -> None:
    """`docs/operate.md` says more about each."""
    page = (ROOT / "docs" / "operate.md").read_text(encoding="utf-8")
    missing = [code for code in _HINTS if code not in page]
    assert missing == []


def test_where_a_form_of_a_page_stands_is_told() -> None:
    """The stored hint names the poll, the number and the fields."""
    words = hint_of(parked.POLL, "invalid", "poll tickets, no. 2 of the page")
    assert "no. 2 of the page" in words.zh
    assert "no. 2 of the page" in words.en
