"""What the guarantees promise of a store alone: a power cut, an older program, a clock that was wrong."""

import contextlib
import json
import sqlite3
from pathlib import Path

import pytest
from pydantic import SecretStr

from bus.cli import check_store
from bus.custody.commands import Offer, Register
from bus.settings import Backend, CenterSettings
from bus.store import cases, schema
from bus.store.database import Store, StoreUnavailable
from tests.harness.step import BareCenter, a_case
from tests.unit.test_cli_run import SECRET, bus

MEDIA, PARTY = "media_center-150402", "party_service-150402006"
A_MONTH = 30 * 86_400


def test_a_commit_is_on_the_disk_before_anybody_is_told(tmp_path: Path) -> None:
    """Every connection to SQLite writes ahead and syncs at each commit; NORMAL would forget commits at a power cut."""
    store = Store(f"sqlite:///{tmp_path}/s.db")
    schema.upgrade(store)
    with contextlib.ExitStack() as stack:
        for _ in range(4):  # as many threads, as many connections of the pool
            tx = stack.enter_context(store.engine.connect().execution_options(reading=True))
            assert tx.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
            assert tx.exec_driver_sql("PRAGMA synchronous").scalar() == 2
    store.close()


def test_the_doctor_finds_a_database_that_does_not_sync(database_url: str) -> None:
    """With synchronous_commit off PostgreSQL, too, forgets commits at a power cut: an error that names the setting."""
    store = Store(database_url)
    schema.upgrade(store)
    assert "synchronous_commit=off" not in _durability(database_url)  # the tests' own server need not sync
    with store.engine.begin() as tx:
        tx.exec_driver_sql(f'ALTER DATABASE "{store.url.database}" SET synchronous_commit = off')
    store.close()
    assert "synchronous_commit=off" in _durability(database_url)


def _durability(url: str) -> str:
    vendor = Backend(url="http://127.0.0.1:1")
    settings = CenterSettings(center=MEDIA, store=url, backend=vendor, intake_secret=SecretStr(SECRET))
    return ", ".join(check.found.en for check in check_store.store(settings) if check.what == "store durability")


def test_an_older_program_refuses_a_store_of_a_newer_one_and_leaves_it_as_it_is(tmp_path: Path) -> None:
    """A version that this program does not know is no store that it may write into."""
    center = BareCenter(MEDIA, tmp_path)
    case = a_case(MEDIA)
    center.execute(Register(case=case))
    with center.store.engine.begin() as tx:
        tx.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    before = _dump(tmp_path / f"{MEDIA}.db")
    with pytest.raises(StoreUnavailable, match="newer version"):
        schema.upgrade(center.store)
    assert _dump(tmp_path / f"{MEDIA}.db") == before
    assert center.store.write(lambda tx: cases.load(tx, [case.case_id]))[case.case_id].case == case
    center.close()


def _dump(file: Path) -> list[str]:
    with contextlib.closing(sqlite3.connect(file)) as there:
        return list(there.iterdump())


@pytest.mark.parametrize("ahead", [3600, A_MONTH], ids=["an hour", "a month"])
def test_what_a_fast_clock_has_timed_is_due_when_the_clock_is_right(tmp_path: Path, ahead: float) -> None:
    """Fast at one sending, or slow ever since: the message goes out again now, not when that time has come."""
    center = BareCenter(MEDIA, tmp_path)
    case = a_case(MEDIA)
    center.execute(Register(case=case), Offer(case_id=case.case_id, to=(PARTY,)))
    center.later(ahead)
    (first,) = center.relay()
    center.later(-ahead)
    (again,) = center.relay()
    assert again.message_id == first.message_id
    center.close()


def test_a_store_that_is_lost_may_begin_again_as_an_empty_file(tmp_path: Path) -> None:
    """Without any backup an empty file takes its place: `bus recover` makes the tables and asks for everything."""
    file = tmp_path / f"{MEDIA}.db"
    file.touch()
    config = tmp_path / "here.toml"
    config.write_text(f'center = "{MEDIA}"\nstore = "sqlite:///{file}"\n[backend]\nurl = "http://127.0.0.1:1"\n')
    code, out, said = bus("recover", "--config", config, "--ask", PARTY, "--json")
    assert code == 0, said
    begun = json.loads(out)
    assert (begun["going_on"], begun["peers"]) == (True, {PARTY: "asked"})
