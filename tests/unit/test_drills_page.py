"""The page of the drills is what was seen."""

import ast
from pathlib import Path

import pytest

from verification.drills import record
from verification.drills.page import DRILLS, PAGES, page
from verification.drills.record import WANTED, keep, load
from verification.plug_ins import ROOT


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_page_is_what_was_seen(lang: str) -> None:
    """Nobody has written into it by hand; `make drills` writes it."""
    assert PAGES[lang].read_text(encoding="utf-8") == page(lang)


def test_every_drill_of_the_page_is_played() -> None:
    """Each of the list is one test, and each test that keeps something stands in the list."""
    played = set()
    for path in (ROOT / "tests" / "drills").glob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "mended":
                (drill, *_) = node.args
                assert isinstance(drill, ast.Constant)
                played.add(drill.value)
    assert played - {""} == set(DRILLS)
    assert {one.drill for one in load()} <= set(DRILLS)


def test_a_test_keeps_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Only `make drills` writes what it has seen; a second run of a drill takes the place of the first."""
    monkeypatch.setattr(record, "SEEN", tmp_path / "seen.json")
    monkeypatch.delenv(WANTED, raising=False)
    keep("poison", "stuck", 3, 1.0, 2.0)
    assert load() == []
    monkeypatch.setenv(WANTED, "1")
    keep("poison", "stuck", 3, 1.0, 2.0)
    keep("poison", "stuck", 3, 1.5, 2.5)
    assert [(one.drill, one.found_s) for one in load()] == [("poison", 1.5)]
