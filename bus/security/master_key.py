"""The key that opens a center's store: it wraps the data key of each case, and is itself never in the store.

Where it is kept is behind one small port: a file, a credential of systemd, or whatever a hardware module's own package
offers. AES-256-GCM (NIST SP 800-38D); what is wrapped is bound to what it is for.
"""

import base64
import os
import secrets
from importlib import import_module
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bus.security.errors import KeyUnusable
from bus.security.permission import Readers, key_unreadable
from bus.security.private_file import OWNERS_ALONE

NONCE = 12
CREDENTIAL = "credential:"
"""Before the name of a systemd credential (``LoadCredential=``)."""
PROVIDER = "provider:"
"""Before ``package.module:function``, which is called without arguments and gives a ``MasterKey``."""


class Tampered(ValueError):
    """What was hidden is not what was written, or was hidden with another key, or about something else."""


def encrypt(cipher: AESGCM, content: bytes, about: bytes) -> bytes:
    """Noise, with its random nonce before it."""
    nonce = os.urandom(NONCE)
    return nonce + cipher.encrypt(nonce, content, about)


def decrypt(cipher: AESGCM, hidden: bytes, about: bytes) -> bytes:
    """What was hidden. Raises ``Tampered``."""
    try:
        return cipher.decrypt(hidden[:NONCE], hidden[NONCE:], about)
    except (InvalidTag, ValueError):
        raise Tampered from None


class MasterKey(Protocol):
    """Wraps and unwraps data keys. Threads may share it."""

    def wrap(self, key: bytes, about: bytes) -> bytes:
        """The key, for the store. ``about`` is not hidden, and must be the same when it is unwrapped."""

    def unwrap(self, wrapped: bytes, about: bytes) -> bytes:
        """The key. Raises ``KeyUnusable``: it was wrapped by another master key, or for something else."""


class FileKey:
    """A key in memory, read from a file."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def wrap(self, key: bytes, about: bytes) -> bytes:
        """See the port."""
        return encrypt(self._cipher, key, about)

    def unwrap(self, wrapped: bytes, about: bytes) -> bytes:
        """See the port."""
        try:
            return decrypt(self._cipher, wrapped, about)
        except Tampered:
            raise KeyUnusable(
                "库的主密钥不对：它打不开库中案件的密钥；请放回建库时的密钥",
                "the store's master key is another one: put the key back with which the store was written",
            ) from None


def new_master_key() -> bytes:
    """What a key file holds: 32 random bytes in base64."""
    return base64.b64encode(secrets.token_bytes(32)) + b"\n"


def master_key(where: str) -> MasterKey:
    """The key that the settings name: a path, ``credential:NAME`` or ``provider:package.module:function``.

    Raises ``KeyUnusable``."""
    if where.startswith(PROVIDER):
        return _provided(where.removeprefix(PROVIDER))
    if where.startswith(CREDENTIAL):
        folder = os.environ.get("CREDENTIALS_DIRECTORY")
        if not folder:
            raise KeyUnusable(
                f"{where}：systemd 没有交来凭据；请在服务单元中写 LoadCredential=",
                f"{where}: systemd has handed over no credentials: write LoadCredential= into the unit",
            )
        return FileKey(_read(Path(folder, where.removeprefix(CREDENTIAL))))
    return FileKey(_read(Path(where)))


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            mode, raw = os.fstat(file.fileno()).st_mode, file.read(1000)
        key = base64.b64decode(raw.strip(), validate=True)
    except OSError as error:
        raise key_unreadable(path, Readers.OWNER) or KeyUnusable(
            f"读不到库的主密钥 {path}；用 bus keys master 生成",
            f"{path}: {error.strerror}; `bus keys master` makes a store's key",
        ) from None
    except ValueError:
        key, mode = b"", 0
    if mode & OWNERS_ALONE:
        raise KeyUnusable(f"{path}：他人可读；请执行 chmod 600 {path}", f"{path}: others may read it: chmod 600 {path}")
    if len(key) != 32:
        raise KeyUnusable(
            f"{path} 不是库的主密钥；用 bus keys master 生成",
            f"{path}: no key of a store; `bus keys master` makes one",
        )
    return key


def _provided(name: str) -> MasterKey:
    module, _, function = name.partition(":")
    try:
        made: MasterKey = getattr(import_module(module), function)()
    except (ImportError, AttributeError, ValueError) as error:
        raise KeyUnusable(
            f"找不到主密钥的提供者 {name}（{type(error).__name__}）",
            f"{name}: no provider of a master key ({type(error).__name__}): install its package, or mend its name",
        ) from None
    return made
