"""Who may read it: a signed message, sealed as it leaves for its recipient alone.

What travels is one line that names the recipient's key, an empty line, and what HPKE makes of the signed message. The
broker, and whoever looks into a queue, sees the label only: who sends which kind of message to whom.
"""

from bus.contract import signed_document
from bus.security.cipher_suite import Broken
from bus.security.errors import Untrusted
from bus.security.keyring import Keyring, PublicKey

MARK = b"sealed "
"""A document begins with a brace and a signature with ``e``: none is ever taken for the other."""
LONGEST = 120
"""Bytes of the line that names the key."""


def sealed(signed: bytes, key: PublicKey) -> bytes:
    """For the owner of this key alone."""
    head = MARK + key.kid.encode()
    return head + signed_document.BETWEEN + key.sealed(signed, head)


def opened(travelled: bytes, keyring: Keyring) -> bytes:
    """The signed message; what is not sealed is as it is.

    Raises ``Untrusted``, which shows the line with the key's name alone: the rest tells nobody anything, and differs
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
