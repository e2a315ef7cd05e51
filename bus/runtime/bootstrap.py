"""A center's store and the folder of its files, opened as its settings say: with the master key, where there is one."""

from bus.attachments.blob_store import Folder
from bus.security.master_key import master_key
from bus.settings import CenterSettings
from bus.store.database import Store
from bus.store.encryption import Vault


def store_of(settings: CenterSettings) -> Store:
    """The store. Raises ``KeyTrouble`` when its master key cannot be had."""
    return store_at(settings.store, settings.at_rest.key if settings.at_rest else None)


def store_at(url: str, key: str | None) -> Store:
    """The store at a URL, with the master key that is named. Raises ``KeyTrouble``."""
    return Store(url, Vault(master_key(key)) if key else None)


def folder_of(settings: CenterSettings, store: Store) -> Folder:
    """Where the attachments lie."""
    return Folder(store, settings.data / "attachments")
