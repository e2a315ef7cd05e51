"""What v0.1.0 left behind, its stores, settings, keys, directory and an adapter, is read by the present program."""

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import func, select

from bus.custody import Status
from bus.operations.erasure import BLANK
from bus.runtime.bootstrap import store_at
from bus.sdk.discovery import find
from bus.security import directory
from bus.security.keyring import read_keyring, read_public_key
from bus.settings import load
from bus.store import case_count, cases, schema
from bus.store import tables as t
from bus.store.database import Store
from bus.testing.center_suite import CHECKS, AdapterHarness, Check
from verification.checker import CenterEvidence, Evidence, When, check, read, wrong

FIXTURES = Path(__file__).parents[1] / "fixtures" / "v0.1.0"
MEDIA, GOVERNMENT = "media_center-150402", "government_service-150402"
TOLD: dict[str, Any] = json.loads((FIXTURES / "told.json").read_text(encoding="utf-8"))
"""What v0.1.0 itself said of these stores: ``bus trace`` and ``bus parked list``."""


def private(name: str, folder: Path) -> Path:
    """A copy of a key file that only its owner may read: git does not keep that."""
    path = folder / name
    shutil.copyfile(FIXTURES / name, path)
    path.chmod(0o600)
    return path


@pytest.fixture
def on_sqlite(tmp_path: Path) -> Iterator[Store]:
    """The media center's store, as a file."""
    path = tmp_path / f"{MEDIA}.db"
    shutil.copyfile(FIXTURES / path.name, path)
    store = store_at(f"sqlite:///{path}", str(private(f"{MEDIA}.master", tmp_path)))
    yield store
    store.close()


