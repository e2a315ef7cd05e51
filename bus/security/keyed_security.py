"""The message security of a center with keys, and the directory that it uses."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from bus.contract import signed_document
from bus.security import seal
from bus.security.directory import Directory
from bus.security.directory_file import DirectoryFile
from bus.security.errors import KeyUnusable, NoRecipientKey, Untrusted
from bus.security.keyring import Keyring, PublicKey, read_keyring, read_public_key
from bus.security.message_security import MessageSecurity, Unsecured
from bus.security.reloading_file import ReloadingFile
from bus.security.signature import check, once_signed, own_key, sign
from bus.settings import Trust


def security_of(trust: Trust | None) -> MessageSecurity:
    """The message security that the settings name. Raises ``KeyUnusable``."""
    if trust is None:
        return Unsecured()
    return KeyedSecurity(
        keyring_file(trust.keys), DirectoryFile(trust.directory, read_public_key(trust.operator)), trust.required
    )


def keyring_file(path: Path) -> ReloadingFile[Keyring]:
    """The reloading file of a center's keys: a new key is used as soon as the directory lists it. Raises
    ``KeyUnusable``."""
    return ReloadingFile(path, lambda _before: read_keyring(path))


T_co = TypeVar("T_co", covariant=True)


class Source(Protocol[T_co]):
    """A source of keys, or of the directory."""

    @property
    def trouble(self) -> KeyUnusable | None:
        """Why the present content is not used."""

    def current(self) -> T_co:
        """The newest readable content. Raises ``KeyUnusable`` if there is none."""


@dataclass(frozen=True, slots=True)
class KeyedSecurity:
    """Signs with the keyring's newest valid key, encrypts for the recipient's key, and accepts no unsigned message."""

    keyring_source: Source[Keyring]
    directory: Source[Directory]
    required: bool = True
    """Whether unsigned messages are refused and outgoing ones encrypted. False while a county migrates to signatures:
    not every listed center can decrypt then."""

    @property
    def keyring(self) -> Keyring:
        """Our present keys."""
        return self.keyring_source.current()

    def protect(self, body: bytes, recipient: str, now: datetime) -> bytes:
        """The body, signed and encrypted."""
        signed = self.signed(body, now)
        return seal.sealed(signed, self._key_for(recipient, now)) if self.required else signed

    def signed(self, body: bytes, now: datetime) -> bytes:
        """The body with one signature before it. Raises ``KeyUnusable``."""
        return signed_document.join(body, [sign(body, self.keyring, self.directory.current(), now)])

    def _key_for(self, recipient: str, now: datetime) -> PublicKey:
        current = self.directory.current().current(recipient, now)
        if current:
            return current[0].key
        raise NoRecipientKey(
            f"名录中没有 {recipient} 的有效密钥，给它的报文留在本中心；请它执行 bus keys publish，并请运维者登记",
            f"the directory lists no key of {recipient}, so messages to it stay here: have it publish one "
            "(`bus keys publish`), and the operator trust it",
        )

    def unseal(self, travelled: bytes) -> bytes:
        """Decrypt with the key named in the first line, which may be an old one."""
        return seal.opened(travelled, self.keyring)

    def signer(self, signed: bytes, now: datetime) -> str | None:
        """The owner of the signing key."""
        signature, body = signed_document.split_message(signed)
        if signature is None and not self.required:
            return None
        return check(body, signature, self.directory.current(), now).center

    def may_fetch(self, href: str, sha256: str, now: datetime) -> bool:
        """Whether the directory lists this address for a center: an address in a message alone proves nothing."""
        try:
            return self.directory.current().serves(href, sha256, now)
        except KeyUnusable:
            return False

    @property
    def lists_members(self) -> bool:
        """True, except while a county migrates to signatures: then not all centers are listed."""
        return self.required

    def is_member(self, center: str) -> bool:
        """Whether the directory lists the center, or has ever listed it."""
        return not self.required or self.directory.current().lists(center)

    def current_directory(self) -> Directory:
        """The directory in use."""
        return self.directory.current()

    def trouble(self, now: datetime) -> KeyUnusable | None:
        """The fault of our keys, of the directory, or of our key in it."""
        try:
            keyring, known = self.keyring, self.directory.current()
            for source in (self.keyring_source, self.directory):
                if source.trouble is not None:
                    return source.trouble
            own_key(keyring, known, now)
        except KeyUnusable as trouble:
            return trouble
        return None

    def once_signer(self, signed: bytes) -> str | None:
        """The owner of the signing key. A stale key was valid once; a revoked one may have been stolen."""
        signature, body = signed_document.split_message(signed)
        if signature is None and not self.required:
            return None
        return once_signed(body, signature, self.directory.current()).center

    def has_said(self, center: str, signed: bytes) -> bool:
        """Whether the center has signed it, at any time."""
        with suppress(Untrusted):
            return self.once_signer(signed) in (center, None)
        return False


@dataclass(frozen=True, slots=True)
class Constant(Generic[T_co]):
    """Keys, or a directory, that never change: for a demo and for tests."""

    known: T_co
    trouble: KeyUnusable | None = None

    def current(self) -> T_co:
        """The constant value."""
        return self.known
