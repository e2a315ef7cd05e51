"""The guarantees: each promise names a test that is there and a command that runs; both languages promise the same."""

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from bus.testing.center_suite import CHECKS
from tests.unit.test_docs import IN_CODE, LINK, ROOT, defines
from verification.chaos.faults import FAULTS
from verification.checker import RULES

ENGLISH, CHINESE = ROOT / "docs/guarantees.md", ROOT / "docs/guarantees.zh-CN.md"
BOTH = pytest.mark.parametrize("page", [ENGLISH, CHINESE], ids=["en", "zh-CN"])


class Row(NamedTuple):
    """A line of the tables: a promise (``7``), or what is not promised (``N7``)."""

    number: str
    cells: list[str]

    @property
    def tests(self) -> list[str]:
        """``path::name`` of every test that is named."""
        return [text.strip("`") for cell in self.cells for text, _ in LINK.findall(cell) if "::" in text]

    @property
    def codes(self) -> list[str]:
        """What stands in code signs outside links, without what the row says in words."""
        return [code for cell in self.cells[1:] for code in IN_CODE.findall(LINK.sub("", cell))]

    @property
    def commands(self) -> list[str]:
        """How it is run."""
        return IN_CODE.findall(self.cells[-1])


def rows(page: Path) -> list[Row]:
    """Every numbered line of the page's tables."""
    found = re.findall(r"^\| (N?\d+) \| (.*) \|$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return [Row(number, rest.split(" | ")) for number, rest in found]


def promises(page: Path) -> list[Row]:
    """What is promised."""
    return [row for row in rows(page) if not row.number.startswith("N")]


def not_promised(page: Path) -> list[Row]:
    """What is not."""
    return [row for row in rows(page) if row.number.startswith("N")]


@cache
def is_there(test: str) -> bool:
    """Whether ``path::name`` is a test that pytest collects from that file."""
    path, _, name = test.partition("::")
    file = ROOT / path
    return file.name.startswith("test_") and name.startswith("test_") and file.exists() and defines(file, name)


def runs(command: str) -> bool:
    """Whether a cell of *run* can be typed: ``pytest``, or a target of the Makefile with variables that it reads."""
    if command == "pytest":
        return True
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    called = re.fullmatch(r"make ([a-z]+)((?: [A-Z]+=\S+)*)", command)
    if called is None:
        return False
    recipe = re.search(rf"^{called[1]}:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    return recipe is not None and all(
        f"$({name})" in recipe[1] or f"({name}," in recipe[1] for name in wanted(called[2])
    )


def wanted(variables: str) -> list[str]:
    """``SEEDS=3 FAULTS=a`` → SEEDS, FAULTS."""
    return [word.partition("=")[0] for word in variables.split()]


def faults(page: Path) -> set[str]:
    """Every fault that a command of the page names."""
    named = re.findall(r"FAULTS=([\w,/+-]+)", page.read_text(encoding="utf-8"))
    return {fault for group in named for fault in re.split(r"[,/+]", group)} - {"list", "none"}


@BOTH
def test_each_promise_names_its_tests_and_they_are_there(page: Path) -> None:
    """No promise without a test, and no test that was renamed or moved away."""
    assert len(promises(page)) >= 30
    for row in rows(page):
        assert row.tests or row.number.startswith("N"), f"promise {row.number} names no test"
        assert [test for test in row.tests if not is_there(test)] == [], row.number


@BOTH
def test_each_promise_names_a_command_that_can_be_typed(page: Path) -> None:
    """Targets of the Makefile with the variables that their recipes read."""
    for row in promises(page):
        assert row.commands, f"promise {row.number} cannot be run"
        assert [command for command in row.commands if not runs(command)] == [], row.number


@BOTH
def test_every_rule_of_the_checker_is_a_promise(page: Path) -> None:
    """What the checker judges is promised; no rule is named that it does not have, nor a check that no center has."""
    named = {code for row in promises(page) for code in IN_CODE.findall(LINK.sub("", row.cells[1]))}
    assert named - {check.__name__ for check in CHECKS} == {rule.name for rule in RULES}


@BOTH
def test_every_fault_of_chaos_is_a_promise(page: Path) -> None:
    """Whatever harm can be done is named by a promise that bears it."""
    assert faults(page) == FAULTS.keys()


@BOTH
def test_what_is_not_promised_says_what_to_do(page: Path) -> None:
    """Each limit names the promises that it limits, and what to do then."""
    numbers = {row.number for row in promises(page)}
    assert len(not_promised(page)) >= 15
    for row in not_promised(page):
        of, limit, cure = row.cells
        assert set(of.split(", ")) <= numbers, row.number
        assert limit, row.number
        assert cure, row.number


@BOTH
def test_the_lines_are_numbered_in_order(page: Path) -> None:
    """1, 2, 3 … and N1, N2, N3 …: others may cite them."""
    assert [row.number for row in promises(page)] == [str(n + 1) for n in range(len(promises(page)))]
    assert [row.number for row in not_promised(page)] == [f"N{n + 1}" for n in range(len(not_promised(page)))]


def test_both_languages_promise_the_same() -> None:
    """Line by line: the same number, the same tests, the same rules and commands, the same limits."""
    for english, chinese in zip(rows(ENGLISH), rows(CHINESE), strict=True):
        assert (chinese.number, chinese.tests) == (english.number, english.tests)
        assert sorted(chinese.codes) == sorted(english.codes), english.number
        if english.number.startswith("N"):
            assert chinese.cells[0] == english.cells[0]
        else:
            assert chinese.commands == english.commands


@pytest.mark.parametrize(
    "test",
    ["tests/unit/test_docs.py::test_nothing", "tests/unit/test_nothing.py::test_it", "tests/harness/step.py::carry"],
)
def test_a_test_that_is_not_there_is_seen(test: str) -> None:
    """The check above can say no."""
    assert not is_there(test)
    assert is_there("tests/unit/test_docs.py::test_links_lead_somewhere")


@pytest.mark.parametrize("command", ["make nothing", "make chaos SECOND=3", "make model SEEDS=3", "python x.py", ""])
def test_a_command_that_does_not_run_is_seen(command: str) -> None:
    """The check above can say no."""
    assert not runs(command)
    assert runs("make simulate SEEDS=3 FIRST=7")
