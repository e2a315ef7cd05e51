"""The operators' manual has the console's own words."""

import pytest

from verification import finding_words
from verification.finding_words import MARKS, PAGES, pages, with_tables


def test_the_manual_says_what_the_console_says() -> None:
    """Each finding, each code and each place, in both languages; `make findings` writes them."""
    for path, text in pages():
        assert path.read_text(encoding="utf-8") == text, f"{path.name}: run make findings"


def test_a_word_that_changes_changes_the_page() -> None:
    """What stands between the marks is thrown away, and a page without them is refused."""
    page = PAGES["en"].read_text(encoding="utf-8")
    spoilt = page.replace("the store does not answer", "all is well", 1)
    assert spoilt != page
    assert with_tables(spoilt, "en") == page
    with pytest.raises(ValueError, match="no marks"):
        with_tables(page.replace(MARKS[1], ""), "en")
    assert finding_words.tables("zh") in PAGES["zh"].read_text(encoding="utf-8")
