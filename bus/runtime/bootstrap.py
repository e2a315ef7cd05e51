"""A center's store, opened by its settings: with the master key, where there is one."""

from bus.security.master_key import master_key
from bus.settings import CenterSettings
from bus.store.database import Store
from bus.store.encryption import CaseEncryption


def store_of(settings: CenterSettings) -> Store:
    """The store of these settings. Raises ``KeyUnusable`` when its master key cannot be read."""
    return store_at(settings.store, settings.at_rest.key if settings.at_rest else None)


def store_at(url: str, key: str | None) -> Store:
    """The store at a URL, with the named master key. Raises ``KeyUnusable``."""
    return Store(url, CaseEncryption(master_key(key)) if key else None)
