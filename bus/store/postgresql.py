"""PostgreSQL as a store needs it: connection settings, checks of the server, and transient errors."""

from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import DBAPIError

from bus.bilingual import Bilingual

if TYPE_CHECKING:  # the driver is loaded only where a store is on PostgreSQL
    from collections.abc import Callable

    import psycopg

SETTINGS = {
    "lock_timeout": "10s",
    "statement_timeout": "60s",
    # the planner takes a list for 100 rows, whatever its length: for a list of two it would read and hash a table of
    # 20,000 rows
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "random_page_cost": "1.1",
}
"""Settings of each connection."""

READ_ONLY = "25006"
"""SQLSTATE of a server that accepts no change."""
PASSING = ("08", READ_ONLY, "40", "53", "57P0")
"""Prefixes of SQLSTATEs that are transient faults of the server: a lost connection, a server that is read-only for a
while (a standby, a failover), a lost race, no resources left, a server that stops or starts."""

MARK = "bus.session"
"""A setting of our own; only a session that is not shared keeps it."""
ROUNDS = 8
"""Rounds of the check for a shared session. A pooler that shares them passes one round by luck at most."""

SHARED = Bilingual(
    "数据库前的连接池（PgBouncer）是事务模式，会话不归本程序独用，写入会出错；请设 pool_mode = session，或直连数据库",
    "the pooler before the database (PgBouncer) is in transaction mode: it lends one session to several connections, "
    "and writes fail; set pool_mode = session, or connect to the database itself",
)


def unfit_encoding(connection: "psycopg.Connection[Any]") -> Bilingual | None:
    """What is wrong with the database's encoding, and the cure; None when it is UTF8."""
    encoding = connection.info.parameter_status("server_encoding") or "?"
    if encoding == "UTF8":
        return None
    return Bilingual(
        f"数据库的编码是 {encoding}，存不下所有汉字；请新建 UTF8 数据库（CREATE DATABASE … ENCODING 'UTF8' TEMPLATE "
        "template0），用 pg_dump 和 pg_restore 搬过去，再改 store 的地址（见 docs/upgrade.zh-CN.md）",
        f"the encoding of the database is {encoding}, which cannot hold every character; make one in UTF8 (CREATE "
        "DATABASE … ENCODING 'UTF8' TEMPLATE template0), move it there with pg_dump and pg_restore, and name it as "
        "`store` (docs/upgrade.md)",
    )


def prepare(connection: "psycopg.Connection[Any]") -> None:
    """Configure a new connection. It uses statements, because a pooler refuses settings at login."""
    connection.autocommit = True
    connection.execute(
        "SELECT " + ", ".join("set_config(%s, %s, false)" for _ in SETTINGS),
        [word for pair in SETTINGS.items() for word in pair],
    )
    connection.autocommit = False


def shares_sessions(connect: "Callable[[], psycopg.Connection[Any]]") -> bool:
    """Whether a pooler shares one server session between several connections.

    A server tells the number of its own process at login; a pooler tells another one. Behind a pooler, a setting of one
    connection must stay, and a second connection must not see it, whichever session the pooler uses."""
    first = connect()
    try:
        first.autocommit = True
        if _value(first, "SELECT pg_backend_pid()") == first.info.backend_pid:
            return False
        second = connect()
        try:
            second.autocommit = True
            return any(_mixed_up(first, second, str(number)) for number in range(ROUNDS))
        finally:
            second.close()
    finally:
        first.close()


def _mixed_up(first: "psycopg.Connection[Any]", second: "psycopg.Connection[Any]", mark: str) -> bool:
    """Whether one round shows a shared session. While the second connection is in a transaction, a pooler in
    transaction mode cannot give its session away."""
    _value(first, "SELECT set_config(%s, %s, false)", MARK, mark)
    if _marked(first) != mark:
        return True
    with second.transaction():
        return bool(_marked(second)) or _marked(first) != mark


def _marked(connection: "psycopg.Connection[Any]") -> object:
    return _value(connection, "SELECT current_setting(%s, true)", MARK)


def _value(connection: "psycopg.Connection[Any]", query: str, *values: str) -> object:
    row = connection.execute(query, values).fetchone()
    return row[0] if row else None


def state_of(error: DBAPIError) -> str:
    """The server's SQLSTATE; empty where there is none."""
    return getattr(error.orig, "sqlstate", None) or ""


def is_passing(error: DBAPIError) -> bool:
    """Whether the server has a transient fault, which a new connection may not meet."""
    return state_of(error).startswith(PASSING)
