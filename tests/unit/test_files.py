"""Attached files in a center with a master key: noise on the disk, read as they were, gone with the last case that
names them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bus.attachments import blob_store as module
from bus.attachments.blob_store import Folder
from bus.attachments.service import Attachments
from bus.contract.case import Attachment
from bus.contract.messages import Outcome
from bus.custody import Status
from bus.custody.commands import Close, Register, Resolve
from bus.operations import erasure
from bus.operations.erasure import MayNotErase
from bus.security.errors import KeyTrouble
from bus.security.master_key import FileKey
from bus.store import StoreTrouble, cases
from bus.store import files as queries
from bus.store import tables as t
from bus.store.encryption import Vault
from tests.unit.steps import NOW, Bare, a_case
from verification.checker.canaries import canaries
from verification.checker.columns import clean_columns
from verification.checker.leak_scan import hunt

RM = "media_center-150402"
WHO = canaries(seed=90, n=1)[0]
PAPER = f"%PDF-1.7 {WHO.name} {WHO.words} ".encode() * 50
MASTER = FileKey(b"m" * 32)


@pytest.fixture
def rm(tmp_path: Path) -> Iterator[Bare]:
    """A center whose store is hidden."""
    center = Bare(RM, tmp_path, vault=Vault(MASTER))
    yield center
    center.close()


def _files(center: Bare) -> Attachments:
    return Attachments(center.folder, "http://here")


def _kept(center: Bare, content: bytes = PAPER) -> Attachment:
    kept = _files(center).keep(content, f"{WHO.name}.pdf", NOW)
    with center.store.reading() as tx:
        named = _files(center).named(tx, kept.sha256)
    assert named is not None
    return named


def _closed(center: Bare, *files: Attachment) -> object:
    case = a_case(RM, attachments=files)
    center.do(Register(case=case))
    center.do(Resolve(case_id=case.case_id, outcome=Outcome.DONE, public_reply="办结"))
    center.do(Close(case_id=case.case_id, replied_at=NOW))
    center.store.write(lambda tx: tx.execute(t.work.delete()))
    with center.store.reading() as tx:
        assert cases.read(tx, [case.case_id])[case.case_id].status is Status.CLOSED
    return case.case_id


def _erase(center: Bare, case_id: object) -> None:
    erasure.erase(center.folder, center.rules, case_id, NOW, "root", "asked")  # type: ignore[arg-type]  # it is one


def _on_disk(center: Bare) -> list[Path]:
    return [path for path in center.folder.path.rglob("*") if path.is_file()]


def test_a_file_and_its_name_are_noise_on_the_disk(rm: Bare, tmp_path: Path) -> None:
    """And are read, named and kept again as ever."""
    named = _kept(rm)
    assert named.name == f"{WHO.name}.pdf"
    assert _files(rm).read(named.sha256) == PAPER
    assert hunt([WHO], [("disk", tmp_path)], {}) == []
    assert _kept(rm) == named
    assert len(_on_disk(rm)) == 1


def test_a_file_goes_with_the_last_case_that_names_it(rm: Bare) -> None:
    """Not with the first of two; and with it go its key, its name and what came for it."""
    shared, own = _kept(rm), _kept(rm, PAPER + b"x")
    first, second = _closed(rm, shared, own), _closed(rm, shared)
    _erase(rm, first)
    assert _files(rm).read(own.sha256) is None
    assert _files(rm).read(shared.sha256) == PAPER
    _erase(rm, second)
    assert _files(rm).read(shared.sha256) is None
    assert _on_disk(rm) == []
    with rm.store.reading() as tx:
        for table in (t.file_keys, t.case_files, t.attachments):
            assert tx.execute(table.select()).all() == []
        assert _files(rm).named(tx, shared.sha256) is None
    assert _kept(rm) == shared
    assert _files(rm).read(shared.sha256) == PAPER


def test_a_file_stays_with_a_case_that_may_not_be_erased(rm: Bare) -> None:
    """All or nothing."""
    case = a_case(RM, attachments=(_kept(rm),))
    rm.do(Register(case=case))
    with pytest.raises(MayNotErase):
        _erase(rm, case.case_id)
    assert _files(rm).read(case.attachments[0].sha256) == PAPER


def test_a_file_from_before_there_was_a_master_key_is_read_and_hidden_when_it_comes_again(tmp_path: Path) -> None:
    """Nothing is converted behind anybody's back."""
    plain = Bare(RM, tmp_path)
    named = _kept(plain)
    assert hunt([WHO], [("disk", plain.folder.path)], {}) != []
    plain.close()
    hidden = Bare(RM, tmp_path, vault=Vault(MASTER))
    assert _files(hidden).read(named.sha256) == PAPER
    assert _kept(hidden) == named
    assert _files(hidden).read(named.sha256) == PAPER
    assert hunt([WHO], [("disk", hidden.folder.path), *clean_columns(RM, hidden.store, {})], {}) == []
    hidden.close()


def test_an_altered_file_is_noticed(rm: Bare) -> None:
    """It is never served as something else."""
    named = _kept(rm)
    (path,) = _on_disk(rm)
    raw = bytearray(path.read_bytes())
    raw[-1] ^= 1
    path.write_bytes(raw)
    with pytest.raises(StoreTrouble, match="was altered"):
        _files(rm).read(named.sha256)


def test_without_the_master_key_no_file_is_read(rm: Bare, tmp_path: Path) -> None:
    """The cure is told."""
    named = _kept(rm)
    other = Bare(RM, tmp_path)
    with pytest.raises(KeyTrouble, match="at_rest"):
        _files(other).read(named.sha256)
    other.close()


def test_a_file_that_comes_while_it_is_erased_is_kept(rm: Bare, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its key is destroyed between its writing and the end: it is written once more, under a key of its own."""
    case_id = _closed(rm, _kept(rm))
    plain = module._write
    erased: list[Path] = []

    def write(place: Path, content: bytes) -> None:
        plain(place, content)
        if not erased:
            erased.append(place)
            _erase(rm, case_id)

    monkeypatch.setattr(module, "_write", write)
    named = _kept(rm)
    assert erased
    assert _files(rm).read(named.sha256) == PAPER
    assert len(_on_disk(rm)) == 1


def test_a_crash_before_the_file_is_deleted_leaves_noise(rm: Bare, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key is destroyed first: nobody reads what is left, and the file that comes again is another one."""
    named = _kept(rm)
    case_id = _closed(rm, named)
    monkeypatch.setattr(Folder, "remove", lambda *_: None)
    _erase(rm, case_id)
    assert len(_on_disk(rm)) == 1
    assert _files(rm).read(named.sha256) is None
    with rm.store.reading() as tx:
        assert queries.key(tx, named.sha256) is None
    _kept(rm)
    assert len(_on_disk(rm)) == 2
    assert _files(rm).read(named.sha256) == PAPER
