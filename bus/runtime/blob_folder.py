"""The folder of a center's attachments, apart from its store: many commands open the store and need no file."""

from bus.attachments.blob_store import BlobStore
from bus.settings import CenterSettings
from bus.store.database import Store


def blob_store_of(settings: CenterSettings, store: Store) -> BlobStore:
    """The blob store in the settings' folder."""
    return BlobStore(store, settings.data / "attachments")
