"""One process for each center: the lease on its store, who may take it over, and what happens to who has lost it."""

import json
import signal
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select, update

from bus.runtime import lease as module
from bus.runtime.lease import TAKEN, StoreLease, StoreTaken, me, runs
from bus.store import Store, StoreUnavailable, leases, schema
from bus.store import tables as t
from bus.store.leases import LEASE_MS, Holder
from tests.unit.test_cli_run import SECRET, WHOLE, bus, started

ELSEWHERE = Holder("another-machine:1:1", "another boot")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of a fresh store at the newest version."""
    made: str = f"sqlite:///{tmp_path}/s.db" if request.param == "sqlite" else request.getfixturevalue("database_url")
    with closing(Store(made)) as store:
        schema.upgrade(store)
    return made


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Renewals and looks follow each other at once."""
    monkeypatch.setattr(module, "RENEW_S", 0.1)
    monkeypatch.setattr(module, "LOOK_S", 0.02)


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """The store, opened by one process."""
    with closing(Store(url)) as opened:
        yield opened


@pytest.fixture
def other(url: str) -> Iterator[Store]:
    """The same, as another process would open it."""
    with closing(Store(url)) as opened:
        yield opened


def _row(store: Store) -> tuple[str, int] | None:
    with store.reading() as tx:
        row = tx.execute(select(t.leases.c.name, t.leases.c.until_ms)).one_or_none()
    return (row[0], row[1]) if row else None


def _held_by(store: Store, holder: Holder, ms: int = LEASE_MS) -> None:
    def change(tx: object) -> None:
        assert leases.take(tx, holder, leases.current(tx))  # type: ignore[arg-type]  # one transaction
        until = update(t.leases).values(until_ms=t.leases.c.until_ms - LEASE_MS + ms)
        tx.execute(until)  # type: ignore[attr-defined]

    store.write(change)


def test_the_second_is_refused_and_the_first_goes_on(store: Store, other: Store) -> None:
    """It is told who has it; given back, the lease is free at once."""
    first, second = StoreLease(store), StoreLease(other)
    first.acquire()
    with pytest.raises(StoreTaken, match=me().name):
        second.acquire()
    assert (first.held(), second.held()) == (True, False)
    first.release()
    assert (first.held(), _row(store)) == (False, None)
    second.acquire()
    assert second.held()
    second.release()


def test_a_dead_process_of_this_machine_holds_up_nobody(store: Store) -> None:
    """Its lease has not run out, and its lock ended with it."""
    mine = me()
    _held_by(store, Holder(f"{mine.name.partition(':')[0]}:{2**22 + 1}:7", mine.boot_id))
    lease = StoreLease(store)
    began = time.monotonic()
    lease.acquire()
    assert time.monotonic() - began < LEASE_MS / 1000
    lease.release()


def test_a_holder_that_cannot_be_seen_is_waited_for_until_its_lease_is_over(store: Store) -> None:
    """On another machine, or behind a lost network."""
    _held_by(store, ELSEWHERE, ms=1500)
    lease, before = StoreLease(store), _row(store)
    assert before is not None
    lease.acquire()
    after = _row(store)
    assert after is not None
    assert after[1] >= before[1] + LEASE_MS
    assert after[0] == me().name
    lease.release()


def test_a_holder_that_cannot_be_seen_and_renews_its_lease_is_left_alone(store: Store, other: Store) -> None:
    """It lives, wherever it is."""
    _held_by(other, ELSEWHERE)
    lease = StoreLease(store)
    looks = iter(range(100))

    class Renewed:
        """A clock, at each look of which the other renews."""

        def __call__(self) -> float:
            if next(looks):
                other.write(lambda tx: leases.renew(tx, ELSEWHERE))
                time.sleep(0.005)
            return time.monotonic()

    lease._clock = Renewed()
    with pytest.raises(StoreTaken, match="another-machine"):
        lease.acquire()


def test_a_lease_of_a_wild_clock_is_over_when_it_was_watched_for_its_time(store: Store) -> None:
    """Its machine was a day ahead; by the clock of who waits nobody renews it."""
    _held_by(store, ELSEWHERE, ms=86_400_000)
    passed = iter(range(10_000))
    lease = StoreLease(store, clock=lambda: float(next(passed)))
    lease.acquire()
    row = _row(store)
    assert row is not None
    assert row[0] == me().name
    lease.release()


def test_of_two_that_take_it_at_once_one_has_it(store: Store) -> None:
    """Both have seen it free, or over."""
    one, two = Holder("a:1:1", ""), Holder("b:1:1", "")
    assert store.write(lambda tx: leases.take(tx, one, None))
    assert not store.write(lambda tx: leases.take(tx, two, None))
    with store.reading() as tx:
        seen = leases.current(tx)
    assert store.write(lambda tx: leases.take(tx, two, seen))
    assert not store.write(lambda tx: leases.take(tx, one, seen))


