"""The cipher suites behind one small port. The directory names a key's suite, never a message.

``intl-1``: Ed25519 signatures (RFC 8032) in JWS (RFC 7515, 8037), and HPKE (RFC 9180, base mode) with X25519,
HKDF-SHA256 and AES-128-GCM. All of it comes from the libraries ``cryptography`` and PyJWT.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import jwt
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM
from cryptography.hazmat.primitives.hpke import Suite as Hpke

_JWS = jwt.PyJWS()


class Broken(ValueError):
    """A signature or a seal does not match these bytes and this key."""


@dataclass(frozen=True, slots=True)
class Halves:
    """The private and the public half of a key, as raw bytes."""

    private: bytes
    public: bytes


class Suite(Protocol):
    """One set of algorithms. Keys are raw bytes; a key of the wrong length or a weak one raises ``ValueError``."""

    name: str

    def new_signing_key(self) -> Halves:
        """A new signing key."""

    def new_sealing_key(self) -> Halves:
        """A new key for encryption."""

    def sign(self, body: bytes, private: bytes, kid: str, purpose: str) -> str:
        """A detached JWS over exactly these bytes. Its header names the key, which proves nothing by itself, and the
        purpose as ``typ``."""

    def check(self, body: bytes, jws: str, public: bytes, purpose: str) -> None:
        """Raises ``Broken`` unless the holder of the key has signed exactly these bytes for this purpose."""

    def seal(self, plain: bytes, public: bytes, about: bytes) -> bytes:
        """Encrypt for the holder of the key alone. ``about`` is authenticated but not hidden, and must be the same at
        decryption."""

    def open(self, sealed: bytes, private: bytes, about: bytes) -> bytes:
        """The decrypted bytes. Raises ``Broken``."""


@lru_cache(maxsize=64)
def _signing(private: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(private)


@lru_cache(maxsize=20_000)
def _checking(public: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(public)


@lru_cache(maxsize=20_000)
def _sealing(public: bytes) -> X25519PublicKey:
    return X25519PublicKey.from_public_bytes(public)


@lru_cache(maxsize=64)
def _opening(private: bytes) -> X25519PrivateKey:
    return X25519PrivateKey.from_private_bytes(private)


class _Intl1:
    name = "intl-1"
    _algorithm = "EdDSA"
    _hpke = Hpke(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_128_GCM)

    def new_signing_key(self) -> Halves:
        key = Ed25519PrivateKey.generate()
        return Halves(key.private_bytes_raw(), key.public_key().public_bytes_raw())

    def new_sealing_key(self) -> Halves:
        key = X25519PrivateKey.generate()
        return Halves(key.private_bytes_raw(), key.public_key().public_bytes_raw())

    def sign(self, body: bytes, private: bytes, kid: str, purpose: str) -> str:
        header = {"kid": kid, "typ": purpose}
        return _JWS.encode(body, _signing(private), self._algorithm, header, is_payload_detached=True)

    def check(self, body: bytes, jws: str, public: bytes, purpose: str) -> None:
        try:
            told = _JWS.decode_complete(jws, _checking(public), [self._algorithm], detached_payload=body)
        except jwt.PyJWTError:
            raise Broken(self.name) from None
        if told["payload"] != body or told["header"].get("typ") != purpose:  # such as a JWS with a body of its own
            raise Broken(self.name)

    def seal(self, plain: bytes, public: bytes, about: bytes) -> bytes:
        return self._hpke.encrypt(plain, _sealing(public), about)

    def open(self, sealed: bytes, private: bytes, about: bytes) -> bytes:
        try:
            return self._hpke.decrypt(sealed, _opening(private), about)
        except (InvalidTag, ValueError):
            raise Broken(self.name) from None


SUITES: dict[str, Suite] = {suite.name: suite for suite in (_Intl1(),)}
"""Every supported suite, by name. ``cn-1`` (SM2, SM3, SM4) will be added here."""
MESSAGE, APPLICATION, DIRECTORY, COMMAND = "bus-message", "bus-application", "bus-directory", "bus-command"
"""The purposes of signatures: a signature for one purpose is invalid for another."""
USUAL = "intl-1"
"""The suite of new keys."""
