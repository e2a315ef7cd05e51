"""The signature: detached, over a message's exact bytes, made as it leaves and checked before it is parsed.

The signature's header names a key; only the directory says its owner, its algorithm and its validity. Recipient, case,
sequence and time are in the signed bytes.
"""

import base64
import binascii
import json
from datetime import datetime
from operator import itemgetter

from bus.contract.signed_document import LONGEST
from bus.security.cipher_suite import MESSAGE, Broken
from bus.security.directory import Directory, Listed
from bus.security.errors import KeyUnusable, Untrusted
from bus.security.keyring import Keyring, OwnKey


def sign(body: bytes, keyring: Keyring, directory: Directory, now: datetime) -> str:
    """A signature with our newest valid key. Raises ``KeyUnusable`` if there is none."""
    return own_key(keyring, directory, now).signed(body, MESSAGE)


def own_key(keyring: Keyring, directory: Directory, now: datetime) -> OwnKey:
    """Our newest valid key. Raises ``KeyUnusable`` if there is none.

    It is needed for each outgoing message, so it looks up our few keys only, however many the directory lists."""
    listed = ((key, directory.listed.get(key.public.kid)) for key in keyring.keys)
    good = [(one.newness, key) for key, one in listed if one is not None and not one.fault(now)]
    if good:
        return max(good, key=itemgetter(0))[1]
    raise KeyUnusable(
        f"名录中没有 {keyring.owner} 的有效密钥；请用 bus keys publish 申请，并请运维者登记",
        f"the directory lists none of the keys of {keyring.owner}: `bus keys publish`, and have the operator trust it",
    )


def check(body: bytes, signature: str | None, directory: Directory, now: datetime, purpose: str = MESSAGE) -> Listed:
    """The directory's entry of the valid key that has signed exactly these bytes. Raises ``Untrusted``."""
    listed = _listed(signature, directory)
    fault = listed.fault(now)
    if fault:
        raise Untrusted(fault)
    return _right(body, signature or "", listed, purpose)


def once_signed(body: bytes, signature: str | None, directory: Directory) -> Listed:
    """The directory's entry of the key that has signed exactly these bytes, even if it is stale by now. Raises
    ``Untrusted``."""
    listed = _listed(signature, directory)
    if listed.revoked is not None:
        raise Untrusted("revoked-key")
    return _right(body, signature or "", listed, MESSAGE)


def _right(body: bytes, signature: str, listed: Listed, purpose: str) -> Listed:
    try:
        listed.key.check(body, signature, purpose)
    except Broken:
        raise Untrusted("bad-signature") from None
    return listed


def _listed(signature: str | None, directory: Directory) -> Listed:
    if not signature:
        raise Untrusted("unsigned")
    listed = directory.listed.get(named_key(signature))
    if listed is None:
        raise Untrusted("unknown-key")
    return listed


def named_key(signature: str) -> str:
    """The key that a signature's header names, which proves nothing yet. Raises ``Untrusted``."""
    head = signature.partition(".")[0]
    try:
        if len(signature) > LONGEST:
            raise Untrusted("bad-signature")
        named = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))["kid"]
    except (binascii.Error, ValueError, TypeError, KeyError, RecursionError):
        raise Untrusted("bad-signature") from None
    return named if isinstance(named, str) else ""
