"""The seal: encryption of a signed message for its recipient alone, as it leaves.

The sealed message is one line with the name of the recipient's key, an empty line, and the signed message encrypted
with HPKE. The broker, and any reader of a queue, sees only the envelope: sender, recipient and kind.
"""

from bus.contract import signed_document
from bus.security.cipher_suite import Broken
from bus.security.errors import Untrusted
from bus.security.keyring import Keyring, PublicKey

MARK = b"sealed "
"""A document begins with a brace and a signature with ``e``, so the three cannot be confused."""
LONGEST = 120
"""Longest first line, in bytes."""


def sealed(signed: bytes, key: PublicKey) -> bytes:
    """The message, encrypted for the owner of this key alone."""
    head = MARK + key.kid.encode()
    return head + signed_document.BETWEEN + key.sealed(signed, head)


def opened(travelled: bytes, keyring: Keyring) -> bytes:
    """The signed message; an unsealed message is returned unchanged.

    Raises ``Untrusted``, which holds only the line with the key's name: the rest is useless to a reader, and differs
    each time it is sent."""
    if not travelled.startswith(MARK):
        return travelled
    end = travelled.find(signed_document.BETWEEN, 0, LONGEST + len(signed_document.BETWEEN))
    head = travelled[: LONGEST if end < 0 else end]
    named = head.removeprefix(MARK).decode("latin-1")
    own = next((key for key in keyring.keys if key.public.kid == named), None)
    if own is None:
        raise Untrusted("sealed-for-another", head)
    try:
        return own.opened(travelled[len(head) + len(signed_document.BETWEEN) :], head)
    except Broken:
        raise Untrusted("broken-seal", head) from None
