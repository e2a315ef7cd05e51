"""The flow is one: steps know recovery by its hooks alone, rows are made in the store, and no function is a maze."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from radon.complexity import cc_rank, cc_visit

from bus.recovery.hooks import RECOVERY
from verification.rooms import ROOT, imports, modules

MEASURED = ("bus", "adapters", "verification", "benchmarks", "stories")
WORST = "C"
STEPS = [*modules(ROOT / "bus" / "pipeline"), *modules(ROOT / "bus" / "runtime")]
ROW_ROOMS = ("attachments", "pipeline", "recovery")
"""Rooms whose rows go into the store."""
HOOK = "bus.recovery.hooks.RECOVERY"
ASKED_BY_PEOPLE = {"bus/runtime/health.py": {"bus.recovery"}}
"""What tells an operator how far a recovery is."""


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", [p for room in MEASURED for p in modules(ROOT / room)], ids=_name)
def test_no_function_is_a_maze(path: Path) -> None:
    """By radon no function branches so much that its rank is worse than C."""
    blocks = cc_visit(path.read_text(encoding="utf-8"))
    worse = {block.fullname: block.complexity for block in blocks if cc_rank(block.complexity) > WORST}
    assert worse == {}


def test_radon_would_tell_of_a_maze() -> None:
    """The measure sees a function with many branches."""
    maze = "def f(x):\n" + "".join(f"    if x == {n}:\n        return {n}\n" for n in range(21))
    (block,) = cc_visit(maze)
    assert cc_rank(block.complexity) > WORST


@pytest.mark.parametrize("path", STEPS, ids=_name)
def test_steps_know_recovery_by_its_hooks(path: Path) -> None:
    """Neither a step nor the engine asks anything else of ``bus.recovery``, or reads its tables."""
    known = ASKED_BY_PEOPLE.get(_name(path), set()) | {HOOK}
    named = {name for name in imports(path) if name.startswith(("bus.recovery", "bus.store.recovery"))}
    assert named <= known


def test_the_hooks_that_are_spoken_of_are_there() -> None:
    """The names under which relay, receive and intake ask."""
    assert all(callable(getattr(RECOVERY, hook)) for hook in ("before_claim", "filter_inbound", "blocks_intake"))


def _row_writers() -> Iterator[tuple[str, str]]:
    """(file, annotation) of each public function of the store that takes rows of a table to write."""
    for path in modules(ROOT / "bus" / "store"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                yield from (
                    (f"{path.stem}.{node.name}", ast.unparse(one.annotation))
                    for one in node.args.args
                    if one.arg in {"rows", "lines"} and one.annotation is not None
                )


def test_the_store_takes_typed_rows() -> None:
    """What is to be written comes as rows of a type that the store has made, never as a mapping."""
    found = dict(_row_writers())
    assert {"outbox.enqueue", "inbox.remember", "parked.park", "archive.keep", "owed.owe_receipts"} <= set(found)
    assert {name: kind for name, kind in found.items() if "Mapping" in kind or "dict" in kind} == {}


@pytest.mark.parametrize("path", [p for room in ROW_ROOMS for p in modules(ROOT / "bus" / room)], ids=_name)
def test_no_row_is_spelled_outside_the_store(path: Path) -> None:
    """No step builds or passes a row as a dictionary of columns."""
    kinds = {
        ast.unparse(node)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Subscript) and ast.unparse(node.value) in {"dict", "Mapping"}
    }
    assert not kinds & {"dict[str, Any]", "Mapping[str, Any]"}
