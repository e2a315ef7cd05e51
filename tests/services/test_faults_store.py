"""An intruder keeps a store locked for as long as told, and a database stopped at once comes back with its rows."""

import sqlite3
from pathlib import Path

import psycopg
import pytest

from verification.faults import StoreIntruder
from verification.services import PostgresNode


def test_a_sqlite_store_is_locked_until_released(tmp_path: Path) -> None:
    """Nobody else writes while it is held; afterwards everybody may, and it can be held again."""
    path = tmp_path / "a b.db"
    with sqlite3.connect(path, timeout=0, isolation_level=None) as store:
        store.execute("PRAGMA journal_mode=WAL")
        store.execute("CREATE TABLE kept (one)")
        intruder = StoreIntruder(f"sqlite:///{path}")
        for _ in range(2):
            with intruder, pytest.raises(sqlite3.OperationalError, match="locked"):
                store.execute("INSERT INTO kept VALUES (1)")
            store.execute("INSERT INTO kept VALUES (1)")
        intruder.close()
    store.close()


def test_a_store_that_is_not_there_cannot_be_locked(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """No empty store is made in its place, and the caller is told."""
    with pytest.raises(RuntimeError, match="could not be locked"):
        StoreIntruder(f"sqlite:///{tmp_path}/none.db").hold()
    assert "unable to open" in capfd.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_tables_of_postgresql_are_locked_until_released(database_url: str) -> None:
    """Not even a reader gets at them; a table that was not named stays free."""
    with psycopg.connect(database_url.replace("postgresql+psycopg", "postgresql"), autocommit=True) as store:
        for name in ("first", "Second one"):
            store.execute(f'CREATE TABLE "{name}" ()')
        store.execute("SET lock_timeout = '50ms'")
        with StoreIntruder(database_url), pytest.raises(psycopg.errors.LockNotAvailable):
            store.execute("SELECT FROM first")
        with StoreIntruder(database_url, ["Second one"]):
            store.execute("SELECT FROM first")
            with pytest.raises(psycopg.errors.LockNotAvailable):
                store.execute('SELECT FROM "Second one"')
        store.execute('SELECT FROM "Second one"')


def test_an_immediate_stop_throws_everybody_out_and_keeps_what_was_committed(
    postgres: PostgresNode, database_url: str
) -> None:
    """The open session breaks, its transaction is gone, and the committed row is there after the start."""
    address = database_url.replace("postgresql+psycopg", "postgresql")
    with psycopg.connect(address, autocommit=True) as session:
        session.execute("CREATE TABLE kept AS SELECT 1 AS one")
        session.execute("BEGIN")
        session.execute("INSERT INTO kept VALUES (2)")
        postgres.immediate_stop()
        assert not postgres.ready()
        postgres.start()
        with pytest.raises(psycopg.OperationalError):
            session.execute("COMMIT")
    with psycopg.connect(address) as session:
        assert session.execute("SELECT one FROM kept").fetchall() == [(1,)]
