"""The version of the schema that a store is at, and those that this program knows: read without Alembic, which only
``bus run`` and ``bus downgrade`` need."""

import re
from pathlib import Path

from sqlalchemy import inspect, text

from bus.store.database import Store

MIGRATIONS = Path(__file__).parent / "migrations"
_FILE = re.compile(r"v(\d+)_\w+\.py")


def versions() -> list[str]:
    """Every version that this program can bring a store to, the oldest first, as the migrations' files are named."""
    return sorted(found[1] for path in (MIGRATIONS / "versions").iterdir() if (found := _FILE.fullmatch(path.name)))


def known(revision: str) -> bool:
    """Whether this code knows the version, so that it can bring a store up from it."""
    return revision in versions()


def newest() -> str:
    """The version that this code works with."""
    if not (there := versions()):
        raise RuntimeError("no migration is there; the installation is broken: install the package again")
    return there[-1]


def current(store: Store) -> str | None:
    """The version the store is at; None for an empty one."""
    with store.reading() as tx:
        if not inspect(tx).has_table("alembic_version"):
            return None
        found: str | None = tx.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
        return found
