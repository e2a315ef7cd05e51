"""A store on PostgreSQL whose server says no for a while, holds other letters, or stands behind a pooler."""

import secrets
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy.engine import make_url

from bus.cli import check_store
from bus.settings import Backend, CenterSettings
from bus.store import Store, StoreUnavailable, Tx, schema
from bus.store.database import StoreUnfit
from tests.unit.test_cli_run import SECRET, WHOLE, bus, started
from verification.services import PgBouncer, PostgresNode

MEDIA = "media_center-150402"


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """A fresh store at the newest version."""
    opened = Store(database_url)
    schema.upgrade(opened)
    yield opened
    opened.close()


def _count(tx: Tx) -> None:
    tx.exec_driver_sql("INSERT INTO counters (name, value) VALUES ('n', 1) ON CONFLICT (name) DO UPDATE SET value = 2")


def _administrate(postgres: PostgresNode, *statements: str) -> None:
    with postgres._connect() as connection:
        for one in statements:
            connection.execute(one.encode())


def _sessions_end(postgres: PostgresNode, name: str) -> None:
    with postgres._connect() as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))


# -- a server that says no for a while -------------------------------------------------------------------------------


def test_a_server_that_was_read_only_for_a_while_is_written_to_again(store: Store, postgres: PostgresNode) -> None:
    """As in a failover: each connection of the pool began while the server took no change, and none of them is kept."""
    name = store.url.database
    _administrate(postgres, f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    _sessions_end(postgres, str(name))
    with pytest.raises(StoreUnavailable, match="read-only") as told:
        store.write(_count)
    assert told.value.passing
    assert "standby" in store.unwritable()
    _administrate(postgres, f'ALTER DATABASE "{name}" RESET default_transaction_read_only')
    store.write(_count)
    assert store.unwritable() == ""


def test_sessions_that_were_ended_and_a_server_that_was_stopped_harm_nothing(
    store: Store, postgres: PostgresNode
) -> None:
    """In the middle of a transaction, too: it is run again on a new connection."""
    begun: list[Callable[[], None]] = [
        postgres.immediate_stop,
        partial(_sessions_end, postgres, str(store.url.database)),
    ]
    while begun:

        def change(tx: Tx) -> str:
            if begun:
                begun.pop()()
                postgres.start()
            _count(tx)
            return "done"

        assert store.write(change) == "done"


def test_the_doctor_names_a_server_that_is_read_only(store: Store, postgres: PostgresNode) -> None:
    """With the cure, in both languages."""
    url = store.url.render_as_string(hide_password=False)
    _administrate(postgres, f'ALTER DATABASE "{store.url.database}" SET default_transaction_read_only = on')
    assert "只读" in _doctor(url, "zh")
    assert "read-only" in _doctor(url, "en")


# -- encodings -------------------------------------------------------------------------------------------------------


@pytest.fixture(params=["SQL_ASCII", "EUC_CN"])
def other_letters(request: pytest.FixtureRequest, postgres: PostgresNode) -> Iterator[str]:
    """A database in another encoding."""
    name = f"test_{secrets.token_hex(6)}"
    _administrate(
        postgres, f"CREATE DATABASE {name} ENCODING '{request.param}' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
    )
    try:
        yield postgres.dsn(name)
    finally:
        postgres.drop_database(name)


def test_a_database_that_is_not_utf8_is_refused_with_the_cure(other_letters: str, tmp_path: Path) -> None:
    """By `bus run` and by `bus doctor`, in both languages and without a traceback."""
    for lang, cure in (("zh", "UTF8 数据库"), ("en", "make one in UTF8")):
        assert cure in _doctor(other_letters, lang)
        code, out, err = bus("trace", "N-1", "--config", _config(other_letters, tmp_path), "--lang", lang, **ENV)
        assert (code, cure in err, "Traceback" in out + err) == (1, True, False)
    code, err = _run(_config(other_letters, tmp_path), "zh")
    assert (code, "UTF8 数据库" in err, "Traceback" in err) == (1, True, False), err


# -- a pooler --------------------------------------------------------------------------------------------------------


def test_a_pooler_in_session_mode_is_as_good_as_the_server(store: Store) -> None:
    """What the store sets on each connection is set there, too."""
    with PgBouncer(store.url.render_as_string(hide_password=False), "session") as pooler:
        behind = Store(pooler.url)
        behind.require_fit()
        behind.write(_count)
        with behind.reading() as tx:
            assert tx.exec_driver_sql("SHOW lock_timeout").scalar() == "10s"
        behind.close()
        assert "PgBouncer" not in _doctor(pooler.url, "en")


@pytest.mark.parametrize(("mode", "round_robin"), [("transaction", False), ("transaction", True)])
def test_a_pooler_in_transaction_mode_is_refused_by_name(
    store: Store, tmp_path: Path, mode: Any, round_robin: bool
) -> None:
    """Whether it gives out the last session or each in turn, on an idle server and one with sessions to spare."""
    with PgBouncer(store.url.render_as_string(hide_password=False), mode, round_robin=round_robin) as pooler:
        behind = Store(pooler.url)
        with pytest.raises(StoreUnfit, match="transaction mode"):
            behind.require_fit()
        with behind.engine.connect() as one, behind.engine.connect() as two:
            assert one.exec_driver_sql("SELECT 1").scalar() == two.exec_driver_sql("SELECT 1").scalar()
        with pytest.raises(StoreUnfit, match="pool_mode = session"):
            behind.require_fit()
        behind.close()
        for lang, cure in (("zh", "事务模式"), ("en", "transaction mode")):
            assert cure in _doctor(pooler.url, lang)
        code, err = _run(_config(pooler.url, tmp_path), "en")
        assert (code, "transaction mode" in err, "Traceback" in err) == (1, True, False), err


def test_without_a_pooler_nothing_is_refused(store: Store) -> None:
    """A server that is asked itself."""
    store.require_fit()


ENV = {"BUS_INTAKE_SECRET": SECRET, "BUS_BROKER": "amqp://127.0.0.1:1", "BUS_HTTP__PORT": "0"}


def _run(config: Path, lang: str) -> tuple[int, str]:
    with started("run", "--config", config, "--lang", lang, **ENV) as process:
        _, said = process.communicate(timeout=60)
    return process.returncode, said


def _config(url: str, folder: Path) -> Path:
    config = folder / "c.toml"
    text = WHOLE.format(folder=folder)
    lines = [
        f'store = "{make_url(url).render_as_string(hide_password=False)}"' if line.startswith("store") else line
        for line in text.splitlines()
    ]
    config.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return config


def _doctor(url: str, lang: str) -> str:
    """What `bus doctor` finds of the store."""
    backend = Backend(url="http://127.0.0.1:1")
    settings = CenterSettings(center=MEDIA, store=url, backend=backend, intake_secret=SecretStr(SECRET))
    found = check_store.store(settings)
    return "\n".join(f"{getattr(one.found, lang)}: {getattr(one.cure, lang)}" for one in found if one.severity)
