"""The port of message security: signs and encrypts outgoing messages, decrypts and verifies incoming ones.

A signed message is a signed document: one signature, an empty line, and the JSON document, byte for byte as it was
signed. It is stored in this form, so that its sender can be proven later. Encryption is for the transport alone.
"""

from datetime import datetime
from typing import Protocol

from bus.security.directory import Directory
from bus.security.errors import KeyUnusable


class MessageSecurity(Protocol):
    """Signs and checks for one center."""

    def protect(self, body: bytes, recipient: str, now: datetime) -> bytes:
        """The body as it travels. Raises ``NoRecipientKey`` if the recipient has no encryption key, ``KeyUnusable`` if
        this center has no valid key."""

    def unseal(self, travelled: bytes) -> bytes:
        """The decrypted message for this center. Raises ``Untrusted``."""

    def signer(self, signed: bytes, now: datetime) -> str | None:
        """The center that has signed it; None if signatures are not checked. Raises ``Untrusted``."""

    def once_signer(self, signed: bytes) -> str | None:
        """As ``signer``, for a message that has waited here: its key may be stale by now. Raises ``Untrusted``."""

    def has_said(self, center: str, signed: bytes) -> bool:
        """Whether ``center`` has signed it at some time: a peer presents it as the center's earlier message."""

    def may_fetch(self, href: str, sha256: str, now: datetime) -> bool:
        """Whether the file with this hash may be fetched from this address, which a message has named."""

    @property
    def lists_members(self) -> bool:
        """Whether the members of the county are known."""

    def is_member(self, center: str) -> bool:
        """Whether this is a center of the county, as far as its members are known."""

    def current_directory(self) -> Directory | None:
        """The county's present directory; None without keys."""

    def trouble(self, now: datetime) -> KeyUnusable | None:
        """The fault that prevents signing or verifying, with the cure; None if all is well."""


class Unsecured:
    """Message security without keys: nothing is signed, and the broker alone attests the sender."""

    def protect(self, body: bytes, _recipient: str, _now: datetime) -> bytes:
        """The body unchanged."""
        return body

    def unseal(self, travelled: bytes) -> bytes:
        """The body unchanged."""
        return travelled

    def signer(self, _signed: bytes, _now: datetime) -> str | None:
        """None: signatures are not checked."""
        return None

    def once_signer(self, _signed: bytes) -> str | None:
        """None: signatures are not checked."""
        return None

    def has_said(self, _center: str, _signed: bytes) -> bool:
        """True: the presenting peer is believed."""
        return True

    def may_fetch(self, _href: str, _sha256: str, _now: datetime) -> bool:
        """True: the centers' addresses are unknown."""
        return True

    @property
    def lists_members(self) -> bool:
        """False: there is no directory."""
        return False

    def is_member(self, _center: str) -> bool:
        """True: the members are unknown."""
        return True

    def current_directory(self) -> None:
        """None: there is no directory."""

    def trouble(self, _now: datetime) -> KeyUnusable | None:
        """None: nothing can fail."""
        return None
