"""Lists of a ledger's cases: what fits, each once, over as many pages as there are, at the same cost in a large one."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from bus.store import Store, Tx, schema
from bus.store import tables as t
from bus.store.case_lists import END
from bus.store.inserts import insert
from bus.store.ledger_lists import ToldFilter, ToldState, ending, of_ending, query_of, wanted
from bus.store.timestamps import ms
from tests.conformance.test_ledger_figures import BEGIN, CENTERS
from tests.console.test_figures import fill_ledger

PAGE = 30
LATER_MS = ms(BEGIN + timedelta(days=4))
FILTERS = [
    ToldFilter(status, peer, due)
    for status in ("", "open", "resolved", "closed")
    for peer in ("", CENTERS[1], "nobody-150402")
    for due in (None, LATER_MS)
]


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """260 cases of two centers, a third of which have gone to the other one; each center has told of some of both."""
    url = f"sqlite:///{tmp_path}/s.db" if request.param == "sqlite" else request.getfixturevalue("database_url")
    store = Store(url)
    schema.upgrade(store)
    fill_ledger(store)
    store.write(_go_on)
    yield store
    store.close()


def _go_on(tx: Tx) -> None:
    c = t.ledger_states.c
    tx.execute(update(t.ledger_states).where(c.opened_ms % 3 == 0).values(holder=CENTERS[1]))
    told = [row._asdict() for row in tx.execute(select(t.ledger_states).where(c.holder != c.origin))]
    insert(tx, t.ledger_states, [row | {"center": row["holder"]} for row in told])


def _all(store: Store) -> list[ToldState]:
    c = t.ledger_states.c
    query = select(*(c[name] for name in ToldState._fields)).where(c.center == c.origin)
    with store.reading() as tx:
        return [ToldState(*row) for row in tx.execute(query)]


def _fits(asked: ToldFilter, one: ToldState) -> bool:
    if asked.due_before_ms is not None:
        late = one.due_ms is not None and one.due_ms < asked.due_before_ms
        if not late or (not asked.status and one.status != "open"):
            return False
    return asked.status in ("", one.status) and asked.peer in ("", one.holder, one.origin)


def test_a_list_holds_what_fits(ledger: Store) -> None:
    """All of it once, the oldest first; what is past its date is open where nobody asks for another state."""
    every, seen = _all(ledger), 0
    for asked in FILTERS:
        fit = sorted((one for one in every if _fits(asked, one)), key=lambda one: (one.opened_ms, one.case_id))
        found: list[ToldState] = []
        while True:
            after = (found[-1].opened_ms, found[-1].case_id) if found else None
            with ledger.reading() as tx:
                page = wanted(tx, asked, after, PAGE)
            found += page
            if len(page) < PAGE:
                break
        assert found == fit, asked
        seen += bool(fit)
    assert seen > len(FILTERS) // 3


@pytest.mark.parametrize("asked", FILTERS, ids=str)
def test_a_list_walks_along_indexes(tmp_path: Path, asked: ToldFilter) -> None:
    """From where the page before ended; nothing but one page of each walk is sorted."""
    store = Store(f"sqlite:///{tmp_path}/s.db")
    schema.upgrade(store)
    for after in (None, (1, "x")):
        with store.reading() as tx:
            compiled = query_of(asked, after, PAGE).compile(dialect=tx.dialect, compile_kwargs={"literal_binds": True})
            plan = [row[3] for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}")]
        walks = [line for line in plan if "ledger_states" in line]
        assert walks, plan
        assert all(line.startswith("SEARCH ledger_states USING INDEX ledger_states_by_") for line in walks), plan
        assert sum("TEMP B-TREE FOR ORDER BY" in line for line in plan) <= 1, plan
    store.close()


def test_the_end_of_an_id_is_found_by_an_index(ledger: Store) -> None:
    """A short number leads to its case without a look at all others."""
    every = [one.case_id for one in _all(ledger)]
    end = every[7][END - 1 :]
    with ledger.reading() as tx:
        assert ending(tx, end) == [one for one in sorted(every) if one.endswith(end)][:2]
        if ledger.on_sqlite:
            compiled = of_ending(end).compile(dialect=tx.dialect, compile_kwargs={"literal_binds": True})
            plan = [row[3] for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}")]
            assert any("USING INDEX ledger_states_by_ending" in line for line in plan), plan
