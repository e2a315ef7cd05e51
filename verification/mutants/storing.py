"""Defects in opening a store, in its lease, and in erasure; a simulated store is in one process, and its files are not
read.
"""

from typing import Any

import pytest
from sqlalchemy import func, select, update

import bus.store.opening
import bus.store.waiting
from bus.bilingual import Bilingual
from bus.store import Store, Tx, leases, postgresql
from bus.store import tables as t
from verification.mutants.defect import tested

STORE = Bilingual("存储测试", "store tests")
NO_FILES = Bilingual("模拟不查看库文件", "a simulation does not look into the store's files")
NO_ERASURE = Bilingual("模拟中不抹除案件", "nothing is erased in a simulation")
ONE_PROCESS = Bilingual("模拟中每个库只有一个进程", "a simulated store is in one process")
NO_POSTGRESQL = Bilingual("模拟只用 SQLite", "a simulation has SQLite alone")
ENCRYPTION, LEASE = "tests/unit/test_encryption.py", "tests/unit/test_lease.py"
SQLITE, POSTGRESQL = "tests/unit/test_store_sqlite.py", "tests/unit/test_store_postgresql.py"


@tested(
    "SQLite 不清除删掉的内容", "leaves deleted content in SQLite's file",
    f"{SQLITE}::test_what_was_deleted_is_gone_from_the_file", by=STORE, why=NO_FILES,
)  # fmt: skip
def secure_delete_off(patch: pytest.MonkeyPatch) -> None:
    plain = bus.store.opening._sqlite_connect

    def connect(connection: Any, record: object) -> None:
        plain(connection, record)
        connection.cursor().execute("PRAGMA secure_delete=OFF")

    patch.setattr(bus.store.opening, "_sqlite_connect", connect)


@tested(
    "还有报文暂存时也抹除", "erases a case while a message of it is held back",
    f"{ENCRYPTION}::test_what_may_not_be_erased_is_told_why[held-under-way]", by=STORE, why=NO_ERASURE,
)  # fmt: skip
def erased_while_held_back(patch: pytest.MonkeyPatch) -> None:
    def is_under_way(tx: Tx, case_id: str) -> bool:
        queries = (
            select(func.count()).select_from(one).where(one.c.case_id == case_id)
            for one in (t.outbox, t.work, t.parked)
        )
        return any(tx.execute(query).scalar_one() for query in queries)

    patch.setattr(bus.store.waiting, "is_under_way", is_under_way)


@tested(
    "抹除后不清空 SQLite 日志", "erases a case and leaves its key in SQLite's log",
    f"{ENCRYPTION}::test_an_erased_case_does_not_come_back_from_the_log[command]",
    f"{ENCRYPTION}::test_an_erased_case_does_not_come_back_from_the_log[retention]",
    by=STORE, why=NO_FILES,
)  # fmt: skip
def log_left_full(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Store, "empty_log", lambda _self: True)


@tested(
    "库文件的权限听凭 umask", "leaves the rights of the store's files to the umask",
    f"{SQLITE}::test_the_files_of_a_store_are_for_their_owner_alone", by=STORE, why=NO_FILES,
)  # fmt: skip
def store_for_everybody(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bus.store.opening, "keep_private", lambda _file: None)


@tested(
    "租约已归他人仍照样续租", "renews a lease that another process has",
    f"{LEASE}::test_who_has_lost_it_writes_nothing_ever_again[sqlite]",
    f"{LEASE}::test_who_has_lost_it_writes_nothing_ever_again[postgresql]",
    by=STORE, why=ONE_PROCESS,
)  # fmt: skip
def lease_taken_back(patch: pytest.MonkeyPatch) -> None:
    def renew(tx: Tx, mine: leases.Holder) -> bool:
        return tx.execute(update(t.leases).values(name=mine.name, boot_id=mine.boot_id)).rowcount == 1

    patch.setattr(leases, "renew", renew)


@tested(
    "只读的连接留在池里", "keeps connections that began on a read-only server",
    f"{POSTGRESQL}::test_a_server_that_was_read_only_for_a_while_is_written_to_again", by=STORE, why=NO_POSTGRESQL,
)  # fmt: skip
def read_only_kept(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(postgresql, "is_passing", lambda _error: False)


@tested(
    "只凭一个连接判断连接池", "looks for a pooler's mode with one connection alone",
    f"{POSTGRESQL}::test_a_pooler_in_transaction_mode_is_refused_by_name[transaction-False]",
    by=STORE, why=NO_POSTGRESQL,
)  # fmt: skip
def pooler_asked_once(patch: pytest.MonkeyPatch) -> None:
    def mixed_up(first: Any, _second: Any, mark: str) -> bool:
        postgresql._value(first, "SELECT set_config(%s, %s, false)", postgresql.MARK, mark)
        return postgresql._marked(first) != mark

    patch.setattr(postgresql, "_mixed_up", mixed_up)
