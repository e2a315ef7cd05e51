"""A store on SQLite: who may read its files, how large its log grows, and when the log is emptied."""

import os
from collections.abc import Iterator
from contextlib import closing
from io import StringIO
from pathlib import Path

import pytest

from bus import log
from bus.store import Store, Tx, schema
from bus.store import tables as t
from bus.store.opening import LOG_BYTES
from bus.store.replaced_file import ReplacedFile

MIB = 1024 * 1024


@pytest.fixture
def umask() -> Iterator[None]:
    """Files are readable by everybody, unless somebody sees to it."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def _modes(folder: Path) -> dict[str, str]:
    return {path.name: oct(path.stat().st_mode & 0o777) for path in folder.glob("s.db*")}


ALONE = {"s.db": "0o600", "s.db-wal": "0o600", "s.db-shm": "0o600"}


def test_the_files_of_a_store_are_for_their_owner_alone(tmp_path: Path, umask: None) -> None:
    """The file, its log and its index, whatever the umask."""
    with closing(Store(f"sqlite:///{tmp_path}/s.db")) as store:
        schema.upgrade(store)
        store.write(_make_table)
        assert _modes(tmp_path) == ALONE


def test_files_that_others_may_read_are_closed_to_them(tmp_path: Path, umask: None) -> None:
    """Those of an older program; the log says so, once for each file."""
    with closing(Store(f"sqlite:///{tmp_path}/s.db")) as store:
        schema.upgrade(store)
        for path in tmp_path.glob("s.db*"):
            path.chmod(0o644)
        said = StringIO()
        log.set_up("media_center-150402", said)
        try:
            with closing(Store(f"sqlite:///{tmp_path}/s.db")) as again:
                again.write(lambda _: None)
        finally:
            log.reset()
        assert _modes(tmp_path) == ALONE
        assert said.getvalue().count("store-made-private") == len(ALONE)


def test_what_was_deleted_is_gone_from_the_file(tmp_path: Path) -> None:
    """The key of a file that went with its case, say: no byte of it is left once the log is emptied."""
    key = bytes(range(60, 124))
    with closing(Store(f"sqlite:///{tmp_path}/s.db")) as store:
        schema.upgrade(store)
        rows = [
            {"sha256": f"{number}" * 64, "wrapped": key if number == 1 else bytes(64), "name": None}
            for number in range(3)
        ]
        store.write(lambda tx: tx.execute(t.file_keys.insert(), rows))
        store.empty_log()
        assert key in (tmp_path / "s.db").read_bytes()
        store.write(lambda tx: tx.execute(t.file_keys.delete().where(t.file_keys.c.wrapped == key)))
        assert store.empty_log()
        assert key[-12:] not in (tmp_path / "s.db").read_bytes()


def _make_table(tx: Tx) -> None:
    tx.exec_driver_sql("CREATE TABLE many (bytes BLOB)")


def _write(store: Store, mib: int) -> None:
    for _ in range(mib):
        store.write(lambda tx: tx.exec_driver_sql("INSERT INTO many VALUES (randomblob(1048576))"))


@pytest.fixture
def grown(tmp_path: Path) -> Iterator[Store]:
    """A store whose log has grown beyond its bound beside a reader that was left open, and is not any more."""
    with closing(Store(f"sqlite:///{tmp_path}/s.db")) as store:
        store.write(_make_table)
        with store.reading() as tx:
            tx.exec_driver_sql("SELECT count(*) FROM many").scalar()
            _write(store, LOG_BYTES // MIB + 4)
            assert not store.empty_log()
        assert _log(store) > LOG_BYTES
        yield store


def _log(store: Store) -> int:
    return Path(f"{store.url.database}-wal").stat().st_size


def test_the_log_is_cut_back_when_a_reader_that_was_left_open_is_gone(grown: Store) -> None:
    """By the writes that follow, of themselves."""
    _write(grown, 2)
    assert _log(grown) <= LOG_BYTES


def test_the_log_can_be_emptied(grown: Store) -> None:
    """As housekeeping does every minute; what was written stays."""
    assert grown.empty_log()
    assert _log(grown) == 0
    with grown.reading() as tx:
        assert tx.exec_driver_sql("SELECT count(*) FROM many").scalar() == LOG_BYTES // MIB + 4
    _write(grown, 1)


def test_a_reader_follows_a_file_that_was_replaced(tmp_path: Path) -> None:
    """A backup that is put in the store's place is read by who looks on, such as a console, without a restart."""
    with closing(Store(f"sqlite:///{tmp_path}/s.db")) as store, closing(Store(f"sqlite:///{tmp_path}/b.db")) as backup:
        store.write(_make_table)
        store.empty_log()
        file = ReplacedFile(store)
        assert not file.follow()
        backup.write(lambda tx: tx.exec_driver_sql("CREATE TABLE older (bytes BLOB)"))
        backup.empty_log()
        for name in ("s.db", "s.db-wal", "s.db-shm"):
            (tmp_path / name).unlink(missing_ok=True)
        assert not file.follow()  # nothing lies there yet
        (tmp_path / "s.db").write_bytes((tmp_path / "b.db").read_bytes())
        assert file.follow()
        assert not file.follow()
        with store.reading() as tx:
            assert tx.exec_driver_sql("SELECT count(*) FROM older").scalar() == 0
