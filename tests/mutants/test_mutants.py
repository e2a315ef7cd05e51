"""Planted defects are found: a sample here, all of them by ``make plants``."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from verification.mutants.defect import BySeeds, ByTests, InProcess
from verification.mutants.defects import DEFECTS
from verification.mutants.finding import Found
from verification.mutants.report import PAGE, load, page

HERE = Path(__file__).resolve().parents[2]
SAMPLE = (
    "ack-before-commit",
    "confirm-is-enough",
    "dedupe-by-nothing",
    "repeat-not-receipted",
    "unilateral-withdrawal",
    "outbox-after-commit",
    "half-an-answer",
)
"""One of each kind, of those that are found quickly."""


def _look(name: str) -> Found:
    environment = os.environ | {"PYTHONHASHSEED": "0"}
    command = [sys.executable, "-m", "verification.mutants.child", name, "15"]
    done = subprocess.run(command, cwd=HERE, env=environment, capture_output=True, text=True, timeout=1500, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return Found(**json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("name", SAMPLE)
def test_a_planted_defect_is_found(name: str) -> None:
    """With the defect in the product a rule made for it fires, and on the same seed without it none does."""
    finder = DEFECTS[name].finder
    assert isinstance(finder, BySeeds | ByTests)
    wanted = finder.rules if isinstance(finder, BySeeds) else [test.rpartition("/")[2] for test in finder.tests]
    assert _look(name).by in wanted


def test_the_table_is_what_was_found() -> None:
    """Every defect stands in the table, each was found, and nobody has written into the page by hand."""
    found = load()
    assert [one.name for one in found] == list(DEFECTS)
    assert [one.name for one in found if not one.by] == []
    assert PAGE.read_text() == page()


def test_each_was_found_by_what_was_made_for_it() -> None:
    """The rule or the tests that are told are those which the defect names."""
    for one in load():
        finder = DEFECTS[one.name].finder
        if isinstance(finder, ByTests):
            assert {one.by, *one.also} == {test.rpartition("/")[2] for test in finder.tests}, one.name
        elif isinstance(finder, InProcess):
            assert one.by == finder.told, one.name
        else:
            assert one.by in finder.rules, one.name


def test_there_are_at_least_24_and_most_are_found_by_the_simulation() -> None:
    """So many are asked for, by simulation or chaos; the others say why neither has a place for them."""
    assert sum(isinstance(one.finder, BySeeds) for one in DEFECTS.values()) >= 24
    assert all(one.finder.why.zh and one.finder.why.en for one in DEFECTS.values() if isinstance(one.finder, ByTests))
