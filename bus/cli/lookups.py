"""What commands look up for a center: what its county has settled, a case by its number, the newest directory."""

from contextlib import suppress
from uuid import UUID

from bus.cli.options import opened_store
from bus.context import CenterContext
from bus.runtime.directory_memory import recall
from bus.security.directory import Edition
from bus.security.directory_file import operator_id
from bus.security.errors import KeyUnusable
from bus.security.keyed_security import security_of
from bus.security.keyring import read_public_key
from bus.settings import CenterSettings, Trust
from bus.store import cases, directories
from bus.store.database import DriverError, Store, StoreUnavailable, Tx


def context_of(settings: CenterSettings, store: Store) -> CenterContext:
    """What the county has settled for this center; no directory counts that is older than its store remembers. Raises
    ``KeyUnusable``."""
    security = security_of(settings.trust)
    recall(security, store)
    return CenterContext(settings.center, settings.arbiter, settings.returns_before_arbiter, security, settings.quotas)


def case_named(tx: Tx, text: str) -> UUID | None:
    """The case that an operator means, by its UUID or its number for people; None: no case here has that number."""
    try:
        return UUID(text)
    except ValueError:
        return cases.by_number(tx, text)


def newest_directory(settings: CenterSettings, trust: Trust) -> Edition | None:
    """The newest directory of the county that was in use here; None where the store cannot tell: its own check says
    why."""
    with suppress(StoreUnavailable, KeyUnusable, DriverError), opened_store(settings) as store, store.reading() as tx:
        return directories.newest(tx, operator_id(read_public_key(trust.operator)))
    return None
