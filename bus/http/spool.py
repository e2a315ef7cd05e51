"""The upload of a file, on disk until its signature is checked.

The bytes are in a nameless file, encrypted with a key that only this process has. After a crash nothing of it is left,
and nothing can be read from the disk.
"""

import hashlib
import os
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20


class Spool:
    """One file being uploaded. Raises ``OSError`` if the disk refuses to write."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed by its own block
        self._cipher = Cipher(ChaCha20(os.urandom(32), os.urandom(16)), mode=None)
        self._encryptor, self._hash = self._cipher.encryptor(), hashlib.sha256()
        self.size = 0
        """Bytes so far."""

    @property
    def sha256(self) -> str:
        """The hash of the bytes so far."""
        return self._hash.hexdigest()

    def write(self, part: bytes) -> None:
        """Append a part."""
        self._hash.update(part)
        self._file.write(self._encryptor.update(part))
        self.size += len(part)

    def read(self) -> bytes:
        """The whole file."""
        self._file.seek(0)
        return self._cipher.decryptor().update(self._file.read())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _type: type | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        self._file.close()
