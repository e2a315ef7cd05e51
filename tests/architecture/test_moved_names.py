"""Where the names of v0.1.0 have gone: each is found at its new path, and none at its old one but the aliases."""

import importlib
import importlib.util
import inspect
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import bus
from bus.custody.record import Record
from bus.testing import center_suite
from bus.testing.adapter_harness import AdapterHarness

TABLE = Path(__file__).with_name("moved_names.tsv")
MOVED = dict(line.split("\t") for line in TABLE.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
ALIASES = {"bus.testing.bench", "bus.testing.stand_in", "bus.testing.transport_ground"}
"""Modules of v0.1.0 that third parties import: they live until 0.3, with a warning."""
OLD_MEMBERS = {"bus.center.Center.takes_in", "bus.custody.record.Record.lent", "bus.testing.bench.Bench.running"}
"""Members of the public SDK that live as long."""


def _module(dotted: str) -> tuple[ModuleType | None, list[str]]:
    """The longest beginning that is a module, and the words behind it."""
    words = dotted.split(".")
    for length in range(len(words), 0, -1):
        name = ".".join(words[:length])
        try:
            spec = importlib.util.find_spec(name)
            if spec is not None and spec.origin is not None:  # a folder alone is no module
                return importlib.import_module(name), words[length:]
        except ModuleNotFoundError:
            continue
    return None, words


def _there(dotted: str) -> bool:
    """Whether a dotted path leads to something: annotations count, since a field of a record may have no value."""
    found: object
    found, words = _module(dotted)
    for word in words:
        if word not in vars(found).get("__annotations__", {}) and not _has(found, word):
            return False
        found = getattr(found, word, None)
    return True


def _has(found: object, word: str) -> bool:
    """Whether it has this attribute, also where a model hides its default, or an instance gets it when it is made."""
    given = isinstance(found, type) and re.search(rf"\bself\.{word}\b", inspect.getsource(found)) is not None
    return given or word in getattr(found, "model_fields", {}) or hasattr(found, word)


@pytest.mark.parametrize("old", MOVED)
def test_a_name_is_found_at_its_new_path_alone(old: str) -> None:
    """The new path leads to something; the old one to nothing, unless it is an alias."""
    assert _there(MOVED[old]), f"{MOVED[old]} is not there"
    if not any(old == alias or old.startswith(f"{alias}.") for alias in ALIASES | OLD_MEMBERS):
        became_a_package = MOVED[old].startswith(f"{old}.")
        assert became_a_package or old in MOVED.values() or not _there(old), f"{old} is still there"


@pytest.mark.parametrize("old", bus.OLD_NAMES)
def test_the_public_names_of_before_are_known_with_a_warning(old: str) -> None:
    """A name of v0.1.0 gives what the new one gives, and says the new one."""
    with pytest.warns(DeprecationWarning, match=rf"bus\.{old} is now bus\.{bus.OLD_NAMES[old]};"):
        found = getattr(bus, old)
    assert found is getattr(bus, bus.OLD_NAMES[old])


def test_a_name_that_nobody_ever_gave_is_unknown() -> None:
    """The aliases do not make every name a known one."""
    with pytest.raises(AttributeError, match="no attribute 'Nobody'"):
        getattr(bus, "Nobody")  # noqa: B009 - the type checker would see it


def test_members_of_before_are_known_with_a_warning() -> None:
    """``Center.takes_in`` and ``Record.lent`` do what ``form`` and ``decision_pending`` do, and say so."""
    center = bus.Center("any", connect=lambda backend: backend)
    with pytest.warns(DeprecationWarning, match=re.escape("Center.takes_in is now Center.form")):
        center.takes_in("message", bus.Strict, lambda _form: "1")(lambda _context, _form: ())
    assert list(center.forms) == ["message"]
    record = Record.model_construct(me="a", holder="b", offer_out=None, arbitration=None, arbiter=None)
    with pytest.warns(DeprecationWarning, match=re.escape("Record.lent is now Record.decision_pending")):
        assert record.lent is record.decision_pending


@pytest.mark.parametrize("module", sorted(ALIASES))
def test_modules_of_before_are_known_with_a_warning(module: str) -> None:
    """Importing one says where it has gone."""
    code = f"import warnings; warnings.simplefilter('error'); import {module}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert re.search(rf"DeprecationWarning: {re.escape(module)}\.\w+ is now {MOVED[module]}\.\w+;", done.stderr)


def test_the_suite_knows_the_harness_by_its_old_name() -> None:
    """``Bench`` of the center suite is the harness, and says so."""
    with pytest.warns(DeprecationWarning, match="Bench is now AdapterHarness"):
        assert center_suite.Bench is AdapterHarness  # type: ignore[attr-defined]  # not for checkers of types
