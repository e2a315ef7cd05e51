"""Attached files in a center with a master key: noise on the disk, read as they were, gone with the last case that
names them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bus.attachments.blob_store import BlobStore
from bus.attachments.service import AttachmentService
from bus.contract.case import Attachment
from bus.contract.messages import Outcome
from bus.custody import Status
from bus.custody.commands import Close, Register, Resolve
from bus.operations import erasure
from bus.operations.erasure import MayNotErase
from bus.security.errors import KeyUnusable
from bus.security.master_key import FileKey
from bus.store import StoreUnavailable, cases
from bus.store import files as queries
from bus.store import tables as t
from bus.store.encryption import CaseEncryption
from tests.harness.step import NOW, BareCenter, a_case
from verification.checker.canaries import canaries
from verification.checker.columns import clean_columns
from verification.checker.leak_scan import scan

MEDIA = "media_center-150402"
WHO = canaries(seed=90, n=1)[0]
PAPER = f"%PDF-1.7 {WHO.name} {WHO.words} ".encode() * 50
MASTER = FileKey(b"m" * 32)


@pytest.fixture
def media(tmp_path: Path) -> Iterator[BareCenter]:
    """A center whose store is hidden."""
    center = BareCenter(MEDIA, tmp_path, encryption=CaseEncryption(MASTER))
    yield center
    center.close()


def _files(center: BareCenter) -> AttachmentService:
    return AttachmentService(center.blobs, "http://here")


def _kept(center: BareCenter, content: bytes = PAPER) -> Attachment:
    kept = _files(center).keep(content, f"{WHO.name}.pdf", NOW)
    with center.store.reading() as tx:
        named = _files(center).named(tx, kept.sha256)
    assert named is not None
    return named


def _closed(center: BareCenter, *files: Attachment) -> object:
    case = a_case(MEDIA, attachments=files)
    center.execute(Register(case=case))
    center.execute(Resolve(case_id=case.case_id, outcome=Outcome.DONE, public_reply="办结"))
    center.execute(Close(case_id=case.case_id, replied_at=NOW))
    center.store.write(lambda tx: tx.execute(t.work.delete()))
    with center.store.reading() as tx:
        assert cases.read(tx, [case.case_id])[case.case_id].status is Status.CLOSED
    return case.case_id


def _erase(center: BareCenter, case_id: object) -> None:
    erasure.erase(center.blobs, center.context, case_id, NOW, "root", "asked")  # type: ignore[arg-type]  # it is one


def _on_disk(center: BareCenter) -> list[Path]:
    return [path for path in center.blobs.path.rglob("*") if path.is_file()]


def test_a_file_and_its_name_are_noise_on_the_disk(media: BareCenter, tmp_path: Path) -> None:
    """And are read, named and kept again as ever."""
    named = _kept(media)
    assert named.name == f"{WHO.name}.pdf"
    assert _files(media).read(named.sha256) == PAPER
    assert scan([WHO], [("disk", tmp_path)], {}) == []
    assert _kept(media) == named
    assert len(_on_disk(media)) == 1


def test_a_file_goes_with_the_last_case_that_names_it(media: BareCenter) -> None:
    """Not with the first of two; and with it go its key, its name and what came for it."""
    shared, own = _kept(media), _kept(media, PAPER + b"x")
    first, second = _closed(media, shared, own), _closed(media, shared)
    _erase(media, first)
    assert _files(media).read(own.sha256) is None
    assert _files(media).read(shared.sha256) == PAPER
    _erase(media, second)
    assert _files(media).read(shared.sha256) is None
    assert _on_disk(media) == []
    with media.store.reading() as tx:
        for table in (t.file_keys, t.case_files, t.attachments):
            assert tx.execute(table.select()).all() == []
        assert _files(media).named(tx, shared.sha256) is None
    assert _kept(media) == shared
    assert _files(media).read(shared.sha256) == PAPER


def test_a_file_stays_with_a_case_that_may_not_be_erased(media: BareCenter) -> None:
    """All or nothing."""
    case = a_case(MEDIA, attachments=(_kept(media),))
    media.execute(Register(case=case))
    with pytest.raises(MayNotErase):
        _erase(media, case.case_id)
    assert _files(media).read(case.attachments[0].sha256) == PAPER


def test_a_file_from_before_there_was_a_master_key_is_read_and_hidden_when_it_comes_again(tmp_path: Path) -> None:
    """Nothing is converted behind anybody's back."""
    plain = BareCenter(MEDIA, tmp_path)
    named = _kept(plain)
    assert scan([WHO], [("disk", plain.blobs.path)], {}) != []
    plain.close()
    hidden = BareCenter(MEDIA, tmp_path, encryption=CaseEncryption(MASTER))
    assert _files(hidden).read(named.sha256) == PAPER
    assert _kept(hidden) == named
    assert _files(hidden).read(named.sha256) == PAPER
    assert scan([WHO], [("disk", hidden.blobs.path), *clean_columns(MEDIA, hidden.store, {})], {}) == []
    hidden.close()


def test_an_altered_file_is_noticed(media: BareCenter) -> None:
    """It is never served as something else."""
    named = _kept(media)
    (path,) = _on_disk(media)
    raw = bytearray(path.read_bytes())
    raw[-1] ^= 1
    path.write_bytes(raw)
    with pytest.raises(StoreUnavailable, match="was altered"):
        _files(media).read(named.sha256)


def test_without_the_master_key_no_file_is_read(media: BareCenter, tmp_path: Path) -> None:
    """The cure is told."""
    named = _kept(media)
    other = BareCenter(MEDIA, tmp_path)
    with pytest.raises(KeyUnusable, match="at_rest"):
        _files(other).read(named.sha256)
    other.close()


def test_a_file_that_comes_while_it_is_erased_is_kept(media: BareCenter, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its key is destroyed between its writing and the end: it is written once more, under a key of its own."""
    case_id = _closed(media, _kept(media))
    plain = BlobStore._keep
    erased: list[str] = []

    def keep(blobs: BlobStore, sha256: str, *more: Any) -> None:
        plain(blobs, sha256, *more)
        if not erased:
            erased.append(sha256)
            _erase(media, case_id)

    monkeypatch.setattr(BlobStore, "_keep", keep)
    named = _kept(media)
    assert erased
    assert _files(media).read(named.sha256) == PAPER
    assert len(_on_disk(media)) == 1


def test_a_crash_before_the_file_is_deleted_leaves_noise(media: BareCenter, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key is destroyed first: nobody reads what is left, and the file that comes again is another one."""
    named = _kept(media)
    case_id = _closed(media, named)
    monkeypatch.setattr(BlobStore, "remove", lambda *_: None)
    _erase(media, case_id)
    assert len(_on_disk(media)) == 1
    assert _files(media).read(named.sha256) is None
    with media.store.reading() as tx:
        assert queries.key(tx, named.sha256) is None
    _kept(media)
    assert len(_on_disk(media)) == 2
    assert _files(media).read(named.sha256) == PAPER
