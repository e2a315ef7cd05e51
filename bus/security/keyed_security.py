"""The notary of a center that has keys, and the directory that it goes by."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from bus.contract import signed_document
from bus.security import directory, seal
from bus.security.directory import Directory
from bus.security.errors import Distrusted, Keyless, KeyTrouble
from bus.security.keyring import Keyring, PublicKey, read_keyring, read_public_key
from bus.security.message_security import NoNotary, Notary
from bus.security.reloading_file import Watched
from bus.security.signature import check, once_signed, own_key, sign
from bus.settings import Trust


def notary_of(trust: Trust | None) -> Notary:
    """The notary that the settings name. Raises ``KeyTrouble``."""
    if trust is None:
        return NoNotary()
    return KeyNotary(ring(trust.keys), book(trust.directory, read_public_key(trust.operator)), trust.required)


def book(path: Path, operator: PublicKey) -> Watched[Directory]:
    """The directory in its file; never an older one than was in use already. Raises ``KeyTrouble``."""

    def read(before: Directory | None) -> Directory:
        found = directory.read_file(path, operator)
        if before is not None and found.serial < before.serial:
            raise KeyTrouble(
                f"{path}：比已用的名录旧；请向本县运维者索取最新的",
                f"{path}: older than the directory in use: fetch the newest from the county's operator",
            )
        return found

    return Watched(path, read)


def ring(path: Path) -> Watched[Keyring]:
    """A center's keys in their file: a new one is in use as soon as the directory lists it. Raises ``KeyTrouble``."""
    return Watched(path, lambda _before: read_keyring(path))


T_co = TypeVar("T_co", covariant=True)


class Source(Protocol[T_co]):
    """Where keys, or the directory, come from."""

    @property
    def trouble(self) -> KeyTrouble | None:
        """Why what is there now is not used."""

    def now(self) -> T_co:
        """The newest that could be read."""


@dataclass(frozen=True, slots=True)
class KeyNotary:
    """Signs with a keyring's newest key that counts, seals for the recipient's, and believes nobody without a
    signature."""

    ring: Source[Keyring]
    book: Source[Directory]
    required: bool = True
    """Whether what is not signed at all is refused, and what leaves is sealed; not, while a county goes over to
    signatures: not every center that is listed can open a seal then."""

    @property
    def keyring(self) -> Keyring:
        """Our keys, as they are now."""
        return self.ring.now()

    def leaving(self, body: bytes, recipient: str, now: datetime) -> bytes:
        """With one signature above it, and sealed."""
        signed = self.signed(body, now)
        return seal.sealed(signed, self._key_for(recipient, now)) if self.required else signed

    def signed(self, body: bytes, now: datetime) -> bytes:
        """With one signature above it. Raises ``KeyTrouble``."""
        return signed_document.joined(body, [sign(body, self.keyring, self.book.now(), now)])

    def _key_for(self, recipient: str, now: datetime) -> PublicKey:
        current = self.book.now().current(recipient, now)
        if current:
            return current[0].key
        raise Keyless(
            f"名录中没有 {recipient} 的有效密钥，给它的报文留在本中心；请它执行 bus keys publish，并请运维者登记",
            f"the directory lists no key of {recipient}, so what is for it stays here: have it publish one "
            "(`bus keys publish`), and the operator trust it",
        )

    def opened(self, travelled: bytes) -> bytes:
        """With the key that its first line names, which may be an old one."""
        return seal.opened(travelled, self.keyring)

    def signer(self, signed: bytes, now: datetime) -> str | None:
        """Whose key it is."""
        signature, body = signed_document.message(signed)
        if signature is None and not self.required:
            return None
        return check(body, signature, self.book.now(), now).center

    def may_fetch(self, href: str, sha256: str, now: datetime) -> bool:
        """Only from where the directory says that a center serves it: an address in a message is a stranger's word."""
        return self.book.now().serves(href, sha256, now)

    def trouble(self, now: datetime) -> KeyTrouble | None:
        """What is wrong with our keys, with the directory, or with our key in it."""
        keyring, known = self.keyring, self.book.now()
        for source in (self.ring, self.book):
            if source.trouble is not None:
                return source.trouble
        try:
            own_key(keyring, known, now)
        except KeyTrouble as trouble:
            return trouble
        return None

    def has_said(self, center: str, signed: bytes) -> bool:
        """Whenever it was: a key that is stale by now counted once. One that was revoked may have been stolen."""
        signature, body = signed_document.message(signed)
        if signature is None:
            return not self.required
        with suppress(Distrusted):
            return once_signed(body, signature, self.book.now()).center == center
        return False


@dataclass(frozen=True, slots=True)
class Fixed(Generic[T_co]):
    """Keys, or a directory, that never change: for a demo and for tests."""

    known: T_co
    trouble: KeyTrouble | None = None

    def now(self) -> T_co:
        """Always the same."""
        return self.known
