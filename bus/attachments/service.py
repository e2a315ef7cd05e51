"""Attachments: stored in a folder by hash, named in messages by hash, fetched from the center that has them.

Knowing a file's hash is the right to read it: nothing lists them, and 256 bits cannot be guessed.
"""

import hashlib
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bus.attachments.blob_store import BlobStore, is_hash
from bus.attachments.download import download
from bus.attachments.strip_metadata import strip_metadata
from bus.contract.case import Attachment
from bus.contract.types import Strict
from bus.sdk.center import Reject, RetryLater
from bus.sdk.codes import RejectCode, RetryCode
from bus.security.message_security import MessageSecurity, Unsecured
from bus.store import files
from bus.store.database import StoreUnavailable, Tx
from bus.store.timestamps import ms

LARGEST = 20 * 1024 * 1024
MEDIA_TYPES = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"%PDF-": "application/pdf",
    b"PK\x03\x04": "application/zip",
}
"""The accepted file types, recognised by their first bytes and never by their name. Word and Excel files are zip
files."""


class AttachmentRefused(ValueError):
    """The file cannot be kept; ``code`` is safe to log."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class StoredAttachment(Strict):
    """A file that is kept here: of a photo the picture alone, so that its hash may be another than that of what came.

    It may be named by either hash."""

    sha256: str
    size: int
    media_type: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class AttachmentService:
    """One center's attachments."""

    blobs: BlobStore
    public_url: str
    """The URL at which other centers reach this one; attachments are served below it."""
    security: MessageSecurity = field(default_factory=Unsecured)

    def keep(self, content: bytes, name: str | None, now: datetime) -> StoredAttachment:
        """Store a file, durably, under its hash, and without EXIF metadata. Raises ``AttachmentRefused`` for one that
        is too large or of another type."""
        if not 0 < len(content) <= LARGEST:
            raise AttachmentRefused("too-large" if content else "empty")
        media_type = next((kind for mark, kind in MEDIA_TYPES.items() if content.startswith(mark)), None)
        if media_type is None:
            raise AttachmentRefused("media-type")
        came, content = hashlib.sha256(content).hexdigest(), strip_metadata(content, media_type)
        sha256 = hashlib.sha256(content).hexdigest()
        self.blobs.put(sha256, content)
        kept = StoredAttachment(sha256=sha256, size=len(content), media_type=media_type, name=_plain(name))
        label = files.FileLabel(kept.sha256, kept.size, kept.media_type, kept.name)
        self.blobs.store.write(lambda tx: files.keep(tx, label, came, ms(now)))
        return kept

    def named(self, tx: Tx, sha256: str) -> Attachment | None:
        """The reference to a kept file, as it travels in messages; ``sha256``: of the file as stored or as received."""
        kept = files.label(tx, sha256)
        if kept is None:
            return None
        href = f"{self.public_url}/attachments/{kept.sha256}" if self.public_url else None
        return Attachment(**kept._asdict(), href=href)

    def read(self, sha256: str) -> bytes | None:
        """The bytes of a kept file; None if it is not here. Raises ``AttachmentRefused`` for an invalid hash."""
        if not is_hash(sha256):
            raise AttachmentRefused("no-hash")
        return self.blobs.get(sha256)

    def fetch(self, reference: Attachment) -> bytes:
        """The bytes of a file that a message names, from here or from the center that has it, checked by its hash.
        Raises as ``here`` and ``bring`` do."""
        here = self.here(reference)
        return self.bring(reference) if here is None else here

    def here(self, reference: Attachment) -> bytes | None:
        """The bytes of a file that a message names, if it is kept here intact; None: it must be fetched. Raises
        ``RetryLater`` while the disk cannot be read, ``Reject`` when it is damaged and no other center has it."""
        try:
            return self.read(reference.sha256)
        except StoreUnavailable as trouble:
            if trouble.passing:
                raise RetryLater(RetryCode.ATTACHMENT_STORE) from None
            if reference.href is None:
                raise Reject(RejectCode.ATTACHMENT_DAMAGED, "put the file back from a backup") from None
            return None  # the fetched file replaces it

    def bring(self, reference: Attachment) -> bytes:
        """Fetch a file from the center that has it, check it by its hash, and keep it.

        Raises ``RetryLater`` while its center is away or slow, the directory lists no center at the address, or the
        file cannot be kept now. Raises ``Reject`` when its center does not have it or has something else."""
        if reference.href is None:
            raise Reject(RejectCode.ATTACHMENT_NOWHERE, "the message does not say where the attachment is")
        if not self.security.may_fetch(reference.href, reference.sha256, datetime.now(UTC)):
            raise RetryLater(RetryCode.ATTACHMENT_STRANGER)  # until the directory lists a center at this address
        content = download(reference.href, reference.size)
        if hashlib.sha256(content).hexdigest() != reference.sha256:
            raise Reject(RejectCode.ATTACHMENT_ALTERED, "the center that has it serves other bytes than were announced")
        try:
            self.blobs.put(reference.sha256, content)
        except StoreUnavailable:
            raise RetryLater(RetryCode.ATTACHMENT_STORE) from None
        return content


def _plain(name: str | None) -> str | None:
    """A file name for people: no folders, no control characters, short."""
    if not name:
        return None
    last = re.split(r"[/\\]", name)[-1]
    return re.sub(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", "", last)[-100:].strip(". ") or None
