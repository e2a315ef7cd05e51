"""No statement of the steps reads a whole table: what a round costs must not grow with the store."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Boolean, Integer, LargeBinary, Select, Text
from sqlalchemy.sql.compiler import SQLCompiler

import bus.store
from bus.store import Store, case_lists, schema
from bus.store.case_search import Listing, Place, Wanted, last_of, query_of
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
    "INSERT INTO cases (case_id, number, origin, holder, version, status, opened_ms, changed_ms, sensitive, record,"
    " due_ms, category, street, offered_ms)"
    " SELECT {id}, 'n' || n, 'a', 'a', mod(n, 7), CASE mod(n, 20) WHEN 0 THEN 'open' ELSE 'closed' END, n, n, false,"
    " 'r', n, 'c' || mod(n, 20), 's' || mod(n, 20), CASE mod(n, 50) WHEN 0 THEN n END FROM {all}",
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
    "INSERT INTO ledger_totals SELECT 'p' || n, n, 0, 1 FROM {all}",
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


def _searches() -> dict[str, Select[Any]]:
    """Every list of the console, by nothing else and by all a person may know, its first page and a later one."""
    known = Wanted(status="open", category="c1", street="s1", center="a", begin_ms=100, end_ms=MANY)
    by_category = Wanted(category="c1")
    found = {}
    for listing in Listing:
        for name, wanted in (("", Wanted()), (" of a category", by_category), (" of all", known)):
            asked = wanted._replace(listing=listing, before_ms=MANY)
            for after in (None, Place(MANY // 2, "p")):
                page = "later" if after else "first"
                found[f"{listing}{name}, {page}"] = query_of(asked, after, 50)
                found[f"{listing}{name}, end of {page}"] = last_of(asked, after)
    return found


SEARCHES = _searches()
WALKED = {
    Listing.ALL: "cases_by_opened",
    Listing.OVERDUE: "cases_overdue",
    Listing.ROUND: "cases_going_round",
    Listing.OFFERED: "cases_unanswered",
    Listing.STRANDED: "cases_by_status",
    Listing.SILENT: "cases_by_status",
}
"""The index along which each list walks; of all cases by what narrows them most."""


def _index_of(name: str) -> str:
    """The index of a search by its name."""
    narrow = {"all of a category": "cases_by_category", "all of all": "cases_by_street"}
    asked = name.partition(",")[0]
    return narrow.get(asked) or WALKED[Listing(asked.partition(" ")[0])]


@pytest.mark.parametrize("name", SEARCHES)
def test_a_search_walks_along_its_index(sqlite: Store, name: str) -> None:
    """From where the page before ended, and no further than one page may look; that alone is sorted."""
    with sqlite.reading() as tx:
        compiled = SEARCHES[name].compile(dialect=tx.dialect, compile_kwargs={"literal_binds": True})
        plan = [row[3] for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}")]
    inner = plan[: plan.index("SCAN walked")]
    assert f"cases USING INDEX {_index_of(name)}" in inner[1]
    assert not [line for line in inner if "TEMP B-TREE FOR ORDER BY" in line], plan
    assert {line.split()[1] for line in plan if line.startswith("SCAN ")} <= {"walked", "cases"}


@pytest.mark.database
@pytest.mark.parametrize("name", SEARCHES)
def test_a_search_walks_along_its_index_on_postgresql(postgresql: Store, name: str) -> None:
    """So it does there: no table is read from its beginning."""
    with postgresql.reading() as tx:
        compiled = SEARCHES[name].compile(dialect=tx.dialect, compile_kwargs={"literal_binds": True})
        plan = [str(row[0]) for row in tx.exec_driver_sql(f"EXPLAIN {compiled}".replace("%", "%%"))]
    assert not [line for line in plan if "Seq Scan" in line], plan
    assert any("on cases" in line or " cases " in line for line in plan)


def test_the_end_of_an_id_is_found_by_an_index(sqlite: Store) -> None:
    """A short number leads to its case without a look at all others."""
    with sqlite.reading() as tx:
        compiled = case_lists.of_ending("0000000").compile(dialect=tx.dialect, compile_kwargs={"literal_binds": True})
        plan = [row[3] for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}")]
    assert any("USING INDEX cases_by_ending" in line for line in plan), plan


def test_the_statements_are_found() -> None:
    """The list above is not empty for want of looking."""
    assert len(STATEMENTS) > 25
