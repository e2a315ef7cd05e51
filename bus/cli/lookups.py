"""Lookups of the commands: a center's context, and the newest directory."""

from contextlib import suppress

from bus.cli.options import opened_store
from bus.context import CenterContext, read_by
from bus.runtime.directory_memory import recall
from bus.security.directory import Edition
from bus.security.directory_file import operator_id
from bus.security.errors import KeyUnusable
from bus.security.keyed_security import security_of
from bus.security.keyring import read_public_key
from bus.settings import CenterSettings, Trust
from bus.store import directories
from bus.store.database import DriverError, Store, StoreUnavailable


def context_of(settings: CenterSettings, store: Store) -> CenterContext:
    """The center's context; a directory older than the store remembers does not count. Raises ``KeyUnusable``."""
    security = security_of(settings.trust)
    recall(security, store)
    return CenterContext(
        settings.center,
        settings.arbiter,
        settings.returns_before_arbiter,
        security,
        settings.quotas,
        settings.clocks.rules(),
        read_by(security),
    )


def newest_directory(settings: CenterSettings, trust: Trust) -> Edition | None:
    """The newest directory that was in use here; None if the store cannot be read, which its own check reports."""
    with suppress(StoreUnavailable, KeyUnusable, DriverError), opened_store(settings) as store, store.reading() as tx:
        return directories.newest(tx, operator_id(read_public_key(trust.operator)))
    return None
