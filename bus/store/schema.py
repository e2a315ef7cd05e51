"""The schema's versions: Alembic migrations, run by ``bus run`` at its start and by nobody else at the same time."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError

from bus.store.database import Store, StoreUnavailable

MigrationError = CommandError
"""What Alembic says of a store that it cannot bring up to date."""


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


TOO_NEW = (
    "the store was made by a newer version of this program: run that version, or put the backup of before the upgrade "
    "back and run `bus recover`"
)


def known(revision: str) -> bool:
    """Whether this code knows the version, so that it can bring a store up from it."""
    return any(script.revision == revision for script in ScriptDirectory.from_config(_config()).walk_revisions())


def newest() -> str:
    """The version that this code works with."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:
        raise RuntimeError("no migration is there; the installation is broken: install the package again")
    return head


def current(store: Store) -> str | None:
    """The version the store is at; None for an empty one."""
    with store.reading() as tx:
        return MigrationContext.configure(tx).get_current_revision()


def upgrade(store: Store, to: str = "head") -> None:
    """Bring the store to version ``to``, in one transaction; nothing to do when it is there.

    Raises ``StoreUnavailable`` when the store is of a newer version than this code; it is left as it is."""
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
    """Take the store back to an older version, in one transaction: what later ones have added goes."""
    config = _config()
    with store.engine.begin() as tx:
        config.attributes["connection"] = tx
        command.downgrade(config, to)
