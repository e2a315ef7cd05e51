"""The map of tests since v0.1.0: ``python -m verification.moved_tests`` checks that none is lost (``make
moved-tests``).

The ids of that release are in ``tests/moved/v0.1.0.txt``, the rules from old to new in ``tests/moved/moved.toml``. Each
old id leads to one id that is collected now, and no other old id leads there. Or a rule drops it, and names the
collected test that covers it. An id without a rule must still exist.
"""

import os
import re
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "tests" / "moved"


@dataclass(frozen=True, slots=True)
class Renamed:
    """A rule for a renamed test or its parameters: in ids that begin with ``test``, the pattern ``old`` becomes
    ``new``."""

    test: str
    old: str
    new: str
    why: str


@dataclass(frozen=True, slots=True)
class Dropped:
    """A rule for dropped tests: the whole id matches ``old``, and the test ``cover`` checks the same."""

    old: str
    cover: str
    why: str


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules from old ids to new ones; paths first, then ``renamed`` in its order, then ``dropped``."""

    paths: Mapping[str, str] = field(default_factory=dict)
    """A file, or a folder with its trailing slash; before ``::``, or as the whole parameter."""
    renamed: tuple[Renamed, ...] = ()
    dropped: tuple[Dropped, ...] = ()


@dataclass(slots=True)
class Outcome:
    """The outcome of every old id: ``found`` and ``lost`` lead to the new id, ``dropped`` to its cover."""

    found: dict[str, str] = field(default_factory=dict)
    dropped: dict[str, str] = field(default_factory=dict)
    lost: dict[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    """Faults in the rules themselves."""

    def counts(self) -> str:
        """The four numbers, in a line."""
        same = sum(old == new for old, new in self.found.items())
        moved = len(self.found) - same
        return f"same id {same}, moved {moved}, dropped {len(self.dropped)}, lost {len(self.lost)}"


def _path_rule(path: str, paths: Mapping[str, str]) -> str | None:
    """The rule for a path: its own, else that of the innermost folder."""
    fits = [old for old in paths if path == old or (old.endswith("/") and path.startswith(old))]
    return max(fits, key=len, default=None)


def _on_paths(old: str, rules: Rules, used: Counter[object]) -> str:
    """An id with its file, and the file that its parameter names, at their new paths."""
    file, _, test = old.partition("::")
    name, bracket, parameter = test.partition("[")
    parts = [file, parameter.removesuffix("]")]
    for at, part in enumerate(parts):
        if (rule := _path_rule(part, rules.paths)) is not None:
            used[rule] += 1
            parts[at] = rules.paths[rule] + part.removeprefix(rule)
    return f"{parts[0]}::{name}{bracket}{parts[1]}{']' if bracket else ''}"


def compare(before: Iterable[str], now: Set[str], rules: Rules) -> Outcome:
    """Follow the rules from every id of ``before``, and check that they end at an id of ``now``."""
    outcome, used = Outcome(), Counter[object]()
    for old in before:
        new = _on_paths(old, rules, used)
        for rule in rules.renamed:
            if new.startswith(rule.test) and re.search(rule.old, new):
                used[rule] += 1
                new = re.sub(rule.old, rule.new, new)
        gone = [(drop, fit) for drop in rules.dropped if (fit := re.fullmatch(drop.old, new))]
        for drop, fit in gone:
            used[drop] += 1
            outcome.dropped[old] = fit.expand(drop.cover)
        if not gone:
            (outcome.found if new in now else outcome.lost)[old] = new
        elif new in now:
            outcome.faults.append(f"dropped, but it is there: {old}")
    outcome.faults += _faults(outcome, now, rules, used)
    return outcome


def _faults(outcome: Outcome, now: Set[str], rules: Rules, used: Counter[object]) -> Iterator[str]:
    """Rules without a match, missing covers, and new ids to which several old ids lead."""
    for rule in (*rules.paths, *rules.renamed, *rules.dropped):
        if not used[rule]:
            yield f"a rule that matches nothing: {rule}"
    for old, cover in outcome.dropped.items():
        if cover not in now:
            yield f"its cover is not there: {old} → {cover}"
    for new, times in Counter(outcome.found.values()).items():
        if times > 1:
            yield f"{times} old tests lead to one: {new}"


def collected() -> set[str]:
    """The id of every test in this tree, collected by a separate pytest."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", "--assert=plain"]
    # not to be affected by the CI's rule that all must run, nor by the settings of an outer pytest
    clean = {name: value for name, value in os.environ.items() if name != "CI" and not name.startswith("PYTEST_")}
    done = subprocess.run(command, cwd=ROOT, env=clean, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"the tests cannot be collected:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return set(done.stdout.split("\n\n")[0].splitlines())


def look() -> Outcome:
    """The outcome of the tests of v0.1.0 in this tree."""
    before = (FOLDER / "v0.1.0.txt").read_text(encoding="utf-8").splitlines()
    table = tomllib.loads((FOLDER / "moved.toml").read_text(encoding="utf-8"))
    renamed, dropped = (Renamed(**rule) for rule in table["renamed"]), (Dropped(**rule) for rule in table["dropped"])
    return compare(before, collected(), Rules(table["paths"], tuple(renamed), tuple(dropped)))


def main() -> int:
    """Print the counts and all faults; 0 if there is none."""
    outcome = look()
    lost = [f"lost: {old}" + (f" → {new}" if new != old else "") for old, new in outcome.lost.items()]
    sys.stdout.write("\n".join([outcome.counts(), *lost, *outcome.faults, ""]))
    return bool(lost or outcome.faults)


if __name__ == "__main__":
    sys.exit(main())
