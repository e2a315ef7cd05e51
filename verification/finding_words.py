"""What each finding of the console means and what to do, for the operators' manual: the console's own words.

``python -m verification.finding_words`` (``make findings``) writes them between two marks of ``docs/operate.md`` and
``docs/operate.zh-CN.md``.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from bus.console.causes import PLACES
from bus.console.finding_words import CAUSES, Cause
from bus.operations.hints import CODES, hint_of
from verification.plug_ins import ROOT

MARKS = ("<!-- findings: written by `make findings`, do not edit -->", "<!-- end of the findings -->")
PAGES = {"en": ROOT / "docs" / "operate.md", "zh": ROOT / "docs" / "operate.zh-CN.md"}
HEADS = {
    "en": (
        "| finding | what it means | what to do |", "| code | what to do |",
        "| place | what to do without such a code |",
    ),
    "zh": ("| 发现 | 含义 | 处理 |", "| 代码 | 处理 |", "| 位置 | 没有更具体的代码时的处理 |"),
}  # fmt: skip


def tables(lang: str) -> str:
    """The findings, the codes of what is stuck, and its places."""
    findings, codes, places = HEADS[lang]
    lines = [
        findings,
        "|---|---|---|",
        *(f"| `{code}` | {_cell(cause.title, lang)} | {_what(cause, lang)} |" for code, cause in CAUSES.items()),
        "",
        codes,
        "|---|---|",
        *(f"| `{code}` | {_cell(hint_of('', code, ''), lang)} |" for code in CODES),
        "",
        places,
        "|---|---|",
        *(f"| {_cell(words, lang)} | {_cell(hint_of(place, '', ''), lang)} |" for place, words in PLACES.items()),
    ]
    return "\n".join(lines)


def _what(cause: Cause, lang: str) -> str:
    return _cell(cause.cure, lang) + (f"<br>`{cause.command}`" if cause.command else "")


def _cell(words: object, lang: str) -> str:
    return str(getattr(words, lang)).replace("|", "\\|")


def with_tables(page: str, lang: str) -> str:
    """The page with these tables between its marks. Raises ``ValueError`` if the marks are missing."""
    begin, end = MARKS
    before, _, rest = page.partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        raise ValueError("the page has no marks for the findings")
    return f"{before}{begin}\n\n{tables(lang)}\n\n{end}{after}"


def pages() -> Iterator[tuple[Path, str]]:
    """Each page as it must be."""
    for lang, path in PAGES.items():
        yield path, with_tables(path.read_text(encoding="utf-8"), lang)


def main() -> None:
    """Write them."""
    for path, text in pages():
        path.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{path.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