@pytest.fixture
def on_postgresql(tmp_path: Path, database_url: str) -> Iterator[Store]:
    """The government service's store, loaded from its dump."""
    with psycopg.connect(database_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute((FIXTURES / f"{GOVERNMENT}.sql").read_bytes())
    store = store_at(database_url, str(private(f"{GOVERNMENT}.master", tmp_path)))
    yield store
    store.close()


def assert_whole(store: Store, center: str) -> None:
    """The store is brought up to date, and holds every case, line and parked item that v0.1.0 told of."""
    schema.upgrade(store)
    assert schema.current(store) == schema.newest()
    told = TOLD[center]
    for one in told["cases"]:
        assert_case(store, one, told["texts"])
    with store.reading() as tx:
        p = t.parked.c
        lying = [tuple(row) for row in tx.execute(select(p.place, p.code, p.case_id).order_by(p.id))]
        assert lying == [(row["place"], row["code"], row["case_id"]) for row in told["parked"]]
        for table in (t.applied, t.archive, t.receipts_heard, t.intakes, t.links, t.case_keys):
            assert tx.execute(select(func.count()).select_from(table)).scalar_one() > 0, table.name
    assert wrong(check(Evidence({center: CenterEvidence(center, read(store))}), When.LIVE)) == []


def assert_case(store: Store, told: dict[str, Any], texts: dict[str, str]) -> None:
    """The record and the timeline of one case say what they said."""
    case_id = UUID(told["case"]["case"])
    with store.reading() as tx:
        assert cases.by_number(tx, told["case"]["number"]) == case_id
        record = cases.read(tx, [case_id])[case_id]
        lines = cases.journal(tx, case_id)
    facts = {
        "case": str(case_id), "number": record.case.number, "origin": record.case.origin, "holder": record.holder,
        "version": record.version, "status": record.status.value, "round": record.round,
        "returns": len(record.returns),
    }  # fmt: skip
    assert facts == {name: told["case"][name] for name in facts}
    assert [{name: line[name] for name in was} for line, was in zip(lines, told["journal"], strict=True)] == (
        told["journal"]
    )
    if str(case_id) in texts:
        assert record.case.text == texts[str(case_id)]


def test_a_store_on_sqlite_is_read(on_sqlite: Store) -> None:
    """Every case of v0.1.0's SQLite store, under its master key: record, text, timeline, what is parked, receipts; and
    the one that was erased stays unreadable."""
    assert_whole(on_sqlite, MEDIA)
    with on_sqlite.reading() as tx:
        erased = UUID(TOLD[MEDIA]["erased"])
        assert TOLD[MEDIA]["texts"].get(str(erased)) is None
        assert cases.read(tx, [erased])[erased].case.text == BLANK
        statuses = case_count.by_status(tx)
        assert tx.execute(select(func.count()).select_from(t.accesses)).scalar_one() == 1
    assert statuses.keys() == {Status.OPEN.value, Status.RESOLVED.value, Status.CLOSED.value}
    assert all(statuses.values())


def test_a_store_on_postgresql_is_read(on_postgresql: Store) -> None:
    """The same for the government service's store, from a dump of PostgreSQL."""
    assert_whole(on_postgresql, GOVERNMENT)


def test_settings_are_read() -> None:
    """A file with every key of v0.1.0 is read as it is, each with its value, under the names of that time."""
    with pytest.warns(FutureWarning, match="is now called"):
        settings = load(FIXTURES / f"{MEDIA}.toml")
    assert (settings.center, find(settings.kind, settings.adapter).package) == (MEDIA, "adapters.media_center")
    assert settings.store == "postgresql+psycopg://media_center@127.0.0.1:5432/media_center"
    assert settings.broker.startswith("amqps://media_center-150402@one.county.example:5671,two.")
    assert (str(settings.data), settings.production) == (f"/var/lib/bus/{MEDIA}", True)
    assert settings.intake_secret.get_secret_value().startswith("whsec_")
    assert (settings.arbiter, settings.returns_before_arbiter) == (GOVERNMENT, 3)
    assert (settings.park_after, settings.keep_days, settings.concurrency) == (20, 40, 6)
    assert settings.find("government-service", "150402006") == GOVERNMENT
    assert [settings.find(category, "150403") for category in ("volunteer", "other")] == [
        "civilization_center-150402",
        "party_service-150402",
    ]


def test_the_parts_of_settings_are_read() -> None:
    """The same for its tables: the center's own system, HTTP, TLS, trust, the master key and retention."""
    with pytest.warns(FutureWarning) as told:
        settings = load(FIXTURES / f"{MEDIA}.toml")
    assert [" is now called " in str(one.message) for one in told] == [True, True]
    backend, http, tls = settings.backend, settings.http, settings.tls
    assert (backend.url, backend.timeout) == ("https://app.media.county.example/api", 7.5)
    assert backend.token.get_secret_value() == "not-a-real-token"
    assert (http.host, http.port, http.requests_per_second) == ("127.0.0.2", 8090, 200)
    assert http.public_url == "https://media.county.example/bus"
    assert [path and path.name for path in (tls.ca, tls.certificate, tls.key)] == [
        "ca.pem",
        f"{MEDIA}.pem",
        f"{MEDIA}.key",
    ]
    assert settings.trust is not None
    assert settings.trust.required is False
    assert settings.at_rest is not None
    assert settings.at_rest.key == f"/etc/bus/{MEDIA}.store-key"
    assert settings.retention is not None
    assert settings.retention.terms == [(1095, False), (365, True)]


def test_keys_and_directory_are_read(tmp_path: Path) -> None:
    """The operator's key vouches for the directory, and each center's own key stands in it."""
    known = directory.read_file(FIXTURES / "county.directory", read_public_key(FIXTURES / "operator.pub"))
    assert len({one.center for one in known.listed.values()}) == 6
    for center in (MEDIA, GOVERNMENT):
        own = read_keyring(private(f"{center}.keys.json", tmp_path))
        assert own.owner == center
        listed = known.listed[own.keys[-1].public.kid]
        assert (listed.center, listed.key) == (center, own.keys[-1].public)


@pytest.fixture(scope="module")
def harness(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AdapterHarness]:
    """v0.1.0's adapter of the media center, imported from a folder outside this tree's packages, running for real."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(FIXTURES / "adapter")
        one = AdapterHarness("media_center_v0_1_0", tmp_path_factory.mktemp("harness")).start()
        yield one
        one.stop()


@pytest.mark.filterwarnings("ignore:.* goes with 0.3:DeprecationWarning")
@pytest.mark.parametrize("promise", CHECKS, ids=lambda promise: promise.__name__)
def test_an_adapter_passes_the_suite_unchanged(promise: Check, harness: AdapterHarness) -> None:
    """An adapter of v0.1.0 does what every center must, beside the present program."""
    promise(harness)


@pytest.mark.filterwarnings("ignore:.* goes with 0.3:DeprecationWarning")
def test_the_adapter_is_not_ours(harness: AdapterHarness) -> None:
    """What ran lies beside the fixtures, and nothing of our own adapter was taken for it."""
    module = sys.modules["media_center_v0_1_0.handlers"]
    assert Path(str(module.__file__)).is_relative_to(FIXTURES)
    assert harness.samples.package == "media_center_v0_1_0"
