"""What the product imports is declared: a dependency of a dependency may be gone with its next release."""

import re
import sys
import tomllib
from importlib.metadata import packages_distributions

from verification.rooms import ROOT, modules

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
OURS = {"bus", "adapters", "stories", "verification"}


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _imported() -> set[str]:
    """The first words of everything that the product imports, wherever in a file."""
    found = set()
    for folder in ("bus", "adapters"):
        for path in modules(ROOT / folder):
            for line in path.read_text(encoding="utf-8").splitlines():
                if word := re.match(r"\s*(?:from|import) ([a-z_][a-z0-9_]*)\b(?=[\w. ]*(?: import| as|,|$))", line):
                    found.add(word[1])
    return found - set(sys.stdlib_module_names) - OURS


def test_every_package_that_is_imported_is_declared() -> None:
    """By the distribution that has it."""
    declared = {_plain(re.split(r"[\[<>=;~! ]", one)[0]) for one in PROJECT["dependencies"]}
    whose = packages_distributions()
    imported = _imported() & whose.keys()
    assert {"starlette", "pika", "pydantic"} <= imported
    missing = {word for word in imported if not {_plain(name) for name in whose[word]} & declared}
    assert missing == set()
