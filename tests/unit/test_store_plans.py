"""No statement of the steps reads a whole table: what a round costs must not grow with the store."""

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import bus.store
from bus.store import Store, schema
from bus.store.prepared import Prepared

SMALL = frozenset({"receipts", "errors", "pages_owed", "recoveries"})
"""Tables that hold only what is about to leave, or a line for each recovery."""


def _prepared() -> Iterator[tuple[str, Prepared]]:
    for module in pkgutil.iter_modules(bus.store.__path__, "bus.store."):
        if module.ispkg:
            continue
        for name, found in vars(importlib.import_module(module.name)).items():
            each = found if isinstance(found, dict) else {"": found}
            yield from ((f"{module.name}.{name}{key}", one) for key, one in each.items() if isinstance(one, Prepared))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """An empty store: SQLite then plans as for large tables."""
    folder: Path = tmp_path_factory.mktemp("plans")
    made = Store(f"sqlite:///{folder}/store.db")
    schema.upgrade(made)
    yield made
    made.close()


STATEMENTS = dict(_prepared())


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_statement_finds_its_rows_by_an_index(store: Store, name: str) -> None:
    """SQLite says of each how it would find its rows."""
    with store.reading() as tx:
        compiled = STATEMENTS[name]._for(tx.dialect)
        none = (None,) * compiled.text.count("?")
        plan = [row[3] for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled.text}", none)]
    scans = [line.split()[1] for line in plan if line.startswith("SCAN ")]
    assert set(scans) <= SMALL | {"json_each", "CONSTANT"}, plan  # a constant row is none at all


def test_the_statements_are_found() -> None:
    """The list above is not empty for want of looking."""
    assert len(STATEMENTS) > 25