def test_who_cannot_renew_writes_nothing_until_it_can(store: Store) -> None:
    """While the store is away longer than the lease another may have it; nothing is known to be lost, so it waits."""
    passed = [0.0]
    lease = StoreLease(store, clock=lambda: time.monotonic() + passed[0])
    lease.acquire()
    lease._leaving.set()  # no renewals but those of this test
    store.may_write = lease.held
    store.write(lambda _: None)
    passed[0] = LEASE_MS / 1000 + 1
    with pytest.raises(StoreUnavailable, match="lease") as told:
        store.write(lambda _: None)
    assert (told.value.passing, "lease" in store.unwritable()) == (True, True)
    lease.renew()
    store.write(lambda _: None)
    assert (store.unwritable(), lease.lost.is_set()) == ("", False)
    lease.release()


def test_who_has_lost_it_writes_nothing_ever_again(store: Store, other: Store, request: pytest.FixtureRequest) -> None:
    """And is told to leave; what the other has stays."""
    lease, told = StoreLease(store), list[str]()
    request.addfinalizer(lease.release)
    lease.when_lost = lambda: told.append("leave")
    lease.acquire()
    store.may_write = lease.held
    _held_by(other, ELSEWHERE)
    lease.renew()
    lease.renew()
    assert told
    assert lease.lost.is_set()
    with pytest.raises(StoreUnavailable):
        store.write(lambda _: None)
    lease.release()
    row = _row(other)
    assert row is not None
    assert row[0] == ELSEWHERE.name


def test_a_store_of_an_older_program_is_had_before_it_is_brought_up_to_date(tmp_path: Path) -> None:
    """It knows no lease until then."""
    with closing(Store(f"sqlite:///{tmp_path}/s.db")) as store, closing(Store(f"sqlite:///{tmp_path}/s.db")) as other:
        schema.upgrade(store, "0009")
        lease = StoreLease(store)
        lease.acquire()
        with pytest.raises(StoreTaken):
            StoreLease(other).acquire()
        schema.upgrade(store)
        lease.renew()
        row = _row(store)
        assert row is not None
        assert row[0] == me().name
        lease.release()


def test_a_session_that_has_ended_is_begun_anew(database_url: str) -> None:
    """PostgreSQL was started again: the process still has the lease, and the lock again."""
    with closing(Store(database_url)) as store, closing(Store(database_url)) as other:
        schema.upgrade(store)
        lease = StoreLease(store)
        lease.acquire()
        with other.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as tx:
            tx.exec_driver_sql("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
        lease.renew()
        assert lease.held()
        with other.reading() as tx:
            assert tx.exec_driver_sql("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'").scalar() == 1
        lease.release()


def test_a_process_is_known_by_its_number_and_its_beginning() -> None:
    """A later process with the same number is another one."""
    name, number, began = me().name.rsplit(":", 2)
    assert runs(me())
    assert not runs(Holder(f"{name}:{number}:{int(began) + 1}", ""))


def test_two_runs_of_one_center(tmp_path: Path) -> None:
    """The second leaves with one sentence and opens nothing; commands work beside the first; after SIGKILL the next
    starts at once; whose lease was taken over leaves with a code of its own."""
    config = tmp_path / "c.toml"
    config.write_text(WHOLE.format(folder=tmp_path), encoding="utf-8")
    with started("run", "--config", config, BUS_INTAKE_SECRET=SECRET) as first:
        _port(first)
        with started("run", "--config", config, "--lang", "en", BUS_INTAKE_SECRET=SECRET) as second:
            out, said = second.communicate(timeout=60)
        assert (second.returncode, out, said.count("\n")) == (TAKEN, "", 1), said
        assert "another process of this center is at work" in said
        assert bus("parked", "list", "--config", config)[0] == 0
        first.kill()
        first.wait(10)
    with started("run", "--config", config, BUS_INTAKE_SECRET=SECRET) as third:
        port = _port(third)
        assert httpx.get(f"http://127.0.0.1:{port}/health/live", trust_env=False).status_code < 500
        with closing(Store(f"sqlite:///{tmp_path}/media.db")) as store:
            _held_by(store, ELSEWHERE)
        assert third.wait(60) == TAKEN
        assert third.stderr is not None
        assert "接管" in third.stderr.read()


def test_a_run_that_leaves_in_order_gives_the_lease_back(tmp_path: Path) -> None:
    """On SIGTERM."""
    config = tmp_path / "c.toml"
    config.write_text(WHOLE.format(folder=tmp_path), encoding="utf-8")
    with started("run", "--config", config, BUS_INTAKE_SECRET=SECRET) as process:
        _port(process)
        with closing(Store(f"sqlite:///{tmp_path}/media.db")) as store:
            assert _row(store) is not None
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0
            assert _row(store) is None


def _port(process: object) -> int:
    lines = map(json.loads, process.stderr)  # type: ignore[attr-defined]  # a process with its output
    return int(next(line["port"] for line in lines if line["event"] == "started"))
