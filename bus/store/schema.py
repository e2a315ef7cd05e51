"""The schema's versions: Alembic migrations. Only ``bus run`` applies them, at its start."""

from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError

from bus.store.database import Store, StoreUnavailable
from bus.store.schema_version import MIGRATIONS, current, known, newest

__all__ = ["TOO_NEW", "MigrationError", "current", "downgrade", "known", "newest", "upgrade"]

MigrationError = CommandError
"""Alembic's error for a store that it cannot upgrade."""


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return config


TOO_NEW = (
    "the store was made by a newer version of this program: run that version, or put the backup of before the upgrade "
    "back and run `bus recover`"
)


def upgrade(store: Store, to: str = "head") -> None:
    """Bring the store to version ``to``, in one transaction; nothing to do if it is there. Raises ``StoreUnavailable``
    when the store is newer than this code; the store then stays as it is."""
    there = current(store)
    if to == "head" and there == newest():
        return
    config = _config()
    if there is not None and not known(there):
        raise StoreUnavailable(TOO_NEW, passing=False)
    with store.engine.begin() as tx:
        config.attributes["connection"] = tx
        command.upgrade(config, to)


def downgrade(store: Store, to: str) -> None:
    """Take the store back to an older version, in one transaction: later additions are dropped."""
    config = _config()
    with store.engine.begin() as tx:
        config.attributes["connection"] = tx
        command.downgrade(config, to)
