"""RabbitMQ's password hashes: base64(salt + digest(salt + password)) with a salt of 4 bytes (its docs, "Passwords").

With the hash made here, a password neither travels to the broker nor appears in exported definitions.
"""

import base64
import binascii
import hashlib
import hmac
import secrets

SHA256 = "rabbit_password_hashing_sha256"
"""RabbitMQ's name of its default algorithm."""
_DIGESTS = {SHA256: hashlib.sha256, "rabbit_password_hashing_sha512": hashlib.sha512}
_SALT = 4


def password_hash(password: str) -> str:
    """Salted SHA-256. Empty stays empty: such a user exists, but cannot log in by password (only by certificate)."""
    if not password:
        return ""
    salt = secrets.token_bytes(_SALT)
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()


def password_matches(password: str, stored: str, algorithm: str) -> bool:
    """Whether a hash read from the broker belongs to this password; False too for an algorithm or shape unknown."""
    digest = _DIGESTS.get(algorithm)
    if not password or not stored or digest is None:
        return password == stored
    try:
        raw = base64.b64decode(stored, validate=True)
    except binascii.Error:
        return False
    return hmac.compare_digest(raw[_SALT:], digest(raw[:_SALT] + password.encode()).digest())
