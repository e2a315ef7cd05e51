"""The folder of a center's attachments. Apart from its store, which commands open that need no file."""

from bus.attachments.blob_store import BlobStore
from bus.settings import CenterSettings
from bus.store.database import Store


def blob_store_of(settings: CenterSettings, store: Store) -> BlobStore:
    """Where the attachments lie."""
    return BlobStore(store, settings.data / "attachments")
