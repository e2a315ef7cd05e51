"""The pages speak one language each and the glossary's words, and the commands' help does too."""

import importlib
import re
from collections.abc import Iterator
from functools import reduce
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

from bus.cli import app
from bus.cli.lazy import LazyCommand
from tests.unit.test_docs import DOCUMENTS, FENCE, IN_CODE, ROOT, headings, name_of

IN_BOTH = (
    "README",
    *(
        f"docs/{name}"
        for name in ["deploy", "operate", "upgrade", "guarantees", "walk", "glossary", "adapter", "signing"]
    ),
)
"""The pages that stand in English and in Chinese."""
OLD_NAMES_STAND_IN = ("CHANGELOG", "docs/decisions/", "docs/glossary", "docs/upgrade")
"""They say what was called how."""
RETIRED = re.compile(
    r"\b(aftermath|bells?|DoorShut|eras?|FrontDesk|knock(s|ed|ing)?|notary|NotEver|NotNow|openers?|ringing|"
    r"stand-ins?|strays?|throttles?|town|trays?|vault|whoever)\b|大门|办公桌|入账|替身",
    re.IGNORECASE,
)
"""Words that this project has given up, because nobody outside it could guess them."""
CHINESE = re.compile(r"[\u4e00-\u9fff]")
LATIN = re.compile(r"[A-Za-z]")


def prose(page: Path) -> str:
    """The page without code, links' targets and pictures: what a person reads as sentences."""
    text = IN_CODE.sub("", FENCE.sub("", page.read_text(encoding="utf-8")))
    return re.sub(r"\]\([^)]*\)|<!--.*?-->", "]", text, flags=re.DOTALL)


def rows(page: Path) -> list[list[str]]:
    """The cells of every row of its tables."""
    lines = [line for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def helps(group: TyperGroup, above: str = "bus") -> Iterator[tuple[str, str]]:
    """(command, every sentence of its help) of each command and of each option."""
    for name, command in group.commands.items():
        one = command.loaded if isinstance(command, LazyCommand) else command
        told = [command.help or "", one.help or "", *(getattr(option, "help", "") or "" for option in one.params)]
        yield f"{above} {name}", "\n".join(told)
        if isinstance(one, TyperGroup):
            yield from helps(one, f"{above} {name}")


@pytest.mark.parametrize("name", IN_BOTH)
def test_a_page_for_people_stands_in_both_languages(name: str) -> None:
    """English beside Chinese, and each leads to the other in its first lines."""
    for page, other in ((f"{name}.md", f"{name}.zh-CN.md"), (f"{name}.zh-CN.md", f"{name}.md")):
        first = "\n".join((ROOT / page).read_text(encoding="utf-8").splitlines()[:6])
        assert f"]({Path(other).name})" in first, page


@pytest.mark.parametrize("name", IN_BOTH)
def test_a_page_speaks_one_language(name: str) -> None:
    """English headings hold no Chinese but the product's name, 国密 and 等保; Chinese prose is mostly Chinese."""
    for heading in headings(ROOT / f"{name}.md"):
        assert not CHINESE.search(re.sub(r"`[^`]+`|四中心联动总线|\((国密|等保)\)", "", heading)), heading
    english, chinese = prose(ROOT / f"{name}.md"), prose(ROOT / f"{name}.zh-CN.md")
    if "glossary" not in name:
        assert len(CHINESE.findall(english)) * 20 < len(LATIN.findall(english))
        assert len(CHINESE.findall(chinese)) * 2 > len(LATIN.findall(chinese))


@pytest.mark.parametrize(
    "page", [page for page in DOCUMENTS if not name_of(page).startswith(OLD_NAMES_STAND_IN)], ids=name_of
)
def test_no_retired_word_stands_in_a_page(page: Path) -> None:
    """A page uses the word of the glossary, not the one that it replaced."""
    assert [found[0] for found in RETIRED.finditer(prose(page))] == []


def test_no_retired_word_stands_in_a_help_text() -> None:
    """Every command, and every option of it."""
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    told = dict(helps(group))
    assert len(told) > 30
    assert {command: found[0] for command, text in told.items() if (found := RETIRED.search(text))} == {}


def test_every_place_of_the_glossary_is_there() -> None:
    """A dotted name leads to a module, or to something in one; a path, to a folder."""
    for row in rows(ROOT / "docs" / "glossary.md"):
        for place in re.findall(r"`([^`]+)`", row[3]):
            if "/" in place:
                assert (ROOT / place).exists(), row
                continue
            parts = place.split(".")
            known = max(n for n in range(1, len(parts) + 1) if _is_module(".".join(parts[:n])))
            assert known > 1, row
            reduce(getattr, parts[known:], importlib.import_module(".".join(parts[:known])))


def test_both_glossaries_name_the_same_places() -> None:
    """Row by row: the same place in the code, and the same old name."""
    english, chinese = (rows(ROOT / "docs" / name) for name in ("glossary.md", "glossary.zh-CN.md"))
    assert [row[3:] for row in english if "`" in row[3]] == [row[3:] for row in chinese if "`" in row[3]]


def _is_module(name: str) -> bool:
    parts = name.split(".")
    path = ROOT.joinpath(*parts)
    return path.is_dir() or path.with_suffix(".py").exists()
