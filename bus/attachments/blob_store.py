"""A folder of whole files by their hash, each hidden under a key of its own where the store has a master key.

A file's place is named after its key as well: one that was written under a key that has been destroyed since is never
taken for the file, whoever writes and erases at the same moment.
"""

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bus.security.master_key import Tampered, decrypt, encrypt
from bus.store import files
from bus.store.database import Store, StoreUnavailable


@dataclass(frozen=True, slots=True)
class BlobStore:
    """The files of one center. Threads and processes may share it."""

    store: Store
    path: Path

    def put(self, sha256: str, content: bytes) -> None:
        """Keep a file, durably; one that is there stays. Raises ``StoreUnavailable``, ``KeyUnusable``."""
        while True:
            key = self._key(sha256) or self.store.write(lambda tx: files.new_key(tx, sha256))
            _write(self._place(sha256, key), content if key is None else encrypt(key.cipher, content, sha256.encode()))
            if key is None:
                return
            now = self._key(sha256)
            if now is not None and now.wrapped == key.wrapped:  # else it was erased meanwhile
                self._place(sha256, None).unlink(missing_ok=True)  # from before there was a master key
                return

    def get(self, sha256: str) -> bytes | None:
        """The bytes of a file; None if it is not here. Raises ``StoreUnavailable`` when it was altered,
        ``KeyUnusable``."""
        key = self._key(sha256)
        for there in dict.fromkeys((key, None)):
            place = self._place(sha256, there)
            if place.exists():
                content = place.read_bytes()
                return content if there is None else _shown(there, sha256, content)
        return None

    def remove(self, gone: Mapping[str, files.KeyOfFile | None]) -> None:
        """Delete files that the store has forgotten; what a crash leaves of one that was hidden is noise."""
        for sha256, key in gone.items():
            for place in (self._place(sha256, key), self._place(sha256, None)):
                place.unlink(missing_ok=True)

    def _key(self, sha256: str) -> files.KeyOfFile | None:
        with self.store.reading() as tx:
            return files.key(tx, sha256)

    def _place(self, sha256: str, key: files.KeyOfFile | None) -> Path:
        under = "" if key is None else f".{hashlib.sha256(key.wrapped).hexdigest()[:16]}"
        return self.path / sha256[:2] / f"{sha256}{under}"


def is_hash(text: str) -> bool:
    """Whether it is a SHA-256 in hex, and no way out of the folder."""
    return re.fullmatch(r"[0-9a-f]{64}", text) is not None


def _write(place: Path, content: bytes) -> None:
    if place.exists():
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_name(f"{place.name}.{os.getpid()}.{id(content)}.part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(place)  # a reader sees the whole file or none


def _shown(key: files.KeyOfFile, sha256: str, content: bytes) -> bytes:
    try:
        return decrypt(key.cipher, content, sha256.encode())
    except Tampered:
        raise StoreUnavailable(f"the file {sha256} was altered: put it back from a backup", passing=False) from None
