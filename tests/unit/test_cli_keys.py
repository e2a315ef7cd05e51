"""`bus keys`: from a first key to the county's directory, its rotation and its revocation."""

import json
from pathlib import Path

import pytest

from bus.security import directory, key_request
from bus.security.directory import Directory
from bus.security.errors import KeyUnusable
from bus.security.keyring import fingerprint, read_keyring, read_public_key
from tests.unit.test_cli_run import bus

MEDIA = "media_center-150402"


class County:
    """The operator's desk: his key, the directory, and what centers bring to him."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.operator, self.public, self.book = folder / "op.json", folder / "op.pub", folder / "county.directory"
        bus("keys", "new", "operator", "--file", self.operator)
        bus("keys", "publish", "--file", self.operator, "--out", self.public)

    @property
    def files(self) -> tuple[object, ...]:
        """Where key and directory lie, as options."""
        return "--operator", self.public, "--directory", self.book

    def act(self, *words: object) -> tuple[int, str, str]:
        """One command of the operator's."""
        return bus("keys", *words, "--operator", self.operator, "--directory", self.book, "--lang", "en")

    def applied(self, center: Path, name: str) -> Path:
        """A center's application for its newest key."""
        path = self.folder / name
        assert bus("keys", "publish", "--file", center, "--out", path)[0] == 0
        return path

    def counting(self) -> list[str]:
        """The keys that count."""
        code, out, _ = bus("keys", "list", "--operator", self.public, "--directory", self.book, "--json")
        assert code == 0
        return [one["key"]["kid"] for one in json.loads(out)["keys"] if one["counts"]]


@pytest.fixture
def county(tmp_path: Path) -> County:
    """An operator with his key."""
    return County(tmp_path)


@pytest.fixture
def center(tmp_path: Path) -> Path:
    """A center's key file."""
    path = tmp_path / "rm.keys.json"
    assert bus("keys", "new", MEDIA, "--file", path)[0] == 0
    return path


def test_a_first_key_is_listed_when_its_fingerprint_was_read_out(county: County, center: Path) -> None:
    """Without it, or with another, the operator is told to ring up, and is not shown what he should hear."""
    asked = county.applied(center, "rm.application")
    key = read_keyring(center).keys[0].public
    code, out, said = county.act("trust", asked)
    assert (code, "ring the center up" in said) == (1, True)
    assert fingerprint(key.sign) not in out + said
    assert county.act("trust", asked, "--fingerprint", fingerprint(key.seal))[0] == 1
    assert not county.book.exists()
    assert county.act("trust", asked, "--fingerprint", fingerprint(key.sign).upper())[0] == 0
    assert county.counting() == [key.kid]


def test_the_next_key_needs_no_telephone_and_a_revoked_one_counts_no_more(county: County, center: Path) -> None:
    """The old key vouches for the new one; both count until the operator revokes one of them."""
    first = read_keyring(center).keys[0].public
    county.act("trust", county.applied(center, "1"), "--fingerprint", fingerprint(first.sign))
    assert bus("keys", "rotate", "--file", center)[0] == 0
    second = read_keyring(center).keys[1].public
    assert county.act("trust", county.applied(center, "2"))[0] == 0
    assert county.counting() == [first.kid, second.kid]
    assert county.act("revoke", first.kid)[0] == 0
    assert county.counting() == [second.kid]
    code, _, said = county.act("trust", county.folder / "1")
    assert (code, "nobody vouches" in said) == (1, True)
    assert county.act("revoke", f"{MEDIA}.0000000000000000")[0] == 1


def test_nothing_private_is_printed_or_published(county: County, center: Path) -> None:
    """Neither in what a command says nor in what it writes for others."""
    _, out, said = bus("keys", "rotate", "--file", center)
    published = county.applied(center, "rm.application").read_text() + county.public.read_text()
    for ring in (read_keyring(center), read_keyring(county.operator)):
        for key in ring.keys:
            for secret in (key.sign.get_secret_value(), key.seal.get_secret_value()):
                assert secret not in out + said + published


def test_a_key_file_is_never_overwritten(center: Path) -> None:
    """A second `new` would lose what was sealed for the first."""
    before = center.read_bytes()
    code, _, said = bus("keys", "new", MEDIA, "--file", center, "--lang", "en")
    assert (code, "rotate" in said, center.read_bytes()) == (1, True, before)
    assert bus("keys", "new", "Media", "--file", center.parent / "x")[0] == 2


