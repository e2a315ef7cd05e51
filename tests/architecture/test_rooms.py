"""The dependency rule: a package imports only those listed before it; adapters import ``bus`` alone; only transports
know a broker, only the store knows SQL; only ``runtime``, ``demo`` and ``cli`` compose."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from verification.rooms import LEVEL, ORDER, ROOT, arrows, circles, imports, modules, room_of, upward

ADAPTERS = sorted(p.name for p in (ROOT / "adapters").iterdir() if (p / "handlers.py").exists())
BROKER_LIBRARIES = {"pika", "kombu", "amqp"}
STORE_LIBRARIES = {"sqlalchemy", "alembic", "psycopg"}
COMPOSE = {"runtime", "demo", "cli", "testing"}
"""Where centers, stores and transports are put together. The kit for third parties stands on its own feet."""
HOME: dict[str, tuple[str, ...]] = {
    "pika": ("bus/transports/rabbitmq/",),
    "kombu": ("bus/transports/embedded.py",),
    "structlog": ("bus/log.py",),
    "tenacity": ("bus/backoff.py", "bus/sdk/backend.py", "bus/store/"),
    "testcontainers": ("verification/services/",),
}
"""Where the user's packages work. pydantic is at home in ``contract``, and wherever a model is read."""
VENDORS_WORDS = (
    "newsroom",
    "hotline",
    "12345",
    "volunteer",
    "融媒",
    "采编",
    "文明实践",
    "志愿",
    "党群",
    "台账",
    "政务",
    "热线",
)
"""Words of the systems of our four kinds."""
LEFT_THE_BUS = ("checker", "faults", "services", "simulation")
"""Packages of ``verification`` that were part of ``bus`` in v0.1.0, and keep its rule."""


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _tops(path: Path) -> set[str]:
    """The first words of all that a file imports."""
    return {name.split(".")[0] for name in imports(path)}


def test_four_adapters_are_there() -> None:
    """The rule is checked on all four kinds, not on an empty folder."""
    assert set(ADAPTERS) >= {"media_center", "civilization_center", "party_service", "government_service"}


def test_rooms_import_only_what_is_listed_before_them() -> None:
    """Every room has its place in the order, no import leads upwards, and no room stands in a circle."""
    assert {room_of(path) for path in modules(ROOT / "bus")} - {"__init__", "__main__"} == set(LEVEL)
    assert sum(map(len, ORDER)) == len(LEVEL)
    found = arrows()
    assert upward(found) == []
    assert circles(found) == []


def test_no_test_stands_among_the_tools() -> None:
    """What proves the product is used by tests and by make; tests themselves stand in ``tests/``."""
    assert list((ROOT / "verification").rglob("test_*.py")) == []


def test_few_files_lie_flat() -> None:
    """What lies flat in ``bus`` is what every room may lean on, and the two doors."""
    assert len([path for path in modules(ROOT / "bus") if path.parent == ROOT / "bus"]) <= 9


@pytest.mark.parametrize("library", HOME)
def test_the_users_packages_have_one_home(library: str) -> None:
    """Each package that the user has chosen works in one place, and does work there."""
    folders = ("verification",) if library == "testcontainers" else ("bus", "adapters")
    where = [_name(path) for folder in folders for path in modules(ROOT / folder) if library in _tops(path)]
    assert where
    assert [name for name in where if not name.startswith(HOME[library])] == []


@pytest.mark.parametrize("path", modules(ROOT / "adapters"), ids=_name)
def test_adapters_import_the_vocabulary_and_nothing_behind_it(path: Path) -> None:
    """``from bus import …`` and the adapter's own files; a simulator also the one of the SDK that it is made of."""
    own = f"adapters.{path.relative_to(ROOT).parts[1]}"
    for name in imports(path):
        if name.split(".")[0] == "bus":
            simulated = path.name == "simulator.py" and name.startswith("bus.sdk.simulator.")
            assert name.count(".") == 1 or simulated, f"{_name(path)} imports {name}: only the names of bus are public"
        if name.split(".")[0] == "adapters":
            assert f"{name}.".startswith(f"{own}."), f"{_name(path)} imports {name}: adapters never import each other"


@pytest.mark.parametrize("path", modules(ROOT / "bus" / "sdk"), ids=_name)
def test_the_sdk_names_no_kind_and_no_vendor(path: Path) -> None:
    """What all centers share is written in nobody's words: no kind stands in it, and no word of a system of ours."""
    text = path.read_text(encoding="utf-8").lower()
    assert [word for word in (*ADAPTERS, *VENDORS_WORDS) if word in text] == []


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_an_adapter_says_its_words_and_little_else(adapter: str) -> None:
    """At most 250 lines, the simulator left out; what one center alone needs stands beside, in at most 200."""
    lines = {
        path.name: len(path.read_text(encoding="utf-8").splitlines())
        for path in (ROOT / "adapters" / adapter).glob("*.py")
    }
    beside = [lines.pop(name, 0) for name in ("ledger.py", "holds.py")]
    assert sum(count for name, count in lines.items() if name != "simulator.py") <= 250
    assert max(beside) <= 200


