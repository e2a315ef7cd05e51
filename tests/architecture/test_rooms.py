"""The one dependency rule: adapters know the vocabulary, the bus knows no adapter, only transports know a broker."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ADAPTERS = sorted(p.name for p in (ROOT / "adapters").iterdir() if (p / "handlers.py").exists())
BROKER_LIBRARIES = {"pika", "kombu", "amqp"}
STORE_LIBRARIES = {"sqlalchemy", "alembic", "psycopg"}
KNOWS_EVERYONE = {"bus/run.py", "bus/testing/county.py"}
"""Where centers, stores and transports are put together; besides them only the command line and the suites."""


def _modules(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def _imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, by its full name, wherever in the file it does."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_four_adapters_are_there() -> None:
    """The rule is checked on all four kinds, not on an empty folder."""
    assert set(ADAPTERS) >= {"media_center", "civilization_center", "party_service", "government_service"}


@pytest.mark.parametrize("path", _modules("adapters"), ids=_name)
def test_adapters_import_the_vocabulary_and_nothing_behind_it(path: Path) -> None:
    """``from bus import …`` and the adapter's own files; a simulator also the stand-in it is made of."""
    own = f"adapters.{path.relative_to(ROOT).parts[1]}"
    allowed = {"bus", *({"bus.testing.stand_in"} if path.name == "simulator.py" else ())}
    for name in _imports(path):
        if name.split(".")[0] == "bus":
            assert name in allowed, f"{_name(path)} imports {name}: only the names of bus/__init__.py are public"
        if name.split(".")[0] == "adapters":
            assert f"{name}.".startswith(f"{own}."), f"{_name(path)} imports {name}: adapters never import each other"


@pytest.mark.parametrize("path", _modules("bus"), ids=_name)
def test_the_bus_knows_no_adapter_and_only_transports_know_a_broker(path: Path) -> None:
    """No file of the bus imports an adapter; pika and kombu stay behind the port; SQL stays in the store."""
    name = _name(path)
    imported = {module.split(".")[0] for module in _imports(path)}
    assert "adapters" not in imported
    assert "stories" not in imported or name == "bus/cli/demo.py"
    if not name.startswith("bus/transports/"):
        assert not imported & BROKER_LIBRARIES, f"{name} knows a broker"


@pytest.mark.parametrize("path", _modules("bus"), ids=_name)
def test_transports_are_named_only_where_everyone_is_known(path: Path) -> None:
    """A step or a rule that named a transport could not run on the other one."""
    name = _name(path)
    outside = not name.startswith(("bus/transports/", "bus/cli/", "bus/testing/")) and name not in KNOWS_EVERYONE
    if outside:
        assert not [module for module in _imports(path) if module.startswith("bus.transports")]


@pytest.mark.parametrize("path", [*_modules("bus/custody"), ROOT / "bus/commands.py", ROOT / "bus/kinds.py"], ids=_name)
def test_custody_is_pure(path: Path) -> None:
    """No clock, store, thread or network in the protocol."""
    impure = {"time", "threading", "socket", "os", "random", *STORE_LIBRARIES, *BROKER_LIBRARIES, "httpx"}
    assert not {module.split(".")[0] for module in _imports(path)} & impure
    assert not [module for module in _imports(path) if module.startswith(("bus.store", "bus.page"))]


@pytest.mark.parametrize("step", ["intake", "relay", "accept", "work"])
def test_steps_hold_no_loop_over_time_no_thread_and_no_sleep(step: str) -> None:
    """A step is called, does one batch and returns; loops and threads live in run.py."""
    path = ROOT / "bus" / f"{step}.py"
    assert not {module.split(".")[0] for module in _imports(path)} & {"time", "threading", "asyncio", "queue"}


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_an_adapter_loads_neither_broker_nor_store(adapter: str) -> None:
    """Whoever writes or tests an adapter needs no pika, kombu or SQLAlchemy in memory."""
    code = f"import sys, adapters.{adapter}.handlers; print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    tops = {module.split(".")[0] for module in loaded.stdout.split()}
    assert not tops & (BROKER_LIBRARIES | {"sqlalchemy"})
