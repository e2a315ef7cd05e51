"""A folder of whole files by their hash, each hidden under a key of its own where the store has a master key.

A file's place is named after its key as well: one that was written under a key that has been destroyed since is never
taken for the file, whoever writes and erases at the same moment.
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
"""Seconds after which a half-written file belongs to no process any more."""


@dataclass(frozen=True, slots=True)
class BlobStore:
    """The files of one center. Threads and processes may share it."""

    store: Store
    path: Path

    def put(self, sha256: str, content: bytes) -> None:
        """Keep a file, durably; one that is there and whole stays, a damaged one is written anew. Raises
        ``StoreUnavailable``, ``KeyUnusable``."""
        while True:
            key = self._key(sha256) or self.store.write(lambda tx: files.new_key(tx, sha256))
            self._keep(sha256, key, content)
            if key is None:
                return
            now = self._key(sha256)
            if now is not None and now.wrapped == key.wrapped:  # else it was erased meanwhile
                self._place(sha256, None).unlink(missing_ok=True)  # from before there was a master key
                return

    def get(self, sha256: str) -> bytes | None:
        """The bytes of a file; None if it is not here. Raises ``StoreUnavailable`` when it was altered or the disk does
        not give it, ``KeyUnusable``."""
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
        """Delete files that the store has forgotten; what a crash leaves of one that was hidden is noise."""
        for sha256, key in gone.items():
            for place in (self._place(sha256, key), self._place(sha256, None)):
                place.unlink(missing_ok=True)

    def sweep(self) -> None:
        """Delete what killed processes have left half-written."""
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
                    _flush_folder(place.parent)  # whoever wrote it may have died before it did
                    return
            _write(place, content if key is None else encrypt(key.cipher, content, sha256.encode()))
        except OSError as error:
            raise _disk(error) from None

    def _place(self, sha256: str, key: files.KeyOfFile | None) -> Path:
        under = "" if key is None else f".{hashlib.sha256(key.wrapped).hexdigest()[:16]}"
        return self.path / sha256[:2] / f"{sha256}{under}"


def is_hash(text: str) -> bool:
    """Whether it is a SHA-256 in hex, and no way out of the folder."""
    return re.fullmatch(r"[0-9a-f]{64}", text) is not None


def _write(place: Path, content: bytes) -> None:
    """The file under its name, flushed, in a folder that is flushed: the power may go now."""
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
    """The folder, and its name in the one above; of all that do not exist yet."""
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
    """Raises ``FileNotFoundError``, ``StoreUnavailable``."""
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
    """What a file says; None: it is not what was written."""
    try:
        content = content if key is None else decrypt(key.cipher, content, sha256.encode())
    except Tampered:
        return None
    return content if hashlib.sha256(content).hexdigest() == sha256 else None
