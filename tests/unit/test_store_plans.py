"""No statement of the steps reads a whole table: what a round costs must not grow with the store."""

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import bus.store
from bus.store import Store, schema
from bus.store.due import DueRows
from bus.store.prepared import Prepared

SMALL = frozenset({"errors", "pages_owed", "recoveries"})
"""Tables that hold only what is about to leave, or a line for each recovery."""
CLAIMS = ("outbox._CLAIM", "outbox._SMALLreceipts", "inbox._CLAIM")


def _prepared() -> Iterator[tuple[str, Prepared]]:
    for module in pkgutil.iter_modules(bus.store.__path__, "bus.store."):
        if module.ispkg:
            continue
        for name, found in vars(importlib.import_module(module.name)).items():
            each = found if isinstance(found, dict) else {"": found}
            for key, one in each.items():
                parts = {"-come": one.come, "-mistimed": one.mistimed} if isinstance(one, DueRows) else {"": one}
                yield from ((f"{module.name}.{name}{key}{n}", p) for n, p in parts.items() if isinstance(p, Prepared))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """An empty store: SQLite then plans as for large tables."""
    folder: Path = tmp_path_factory.mktemp("plans")
    made = Store(f"sqlite:///{folder}/store.db")
    schema.upgrade(made)
    yield made
    made.close()


STATEMENTS = dict(_prepared())


def _plan(store: Store, name: str) -> list[str]:
    with store.reading() as tx:
        compiled = STATEMENTS[name]._for(tx.dialect)
        none = (None,) * compiled.text.count("?")
        return [row[3] for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled.text}", none)]


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_statement_finds_its_rows_by_an_index(store: Store, name: str) -> None:
    """SQLite says of each how it would find its rows."""
    plan = _plan(store, name)
    scans = [line.split()[1] for line in plan if line.startswith("SCAN ")]
    assert set(scans) <= SMALL | {"json_each", "CONSTANT"}, plan  # a constant row is none at all


@pytest.mark.parametrize("name", [f"bus.store.{claim}{part}" for claim in CLAIMS for part in ("-come", "-mistimed")])
def test_a_claim_stops_when_it_has_enough(store: Store, name: str) -> None:
    """It reads along an index: after an outage everything is due, and to sort it all for the first few is slow."""
    plan = _plan(store, name)
    assert not [line for line in plan if "TEMP B-TREE" in line], plan


def test_the_statements_are_found() -> None:
    """The list above is not empty for want of looking."""
    assert len(STATEMENTS) > 25
