"""What a center's steps need of all this: sign and seal what leaves, open what arrives and know who has signed it.

A signed message is a signed sheet: one signature, an empty line, and the JSON document, byte for byte as it was signed.
So it is kept wherever it is kept, and it can be shown later who has said it. The seal is for the road alone.
"""

from datetime import datetime
from typing import Protocol

from bus.security.directory import Directory
from bus.security.errors import KeyUnusable


class MessageSecurity(Protocol):
    """Signs and checks for one center."""

    def protect(self, body: bytes, recipient: str, now: datetime) -> bytes:
        """The body as it travels. Raises ``NoRecipientKey`` when the recipient has no key to seal for, ``KeyUnusable``
        when this center has none that counts."""

    def unseal(self, travelled: bytes) -> bytes:
        """What was sealed for this center. Raises ``Untrusted``."""

    def signer(self, signed: bytes, now: datetime) -> str | None:
        """The center that has signed it; None where that is not asked for. Raises ``Untrusted``."""

    def once_signer(self, signed: bytes) -> str | None:
        """As ``signer``, of a message that has waited here: its key may be stale by now. Raises ``Untrusted``."""

    def has_said(self, center: str, signed: bytes) -> bool:
        """Whether ``center`` has signed it at some time: a peer shows it as the center's own word of once."""

    def may_fetch(self, href: str, sha256: str, now: datetime) -> bool:
        """Whether the file of this hash may be fetched from this address, which a message has named."""

    @property
    def lists_members(self) -> bool:
        """Whether anybody has said who the centers of the county are."""

    def is_member(self, center: str) -> bool:
        """Whether this is a center of the county, as far as anybody has said who is."""

    def current_directory(self) -> Directory | None:
        """The county's directory as it is now; None without keys."""

    def trouble(self, now: datetime) -> KeyUnusable | None:
        """What keeps it from its work, with the cure; None when all is well."""


class Unsecured:
    """Nothing is signed and nobody is asked: the broker alone tells who has sent a message."""

    def protect(self, body: bytes, _recipient: str, _now: datetime) -> bytes:
        """As it is."""
        return body

    def unseal(self, travelled: bytes) -> bytes:
        """As it is."""
        return travelled

    def signer(self, _signed: bytes, _now: datetime) -> str | None:
        """Nobody's word is needed."""
        return None

    def once_signer(self, _signed: bytes) -> str | None:
        """Nobody's word is needed."""
        return None

    def has_said(self, _center: str, _signed: bytes) -> bool:
        """Who shows it is believed."""
        return True

    def may_fetch(self, _href: str, _sha256: str, _now: datetime) -> bool:
        """Nobody has said where the centers are."""
        return True

    @property
    def lists_members(self) -> bool:
        """Nobody has."""
        return False

    def is_member(self, _center: str) -> bool:
        """Nobody has said who is."""
        return True

    def current_directory(self) -> None:
        """There is none."""

    def trouble(self, _now: datetime) -> KeyUnusable | None:
        """There is nothing to go wrong."""
        return None
