"""What a center's steps need of all this: sign what leaves, and know who has signed what arrives.

A signed message is a signed sheet: one signature, an empty line, and the JSON document, byte for byte as it was signed.
It is kept as it travelled wherever it is kept, so that it can be shown later who has said it.
"""

from datetime import datetime
from typing import Protocol

from bus.trust.trouble import KeyTrouble


class Notary(Protocol):
    """Signs and checks for one center."""

    def signed(self, body: bytes, now: datetime) -> bytes:
        """The body as it travels. Raises ``KeyTrouble`` when this center has no key that counts."""

    def signer(self, travelled: bytes, now: datetime) -> str | None:
        """The center that has signed it; None where that is not asked for. Raises ``Unsigned``."""

    def has_said(self, center: str, travelled: bytes) -> bool:
        """Whether ``center`` has signed it at some time: a peer shows it as the center's own word of once."""

    def may_fetch(self, href: str, sha256: str, now: datetime) -> bool:
        """Whether the file of this hash may be fetched from this address, which a message has named."""

    def trouble(self, now: datetime) -> KeyTrouble | None:
        """What keeps it from its work, with the cure; None when all is well."""


class NoNotary:
    """Nothing is signed and nobody is asked: the broker alone tells who has sent a message."""

    def signed(self, body: bytes, _now: datetime) -> bytes:
        """As it is."""
        return body

    def signer(self, _travelled: bytes, _now: datetime) -> str | None:
        """Nobody's word is needed."""
        return None

    def has_said(self, _center: str, _travelled: bytes) -> bool:
        """Who shows it is believed."""
        return True

    def may_fetch(self, _href: str, _sha256: str, _now: datetime) -> bool:
        """Nobody has said where the centers are."""
        return True

    def trouble(self, _now: datetime) -> KeyTrouble | None:
        """There is nothing to go wrong."""
        return None
