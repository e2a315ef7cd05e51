"""The notary of a center that has keys, and the directory that it goes by."""

import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from bus.settings import Trust
from bus.trust import directory, seal, sheet
from bus.trust.directory import Directory
from bus.trust.keyring import Keyring, PublicKey, read_keyring, read_public_key
from bus.trust.notary import NoNotary, Notary
from bus.trust.signature import check, once_signed, own_key, sign
from bus.trust.trouble import Distrusted, Keyless, KeyTrouble


def notary_of(trust: Trust | None) -> Notary:
    """The notary that the settings name. Raises ``KeyTrouble``."""
    if trust is None:
        return NoNotary()
    book = Book(trust.directory, read_public_key(trust.operator))
    return KeyNotary(read_keyring(trust.keys), book, trust.required)


class Book:
    """The directory in its file, read again when that has changed; never an older one than was in use already."""

    def __init__(self, path: Path, operator: PublicKey) -> None:
        """Raises ``KeyTrouble`` when it cannot be read now."""
        self._path, self._operator = path, operator
        self._stamp = self._stamped()
        self._known = directory.read_file(path, operator)
        self.trouble: KeyTrouble | None = None

    def now(self) -> Directory:
        """The newest directory that could be read."""
        stamp = self._stamped()
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                self._known, self.trouble = self._newer(), None
            except KeyTrouble as trouble:
                self.trouble = trouble
        return self._known

    def _newer(self) -> Directory:
        found = directory.read_file(self._path, self._operator)
        if found.serial < self._known.serial:
            raise KeyTrouble(
                f"{self._path}：比已用的名录旧；请向本县运维者索取最新的",
                f"{self._path}: older than the directory in use: fetch the newest from the county's operator",
            )
        return found

    def _stamped(self) -> tuple[int, int, int] | None:
        try:
            told = os.stat(self._path)
        except OSError:
            return None
        return told.st_mtime_ns, told.st_ino, told.st_size


class Directories(Protocol):
    """Where the directory comes from."""

    @property
    def trouble(self) -> KeyTrouble | None:
        """Why a newer one is not used."""

    def now(self) -> Directory:
        """The newest one."""


@dataclass(frozen=True, slots=True)
class KeyNotary:
    """Signs with a keyring's newest key that counts, seals for the recipient's, and believes nobody without a
    signature."""

    keyring: Keyring
    book: Directories
    required: bool = True
    """Whether what is not signed at all is refused, and what leaves is sealed; not, while a county goes over to
    signatures: not every center that is listed can open a seal then."""

    def leaving(self, body: bytes, recipient: str, now: datetime) -> bytes:
        """With one signature above it, and sealed."""
        signed = self.signed(body, now)
        return seal.sealed(signed, self._key_for(recipient, now)) if self.required else signed

    def signed(self, body: bytes, now: datetime) -> bytes:
        """With one signature above it. Raises ``KeyTrouble``."""
        return sheet.joined(body, [sign(body, self.keyring, self.book.now(), now)])

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
        signature, body = sheet.message(signed)
        if signature is None and not self.required:
            return None
        return check(body, signature, self.book.now(), now).center

    def may_fetch(self, href: str, sha256: str, now: datetime) -> bool:
        """Only from where the directory says that a center serves it: an address in a message is a stranger's word."""
        return self.book.now().serves(href, sha256, now)

    def trouble(self, now: datetime) -> KeyTrouble | None:
        """What is wrong with the directory, or with our key in it."""
        known = self.book.now()
        if self.book.trouble is not None:
            return self.book.trouble
        try:
            own_key(self.keyring, known, now)
        except KeyTrouble as trouble:
            return trouble
        return None

    def has_said(self, center: str, signed: bytes) -> bool:
        """Whenever it was: a key that is stale by now counted once. One that was revoked may have been stolen."""
        signature, body = sheet.message(signed)
        if signature is None:
            return not self.required
        with suppress(Distrusted):
            return once_signed(body, signature, self.book.now()).center == center
        return False


@dataclass(frozen=True, slots=True)
class OneDirectory:
    """A directory that never changes, for a demo and for tests."""

    directory: Directory
    trouble: KeyTrouble | None = None

    def now(self) -> Directory:
        """Always the same."""
        return self.directory
