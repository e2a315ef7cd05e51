"""No statement of the steps reads a whole table: what a round costs must not grow with the store."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Boolean, Integer, LargeBinary, Text
from sqlalchemy.sql.compiler import SQLCompiler

import bus.store
from bus.store import Store, schema
from bus.store.due import DueRows
from bus.store.statements import Prepared
from verification.services import PostgresNode

SMALL = frozenset(
    {"errors", "pages_owed", "recoveries", "case_count", "audit_mark", "paused"}
    | {"facts_asked", "facts_refused", "operations_asked"}
)
"""Tables that hold only what is about to leave, a line for each recovery, sixteen sums, what a person has paused, or
one row."""
CLAIMS = ("outbox._CLAIM", "owed._DUEreceipts", "inbox._CLAIM")
MANY = 20_000
UUIDS = "'00000000-0000-7000-8000-' || lpad(n::text, 12, '0')"
FILLED = (
    "INSERT INTO cases SELECT {id}, 'n' || n, 'a', 'a', 1, 'closed', n, n, 'r' FROM {all}",
    "INSERT INTO case_keys SELECT {id}, 'w', NULL FROM {all}",
    "INSERT INTO timers SELECT {id}, n FROM {all}",
    "INSERT INTO opinions SELECT {id}, 1, 'survey', 'm' || n, 5, n FROM {all}",
    "INSERT INTO links SELECT 's', 'n' || n, {id} FROM {all}",
    "INSERT INTO intakes SELECT 'f', 'n' || n, 'd', 'a', n FROM {all}",
    "INSERT INTO early_forms SELECT 'f', 'n' || n, 's', 'r' || n, 'b', n FROM {all}",
    "INSERT INTO lanes SELECT 'p', {id}, 1, 1 FROM {all}",
    "INSERT INTO applied SELECT 'p', {id}, 1, {id}, 'applied', NULL, n FROM {all}",
    "INSERT INTO held SELECT 'p', {id}, 1, 'b', n FROM {all}",
    "INSERT INTO eras SELECT 'p' || n, 1, '' FROM {all}",
    "INSERT INTO vouching_peers SELECT 'p' || n, n FROM {all}",
    "INSERT INTO receipts (peer, message_id, verdict, next_ms) SELECT 'p', {id}, 'applied', n FROM {all}",
    "INSERT INTO journal (case_id, at_ms, way, kind, peer, holder, version, note)"
    " SELECT {id}, n, 'w', 'k', 'p', 'h', 1, '' FROM {all}",
    "INSERT INTO archive (way, peer, message_id, case_id, sequence, kind, body, verdict, at_ms)"
    " SELECT 'said', 'p', {id}, {id}, 1, 'k', 'b', 'applied', n FROM {all}",
    "INSERT INTO ledger_facts (center, case_id, at_ms, way, holder, version, round)"
    " SELECT 'c', {id}, n, 'did', 'c', 1, 1 FROM {all}",
    "INSERT INTO ledger_states (center, case_id, origin, holder, version, round, status, category, urgency, opened_ms,"
    " offered_to, told_ms, waits, look_ms)"
    " SELECT 'c', {id}, 'c', 'c', 1, 1, 'open', 'housing', 'normal', n, '', n, '', n FROM {all}",
    "INSERT INTO facts_untold (at_ms, lines, facts, states) SELECT n, 1, 'f', 's' FROM {all}",
    "INSERT INTO ledger_centers SELECT 'c' || n, n, 0, n, 0, NULL, n, n, 0 FROM {all}",
    "INSERT INTO ledger_offers SELECT 'c', {id}, 1, 'p', 1, n, n, n, false FROM {all}",
    "INSERT INTO ledger_cells SELECT 'p' || n, '', n, n, 0, '', 1 FROM {all}",
    "INSERT INTO ledger_sums_untold SELECT 'p' || n, '', n, n, 0 FROM {all}",
    "INSERT INTO ledger_carried SELECT {id}, 'p', 's', 'k', n, n FROM {all}",
    "INSERT INTO audit_touched (center, case_id) SELECT 'c' || n, {id} FROM {all}",
    "INSERT INTO audit_centers SELECT 'c' || n, n, n, n FROM {all}",
    "INSERT INTO findings (code, subject, detail, center, since_ms, noticed_ms, opens_ms, look_ms, opened_ms, evidence,"
    " pair, more)"
    " SELECT 'k', {id}, '', 'c' || n, n, n, n, n, n, '[]', 'c' || n, 0 FROM {all}",
    "INSERT INTO parked (place, code, hint, digest, case_id, message_id, owner, times, first_ms, last_ms)"
    " SELECT 'wire', 'c', 'h', 'd' || n, {id}, {id}, 'o', 1, n, n FROM {all}",
    "INSERT INTO outbox"
    " (message_id, recipient, case_id, sequence, kind, body, state, attempts, next_ms, created_ms, trouble)"
    " SELECT {id}, 'p', {id}, 1, 'k', 'b', 'waiting', 0, n, n, '' FROM {all}",
    "INSERT INTO work (message_id, case_id, source, kind, body, state, attempts, next_ms, created_ms, reason, said)"
    " SELECT {id}, {id}, 'p', 'k', 'b', 'waiting', 0, n, n, '', false FROM {all}",
)


def _prepared() -> Iterator[tuple[str, Prepared]]:
    for module in pkgutil.iter_modules(bus.store.__path__, "bus.store."):
        if module.ispkg:
            continue
        for name, found in vars(importlib.import_module(module.name)).items():
            each = found if isinstance(found, dict) else {"": found}
            for key, one in each.items():
                parts = {"-come": one.come, "-mistimed": one.mistimed} if isinstance(one, DueRows) else {"": one}
                yield from ((f"{module.name}.{name}{key}{n}", p) for n, p in parts.items() if isinstance(p, Prepared))


STATEMENTS = dict(_prepared())
CLAIMING = [f"bus.store.{claim}{part}" for claim in CLAIMS for part in ("-come", "-mistimed")]


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """An empty store: SQLite then plans as for large tables."""
    folder: Path = tmp_path_factory.mktemp("plans")
    made = Store(f"sqlite:///{folder}/store.db")
    schema.upgrade(made)
    yield made
    made.close()


@pytest.fixture(scope="module")
def postgresql(postgres: PostgresNode) -> Iterator[Store]:
    """A store in which every table is large, and everything is due: PostgreSQL plans by what it has counted."""
    made = Store(postgres.create_database("plans"))
    schema.upgrade(made)
    with made.engine.begin() as tx:
        for insert in FILLED:
            tx.exec_driver_sql(insert.format(id=UUIDS, all=f"generate_series(1, {MANY}) AS n"))
    with made.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as tx:
        tx.exec_driver_sql("ANALYZE")
    yield made
    made.close()
    postgres.drop_database("plans")


def _plan_of_sqlite(store: Store, name: str) -> list[str]:
    with store.reading() as tx:
        compiled = STATEMENTS[name]._for(tx.dialect)
        none = (None,) * compiled.text.count("?")
        return [row[3] for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled.text}", none)]


def _plan_of_postgresql(store: Store, name: str) -> list[str]:
    with store.engine.connect() as tx:
        compiled = STATEMENTS[name]._write("postgresql").compile(dialect=tx.dialect)
        assert isinstance(compiled, SQLCompiler)
        values = {bind.key: _some(bind.key, bind.type) for bind in compiled.binds.values()}
        values |= {key: value for key, value in compiled.params.items() if value is not None}
        query = f"EXPLAIN {compiled}"
        return [str(row[0]) for row in tx.exec_driver_sql(query, values)]


def _some(name: str, kind: Any) -> Any:
    """A value that the statement could be given; a list of the due rows' own for those that take one."""
    if isinstance(kind, Integer):
        return MANY if name == "now_ms" else 500
    if isinstance(kind, Boolean | LargeBinary):
        return False if isinstance(kind, Boolean) else b"b"
    return "[[1, 2, 3]]" if isinstance(kind, Text) else "p"


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_statement_finds_its_rows_by_an_index(sqlite: Store, name: str) -> None:
    """SQLite says of each how it would find its rows."""
    plan = _plan_of_sqlite(sqlite, name)
    scans = [line.split()[1] for line in plan if line.startswith("SCAN ")]
    # a constant row is none at all; "found" is what a subquery has found by an index
    assert set(scans) <= SMALL | {"json_each", "CONSTANT", "found"}, plan


