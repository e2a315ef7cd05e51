"""The notary of a center that has keys, and the directory that it goes by."""

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
    """The notary that the settings name. Raises ``KeyUnusable``."""
    if trust is None:
        return Unsecured()
    return KeyedSecurity(
        keyring_file(trust.keys), DirectoryFile(trust.directory, read_public_key(trust.operator)), trust.required
    )


def keyring_file(path: Path) -> ReloadingFile[Keyring]:
    """A center's keys in their file: a new one is in use as soon as the directory lists it. Raises ``KeyUnusable``."""
    return ReloadingFile(path, lambda _before: read_keyring(path))


T_co = TypeVar("T_co", covariant=True)


class Source(Protocol[T_co]):
    """Where keys, or the directory, come from."""

    @property
    def trouble(self) -> KeyUnusable | None:
        """Why what is there now is not used."""

    def current(self) -> T_co:
        """The newest that could be read. Raises ``KeyUnusable`` when there is none."""


@dataclass(frozen=True, slots=True)
class KeyedSecurity:
    """Signs with a keyring's newest key that counts, seals for the recipient's, and believes nobody without a
    signature."""

    keyring_source: Source[Keyring]
    directory: Source[Directory]
    required: bool = True
    """Whether what is not signed at all is refused, and what leaves is sealed; not, while a county goes over to
    signatures: not every center that is listed can open a seal then."""

    @property
    def keyring(self) -> Keyring:
        """Our keys, as they are now."""
        return self.keyring_source.current()

    def protect(self, body: bytes, recipient: str, now: datetime) -> bytes:
        """With one signature above it, and sealed."""
        signed = self.signed(body, now)
        return seal.sealed(signed, self._key_for(recipient, now)) if self.required else signed

    def signed(self, body: bytes, now: datetime) -> bytes:
        """With one signature above it. Raises ``KeyUnusable``."""
        return signed_document.join(body, [sign(body, self.keyring, self.directory.current(), now)])

    def _key_for(self, recipient: str, now: datetime) -> PublicKey:
        current = self.directory.current().current(recipient, now)
        if current:
            return current[0].key
        raise NoRecipientKey(
            f"名录中没有 {recipient} 的有效密钥，给它的报文留在本中心；请它执行 bus keys publish，并请运维者登记",
            f"the directory lists no key of {recipient}, so what is for it stays here: have it publish one "
            "(`bus keys publish`), and the operator trust it",
        )

    def unseal(self, travelled: bytes) -> bytes:
        """With the key that its first line names, which may be an old one."""
        return seal.opened(travelled, self.keyring)

    def signer(self, signed: bytes, now: datetime) -> str | None:
        """Whose key it is."""
        signature, body = signed_document.split_message(signed)
        if signature is None and not self.required:
            return None
        return check(body, signature, self.directory.current(), now).center

    def may_fetch(self, href: str, sha256: str, now: datetime) -> bool:
        """Only from where the directory says that a center serves it: an address in a message is a stranger's word."""
        try:
            return self.directory.current().serves(href, sha256, now)
        except KeyUnusable:
            return False

    @property
    def lists_members(self) -> bool:
        """The directory does; but while a county goes over to signatures, not all are in it."""
        return self.required

    def is_member(self, center: str) -> bool:
        """Whoever the directory lists, or has ever listed."""
        return not self.required or self.directory.current().lists(center)

    def current_directory(self) -> Directory:
        """The one in use."""
        return self.directory.current()

    def trouble(self, now: datetime) -> KeyUnusable | None:
        """What is wrong with our keys, with the directory, or with our key in it."""
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
        """Whose key it is. A key that is stale by now counted once; one that was revoked may have been stolen."""
        signature, body = signed_document.split_message(signed)
        if signature is None and not self.required:
            return None
        return once_signed(body, signature, self.directory.current()).center

    def has_said(self, center: str, signed: bytes) -> bool:
        """Whenever it was."""
        with suppress(Untrusted):
            return self.once_signer(signed) in (center, None)
        return False


@dataclass(frozen=True, slots=True)
class Constant(Generic[T_co]):
    """Keys, or a directory, that never change: for a demo and for tests."""

    known: T_co
    trouble: KeyUnusable | None = None

    def current(self) -> T_co:
        """Always the same."""
        return self.known