@pytest.mark.parametrize("path", modules(ROOT / "bus"), ids=_name)
def test_the_bus_knows_no_adapter_and_only_transports_know_a_broker(path: Path) -> None:
    """No file of the bus imports an adapter or a tool of verification; pika and kombu stay behind the port."""
    name = _name(path)
    imported = _tops(path)
    assert not imported & {"adapters", "verification", "tests"}
    assert "stories" not in imported or name.startswith(("bus/demo/", "bus/cli/demo.py"))
    if not name.startswith("bus/transports/"):
        assert not imported & BROKER_LIBRARIES, f"{name} knows a broker"


@pytest.mark.parametrize("path", [p for name in LEFT_THE_BUS for p in modules(ROOT / "verification" / name)], ids=_name)
def test_tools_that_left_the_bus_know_no_adapter_and_no_broker(path: Path) -> None:
    """A tool that judges or harms every center knows none of them, and no library of the broker."""
    assert not _tops(path) & {"adapters", "stories", "tests", *BROKER_LIBRARIES}


@pytest.mark.parametrize("path", modules(ROOT / "bus"), ids=_name)
def test_sql_and_tables_stay_in_the_store(path: Path) -> None:
    """Outside the store nobody imports a database library or a table. The kit for third parties may: it judges what a
    center has written, and what it read through the product's own queries would share their faults."""
    if room_of(path) not in {"store", "testing"}:
        assert not _tops(path) & STORE_LIBRARIES
        assert [name for name in imports(path) if f"{name}.".startswith("bus.store.tables.")] == []


@pytest.mark.parametrize("path", modules(ROOT / "bus"), ids=_name)
def test_transports_are_named_only_where_everyone_is_known(path: Path) -> None:
    """A step or a rule that named a transport could not run on the other one: above it there is only the port."""
    if room_of(path) not in COMPOSE | {"transports"}:
        named = [name for name in imports(path) if name.startswith("bus.transports.")]
        assert [name for name in named if not name.startswith("bus.transports.port.")] == []


@pytest.mark.parametrize("path", [*modules(ROOT / "bus/custody"), ROOT / "bus/contract/messages.py"], ids=_name)
def test_custody_is_pure(path: Path) -> None:
    """No clock, store, thread or network in the protocol."""
    impure = {"time", "threading", "socket", "os", "random", *STORE_LIBRARIES, *BROKER_LIBRARIES, "httpx"}
    assert not _tops(path) & impure


@pytest.mark.parametrize("step", ["intake", "relay", "receive", "handle"])
def test_steps_hold_no_loop_over_time_no_thread_and_no_sleep(step: str) -> None:
    """A step is called, does one batch and returns; loops and threads live in the runtime."""
    path = ROOT / "bus" / "pipeline" / f"{step}.py"
    assert not _tops(path) & {"time", "threading", "asyncio", "queue"}


def _texts(path: Path) -> list[str]:
    """Every text in a file's code."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]


@pytest.mark.parametrize("path", modules(ROOT / "bus"), ids=_name)
def test_the_bus_names_no_kind_of_center(path: Path) -> None:
    """Whichever kinds there are, discovery finds them: no file of the bus, and none of its kit for adapters, decides by
    a kind's name or imports an adapter by a text. (A whole center's name may stand as an example.)."""
    named = re.compile(rf"(adapters\.)?({'|'.join(ADAPTERS)})(\.\w+)*|adapters\..*")
    assert [text for text in _texts(path) if named.fullmatch(text)] == []


@pytest.mark.parametrize("path", [*modules(ROOT / "verification"), *modules(ROOT / "tests/conformance")], ids=_name)
def test_no_harness_goes_through_a_list_of_kinds(path: Path) -> None:
    """What is done with every kind is done with every kind that is found. A table may say how to speak to each."""
    lists = [
        node
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Tuple | ast.List | ast.Set)
        and sum(isinstance(one, ast.Constant) and one.value in ADAPTERS for one in node.elts) > 1
    ]
    assert [node.lineno for node in lists] == []


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_an_adapter_loads_neither_broker_nor_store(adapter: str) -> None:
    """Whoever writes or tests an adapter needs no pika, kombu, SQLAlchemy, FastAPI or openpyxl in memory."""
    code = f"import sys, adapters.{adapter}.handlers; print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    tops = {module.split(".")[0] for module in loaded.stdout.split()}
    assert not tops & (BROKER_LIBRARIES | {"sqlalchemy", "fastapi", "openpyxl"})