@pytest.mark.database
@pytest.mark.parametrize("name", STATEMENTS)
def test_a_statement_finds_its_rows_by_an_index_on_postgresql(postgresql: Store, name: str) -> None:
    """So does PostgreSQL, with 20,000 rows in each table."""
    plan = _plan_of_postgresql(postgresql, name)
    scans = {found for line in plan for found in re.findall(r"Seq Scan on (\w+)", line)}
    assert scans <= SMALL | {"counters"}, plan


@pytest.mark.parametrize("name", CLAIMING)
def test_a_claim_stops_when_it_has_enough(sqlite: Store, name: str) -> None:
    """It reads along an index: after an outage everything is due, and to sort it all for the first few is slow."""
    plan = _plan_of_sqlite(sqlite, name)
    assert not [line for line in plan if "TEMP B-TREE" in line], plan


@pytest.mark.database
@pytest.mark.parametrize("name", CLAIMING)
def test_a_claim_stops_when_it_has_enough_on_postgresql(postgresql: Store, name: str) -> None:
    """The same of PostgreSQL."""
    plan = _plan_of_postgresql(postgresql, name)
    assert not [line for line in plan if "Sort" in line], plan


def test_the_statements_are_found() -> None:
    """The list above is not empty for want of looking."""
    assert len(STATEMENTS) > 25
