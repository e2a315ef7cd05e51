"""The folder of files: durable when it says so, whole or not there, and well again when a file is kept anew."""

import errno
import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bus.attachments.blob_store import BlobStore
from bus.security.master_key import FileKey
from bus.store import StoreUnavailable
from bus.store.encryption import CaseEncryption
from tests.harness.step import BareCenter

MEDIA = "media_center-150402"
PAPER = b"%PDF-1.7 a paper" * 100
NAME = hashlib.sha256(PAPER).hexdigest()


@pytest.fixture(params=["clear", "encrypted"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BlobStore]:
    """The folder of a center, with and without a master key."""
    encryption = CaseEncryption(FileKey(b"m" * 32)) if request.param == "encrypted" else None
    center = BareCenter(MEDIA, tmp_path, encryption=encryption)
    yield center.blobs
    center.close()


def _on_disk(blobs: BlobStore) -> list[Path]:
    return [path for path in blobs.path.rglob("*") if path.is_file()]


def test_a_kept_file_and_its_folders_are_flushed_to_the_disk(blobs: BlobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is not flushed, or stands in no folder, is lost when the power goes after "kept"."""
    plain, flushed = os.fsync, []

    def fsync(descriptor: int) -> None:
        flushed.append(Path(os.readlink(f"/proc/self/fd/{descriptor}")))
        plain(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    blobs.put(NAME, PAPER)
    (place,) = _on_disk(blobs)
    files = [path for path in flushed if path.name.startswith(place.name)]
    assert [path.suffix for path in files] == [".part"], "the file, before anybody can see it"
    assert flushed[-1] == place.parent, "its folder, after the file has its name"
    assert {blobs.path, blobs.path.parent} <= set(flushed), "the folders that were made for it"


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO])
def test_a_disk_that_takes_nothing_is_the_stores_trouble_and_leaves_nothing(
    blobs: BlobStore, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    """It passes, it is told as the store's own is, and no half file stays behind."""
    blobs.put("0" * 64, b"x")
    before = _on_disk(blobs)

    def full(_descriptor: int) -> None:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(StoreUnavailable) as trouble:
            blobs.put(NAME, PAPER)
    assert trouble.value.passing
    assert _on_disk(blobs) == before
    blobs.put(NAME, PAPER)
    assert blobs.get(NAME) == PAPER


@pytest.mark.parametrize("damage", [b"", PAPER[:-1], b"x" * len(PAPER)], ids=["empty", "cut", "other bytes"])
def test_a_damaged_file_is_noticed_and_healed_by_keeping_it_again(blobs: BlobStore, damage: bytes) -> None:
    """What the disk has lost is never served, and whoever sends the file again mends it."""
    blobs.put(NAME, PAPER)
    (place,) = _on_disk(blobs)
    place.write_bytes(damage)
    with pytest.raises(StoreUnavailable, match="was altered"):
        blobs.get(NAME)
    blobs.put(NAME, PAPER)
    assert blobs.get(NAME) == PAPER
    assert len(_on_disk(blobs)) == 1


def test_what_a_killed_process_left_half_written_goes_at_the_next_start(blobs: BlobStore) -> None:
    """Only what is old: another command of this center may be writing now."""
    blobs.put(NAME, PAPER)
    (place,) = _on_disk(blobs)
    old, new = (place.with_name(f"{place.name}.{number}.1.part") for number in (1, 2))
    old.write_bytes(b"half")
    new.write_bytes(b"half")
    os.utime(old, (time.time() - 7200,) * 2)
    blobs.sweep()
    assert set(_on_disk(blobs)) == {place, new}
