"""The schema version of a store, and those that this program knows. Read without Alembic, which only ``bus run`` and
``bus downgrade`` need."""

import re
from pathlib import Path

from sqlalchemy import inspect, text

from bus.store.database import Store

MIGRATIONS = Path(__file__).parent / "migrations"
_FILE = re.compile(r"v(\d+)_\w+\.py")


def versions() -> list[str]:
    """Every version that the program can bring a store to, oldest first, by the names of the migration files."""
    return sorted(found[1] for path in (MIGRATIONS / "versions").iterdir() if (found := _FILE.fullmatch(path.name)))


def known(revision: str) -> bool:
    """Whether this code knows the version, and can upgrade a store from it."""
    return revision in versions()


def newest() -> str:
    """The version that this code works with."""
    if not (there := versions()):
        raise RuntimeError("no migration is there; the installation is broken: install the package again")
    return there[-1]


def current(store: Store) -> str | None:
    """The store's version; None for an empty store."""
    with store.reading() as tx:
        if not inspect(tx).has_table("alembic_version"):
            return None
        found: str | None = tx.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
        return found
