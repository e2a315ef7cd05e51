"""What a reading may be: any mix of moments, any database, and nothing in it may vanish unseen."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select

from bus.store import Store, schema
from bus.store import tables as t
from tests.checker.conftest import Clean
from tests.checker.county import GOVERNMENT, MEDIA, PARTY, PLANS, County, books_of, with_books
from verification.checker import Evidence, When, check, read

TABLES = ("journal", "cases", "applied", "taken", "lanes")


@pytest.fixture(scope="module")
def moments(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Evidence]]:
    """One county, looked at after each of its rounds."""
    county = County(Path(tmp_path_factory.mktemp("moments")))
    county.hand_in(*(f"{plan} 0" for plan in PLANS))
    seen = [county.evidence()]
    while county.carry():
        seen.append(county.evidence())
    yield [*seen, county.evidence()]
    county.close()


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_a_live_reading_of_any_mix_of_moments_is_clean(moments: list[Evidence], data: st.DataObject) -> None:
    """Stores read one after the other while the county runs break no rule for live readings."""
    at = {name: data.draw(st.integers(0, len(moments) - 1), name) for name in (MEDIA, PARTY, GOVERNMENT)}
    first = moments[min(at.values())]  # effects and submissions are copied before the first store
    seats = {
        name: replace(moments[moment].seats[name], effects=first.seats[name].effects) for name, moment in at.items()
    }
    assert check(Evidence(seats, first.submissions), When.LIVE) == []


def test_every_moment_is_clean_when_nothing_runs(moments: list[Evidence]) -> None:
    """Whatever is under way, one moment of a true county breaks no rule for still readings."""
    assert [check(evidence, When.STILL) for evidence in moments] == [[]] * len(moments)


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("center", [MEDIA, PARTY, GOVERNMENT])
def test_no_row_vanishes_unseen(clean: Clean, center: str, table: str) -> None:
    """Whichever single row of the books is taken away, some rule misses it."""
    rows = list(getattr(books_of(clean.end, center), table))
    assert rows or table == "taken"
    for at, row in enumerate(rows):
        if table == "journal" and row.kind == "answerassist":
            continue  # help may also be passed on: that it was said does not tell that it was given here
        if table == "journal" and (row.way, row.kind, row.peer) == ("said", "case.handed", center):
            continue  # by this a center tells itself that it waits for the resident: it has no effect
        dirty = with_books(clean.end, center, **{table: rows[:at] + rows[at + 1 :]})
        assert check(dirty, When.DRAINED), f"nobody misses {row}"


@pytest.mark.parametrize("table", ["outbox", "work"])
@pytest.mark.parametrize("center", [MEDIA, PARTY, GOVERNMENT])
def test_nothing_under_way_vanishes_unseen(moments: list[Evidence], center: str, table: str) -> None:
    """Whatever is under way and not yet at its recipient or done, its loss is seen before the end."""
    for evidence in moments:
        rows = list(getattr(books_of(evidence, center), table))
        for at, row in enumerate(rows):
            if table == "work" or row.message not in books_of(evidence, row.recipient).remembered:
                dirty = with_books(evidence, center, **{table: rows[:at] + rows[at + 1 :]})
                # whether an acceptance is work depends on the record: its loss shows in the effects, not here
                if check(dirty, When.STILL) == []:
                    assert table == "work"
                    assert row.kind in {"case.accepted", "case.resolved", "case.granted", "case.assist-answered"}


def test_reading_is_the_same_on_both_databases(county: County, database_url: str) -> None:
    """Books read from PostgreSQL are the books read from SQLite."""
    county.hand_in("pass 1")
    county.carry(2)
    other = Store(database_url)
    schema.upgrade(other)
    for table in t.metadata.sorted_tables:
        rows: list[Any] = []
        with county.bare[PARTY].store.reading() as tx:
            rows = [dict(row._mapping) for row in tx.execute(select(table))]
        if rows:
            other.write(lambda tx, table=table, rows=rows: tx.execute(insert(table), rows))  # type: ignore[misc]  # mypy cannot tell a lambda's default
    here, there = read(county.bare[PARTY].store), read(other)
    other.close()
    assert here.journal
    assert here.outbox
    assert sorted(map(repr, here.cases)) == sorted(map(repr, there.cases))
    for field in ("journal", "outbox", "work", "owed"):
        assert getattr(here, field) == getattr(there, field)
    for field in ("applied", "held", "parked", "taken", "lanes"):
        assert sorted(getattr(here, field)) == sorted(getattr(there, field))
