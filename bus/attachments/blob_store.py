"""The blob store: a folder of whole files by hash, each encrypted with its own key if the store has a master key.

A file's name also contains its key's fingerprint. So a file written under a destroyed key is never taken for the
current one, even if one process writes and another erases at the same moment.
"""

import hashlib
import os
import re
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bus.security.master_key import Tampered, decrypt, encrypt
from bus.store import files
from bus.store.database import Store, StoreUnavailable

ABANDONED = 3600
"""Seconds after which a half-written file counts as abandoned."""


@dataclass(frozen=True, slots=True)
class BlobStore:
    """The files of one center. Threads and processes may share it."""

    store: Store
    path: Path

    def put(self, sha256: str, content: bytes) -> None:
        """Store a file, durably. An intact file stays, a damaged one is rewritten. Raises ``StoreUnavailable``,
        ``KeyUnusable``."""
        while True:
            key = self._key(sha256) or self.store.write(lambda tx: files.new_key(tx, sha256))
            self._keep(sha256, key, content)
            if key is None:
                return
            now = self._key(sha256)
            if now is not None and now.wrapped == key.wrapped:  # otherwise it was erased meanwhile
                self._place(sha256, None).unlink(missing_ok=True)  # from before there was a master key
                return

    def get(self, sha256: str) -> bytes | None:
        """The bytes of a file; None if it is not here. Raises ``StoreUnavailable`` when it was altered or cannot be
        read, ``KeyUnusable``."""
        key = self._key(sha256)
        for there in dict.fromkeys((key, None)):
            with suppress(FileNotFoundError):
                content = _shown(there, sha256, _read(self._place(sha256, there)))
                if content is None:
                    raise StoreUnavailable(
                        f"the file {sha256} was altered: put it back from a backup, or keep it again", passing=False
                    )
                return content
        return None

    def remove(self, gone: Mapping[str, files.KeyOfFile | None]) -> None:
        """Delete files that the store has forgotten; an encrypted one that a crash leaves behind is unreadable."""
        for sha256, key in gone.items():
            for place in (self._place(sha256, key), self._place(sha256, None)):
                place.unlink(missing_ok=True)

    def sweep(self) -> None:
        """Delete half-written files of killed processes."""
        before = time.time() - ABANDONED
        for part in self.path.glob("??/*.part"):
            with suppress(OSError):
                if part.stat().st_mtime < before:
                    part.unlink()

    def _key(self, sha256: str) -> files.KeyOfFile | None:
        with self.store.reading() as tx:
            return files.key(tx, sha256)

    def _keep(self, sha256: str, key: files.KeyOfFile | None, content: bytes) -> None:
        place = self._place(sha256, key)
        try:
            with suppress(FileNotFoundError):
                if _shown(key, sha256, _read(place)) == content:
                    _flush_folder(place.parent)  # the process that wrote it may have died before this step
                    return
            _write(place, content if key is None else encrypt(key.cipher, content, sha256.encode()))
        except OSError as error:
            raise _disk(error) from None

    def _place(self, sha256: str, key: files.KeyOfFile | None) -> Path:
        under = "" if key is None else f".{hashlib.sha256(key.wrapped).hexdigest()[:16]}"
        return self.path / sha256[:2] / f"{sha256}{under}"


def is_hash(text: str) -> bool:
    """Whether ``text`` is a SHA-256 in hex, and so no path out of the folder."""
    return re.fullmatch(r"[0-9a-f]{64}", text) is not None


def _write(place: Path, content: bytes) -> None:
    """Write the file and flush it and its folder: a power cut may follow."""
    _make_folder(place.parent)
    part = place.with_name(f"{place.name}.{os.getpid()}.{id(content)}.part")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(place)  # a reader sees the whole file or none
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    _flush_folder(place.parent)


def _make_folder(folder: Path) -> None:
    """Create the folder and its missing parents, and flush each parent."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    _flush_folder(folder.parent)


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(place: Path) -> bytes:
    """The bytes of the file. Raises ``FileNotFoundError``, ``StoreUnavailable``."""
    try:
        return place.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise _disk(error) from None


def _disk(error: OSError) -> StoreUnavailable:
    return StoreUnavailable(
        f"the folder of attachments cannot be used now ({error.strerror}): check its disk's room and its owner",
        passing=True,
    )


def _shown(key: files.KeyOfFile | None, sha256: str, content: bytes) -> bytes | None:
    """The decrypted file; None: it was altered."""
    try:
        content = content if key is None else decrypt(key.cipher, content, sha256.encode())
    except Tampered:
        return None
    return content if hashlib.sha256(content).hexdigest() == sha256 else None
