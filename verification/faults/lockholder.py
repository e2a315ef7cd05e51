"""The intruder's process: locks a store, prints a line, and keeps the lock until stdin ends. Started by its path,
alone.
"""

import json
import sqlite3
import sys
from collections.abc import Sequence


def hold_sqlite(path: str, patience: float) -> None:
    """BEGIN EXCLUSIVE in an existing file; raises sqlite3.OperationalError after ``patience`` seconds."""
    store = sqlite3.connect(f"file:{path}?mode=rw", uri=True, timeout=patience, isolation_level=None)
    store.execute("BEGIN EXCLUSIVE")
    keep()
    store.close()


def hold_postgres(address: str, tables: Sequence[str], patience: float) -> None:
    """LOCK TABLE … IN ACCESS EXCLUSIVE MODE; raises psycopg's errors after ``patience`` seconds."""
    import psycopg  # noqa: PLC0415 - a quarter of a second, and SQLite does not need it
    from psycopg import sql  # noqa: PLC0415 - see above

    with psycopg.connect(address, options=f"-c lock_timeout={int(patience * 1000)}") as connection:
        if not tables:
            found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
            tables = [name for (name,) in found.fetchall()]
        names = sql.SQL(", ").join(map(sql.Identifier, tables))
        connection.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(names))
        keep()
        connection.rollback()


def keep() -> None:
    """Print that the lock is held, and return when stdin ends."""
    sys.stdout.write("held\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    orders = json.loads(sys.stdin.readline())
    if "path" in orders:
        hold_sqlite(orders["path"], orders["patience"])
    else:
        hold_postgres(orders["address"], orders["tables"], orders["patience"])