def test_a_directory_of_another_operator_is_not_read(county: County, center: Path, tmp_path: Path) -> None:
    """Whoever changes the file without the operator's key is found out by everybody who reads it."""
    key = read_keyring(center).keys[0].public
    asked = county.applied(center, "a")
    county.act("trust", asked, "--fingerprint", fingerprint(key.sign))
    (tmp_path / "other").mkdir()
    other = County(tmp_path / "other")
    code, _, said = bus("keys", "list", "--operator", other.public, "--directory", county.book, "--lang", "en")
    assert (code, "not signed by the county's operator" in said) == (1, True)
    with pytest.raises(KeyUnusable):
        directory.read_file(county.book, read_public_key(other.public))
    assert key_request.read(asked.read_bytes()).center == MEDIA


def test_troubles_are_told_in_both_languages(county: County, tmp_path: Path) -> None:
    """A missing file, and one that others may read."""
    missing = tmp_path / "none.json"
    assert "bus keys new" in bus("keys", "rotate", "--file", missing)[2]
    county.operator.chmod(0o644)
    assert "他人可读" in bus("keys", "rotate", "--file", county.operator)[2]
    assert "chmod 600" in bus("keys", "rotate", "--file", county.operator, "--lang", "en")[2]


def _listed(county: County, center: Path) -> None:
    key = read_keyring(center).keys[0].public
    assert county.act("trust", county.applied(center, "listed"), "--fingerprint", fingerprint(key.sign))[0] == 0


def _marks(county: County) -> dict[str, list[str]]:
    found: dict[str, list[str]] = json.loads(bus("keys", "list", *county.files, "--json")[1])["marks"]
    return found


def _rewritten_by_an_older_program(county: County) -> None:
    """Signed anew, with everything that v0.1.0 knows."""
    key = read_keyring(county.operator).keys[-1]
    known = directory.read_file(county.book, key.public)
    county.book.write_bytes(directory.written(Directory(known.serial + 1, known.issued, known.listed), key))


def test_a_center_is_marked_and_the_mark_taken_away(county: County, center: Path) -> None:
    """Only one that is listed, and only with a word that is known; what is taken away is said, not left out."""
    assert county.act("mark", MEDIA, "arbiter")[0] == 1
    _listed(county, center)
    assert county.act("mark", MEDIA, "arbitre")[0] == 2
    assert county.act("mark", "media_centre-150402", "arbiter")[0] == 1
    assert county.act("mark", MEDIA, "arbiter")[0] == 0
    assert county.act("mark", MEDIA, "arbiter")[0] == 0
    assert _marks(county) == {MEDIA: ["arbiter"]}
    assert county.act("mark", MEDIA, "arbiter", "--remove")[0] == 0
    assert _marks(county) == {MEDIA: []}


def test_marks_that_an_older_program_has_dropped_are_not_signed_away(county: County, center: Path) -> None:
    """Every command that signs refuses, says which are missing and the cure; nothing is written."""
    _listed(county, center)
    county.act("mark", MEDIA, "arbiter")
    _rewritten_by_an_older_program(county)
    before = county.book.read_bytes()
    kid = read_keyring(center).keys[0].public.kid
    for act in (("trust", county.folder / "listed"), ("revoke", kid)):
        code, _, said = county.act(*act)
        assert (code, "marks-lost" in said, f"{MEDIA}: arbiter" in said, "--drop-marks" in said) == (1, *[True] * 3)
    assert county.book.read_bytes() == before
    assert county.act("mark", MEDIA, "arbiter")[0] == 0
    assert _marks(county) == {MEDIA: ["arbiter"]}
    assert county.act("revoke", kid)[0] == 0


def test_marks_may_be_given_up_on_purpose(county: County, center: Path) -> None:
    """The next directory says that they were taken away, so that no center misses them."""
    _listed(county, center)
    county.act("mark", MEDIA, "arbiter")
    _rewritten_by_an_older_program(county)
    assert county.act("trust", county.folder / "listed", "--drop-marks")[0] == 0
    assert _marks(county) == {MEDIA: []}
    assert county.act("trust", county.folder / "listed")[0] == 0


def test_a_memory_of_marks_that_cannot_be_read_stops_the_signature(county: County, center: Path) -> None:
    """Nobody signs away what nobody can look at; the cure is said."""
    _listed(county, center)
    county.operator.with_name("op.json.marks").write_text("{")
    code, _, said = county.act("trust", county.folder / "listed")
    assert (code, "restore its backup" in said) == (1, True)
