"""Staff keys: made by a person, listed by the county's operator, read by this program and passed over by v0.1.0."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from bus.contract import signed_document
from bus.contract.types import CENTER_PATTERN
from bus.security import directory
from bus.security.directory import Listed
from bus.security.errors import KeyUnusable, Untrusted
from bus.security.key_request import revoked
from bus.security.keyring import fingerprint, new_keyring, read_keyring, read_public_key
from bus.security.signature import check
from bus.security.staff import Role, StaffKey, is_staff
from bus.security.staff_listing import LONGEST, staff_listed
from tests.harness.signing_county import MEDIA, Shelf
from tests.harness.step import NOW
from tests.unit.test_cli_keys import County
from tests.unit.test_cli_run import bus

WANG = "staff-wang"
FIXTURES = Path(__file__).parents[1] / "fixtures" / "v0.1.0"


@pytest.fixture
def county(tmp_path: Path) -> County:
    """An operator, a center that is listed, and the key of a person."""
    desk, center = County(tmp_path), tmp_path / "rm.keys.json"
    bus("keys", "new", MEDIA, "--file", center)
    first = read_keyring(center).keys[0].public
    assert desk.act("trust", desk.applied(center, "rm"), "--fingerprint", fingerprint(first.sign))[0] == 0
    assert bus("keys", "new", WANG, "--file", tmp_path / "wang.json")[0] == 0
    assert bus("keys", "publish", "--file", tmp_path / "wang.json", "--out", tmp_path / "wang.pub")[0] == 0
    return desk


def _listed(desk: County, *more: object, role: str = "operator", days: int = 90) -> tuple[int, str, str]:
    until = (datetime.now(UTC) + timedelta(days=days)).date().isoformat()
    return desk.act("staff", desk.folder / "wang.pub", "--role", role, "--until", until, *more)


def _spoken(desk: County) -> str:
    return fingerprint(read_public_key(desk.folder / "wang.pub").sign)


def _book(desk: County) -> directory.Directory:
    return directory.read_file(desk.book, read_public_key(desk.public))


def test_a_person_is_listed_by_the_fingerprint_and_ends_by_itself(county: County) -> None:
    """Without the fingerprint nobody is listed; with it, role and end count; a new role needs no telephone."""
    code, out, said = _listed(county)
    assert (code, "read the fingerprint out" in said, _spoken(county) in out + said) == (1, True, False)
    assert _listed(county, "--fingerprint", _spoken(county))[0] == 0
    (one,) = _book(county).staff.values()
    assert (one.name, one.right, one.fault(datetime.now(UTC))) == (WANG, Role.OPERATOR, "")
    assert one.fault(one.until) == "stale-key"
    assert _listed(county, role="viewer")[0] == 0
    (one,) = _book(county).staff.values()
    assert one.right is Role.VIEWER


def test_the_list_shows_persons_apart_from_centers(county: County) -> None:
    """Scripts that read the list find centers where they were; before anybody is listed nothing is new in it."""
    listing = ("keys", "list", *county.files, "--json")
    assert "staff" not in json.loads(bus(*listing)[1])
    _listed(county, "--fingerprint", _spoken(county))
    told = json.loads(bus(*listing)[1])
    assert [one["center"] for one in told["keys"]] == [MEDIA]
    assert [(one["name"], one["role"], one["counts"]) for one in told["staff"]] == [(WANG, "operator", True)]
    assert "sign" not in told["staff"][0]["key"]


def test_a_revoked_person_stays_revoked(county: County) -> None:
    """It counts from this moment on, and the same key is never listed again."""
    _listed(county, "--fingerprint", _spoken(county))
    kid = read_public_key(county.folder / "wang.pub").kid
    assert county.act("revoke", kid)[0] == 0
    (one,) = _book(county).staff.values()
    assert one.fault(datetime.now(UTC)) == "revoked-key"
    code, _, said = _listed(county, "--fingerprint", _spoken(county))
    assert (code, "have its owner make a new one" in said) == (1, True)


def test_a_right_without_end_or_of_a_center_is_not_listed() -> None:
    """The end lies ahead and within bounds; a center's key is no person's."""
    known, key = directory.empty(NOW), new_keyring(WANG, NOW).keys[-1].public
    for until in (NOW, NOW + LONGEST + timedelta(seconds=1)):
        with pytest.raises(KeyUnusable):
            staff_listed(known, key, Role.VIEWER, until, NOW)
    assert staff_listed(known, key, Role.VIEWER, NOW + LONGEST, NOW).staff
    with pytest.raises(KeyUnusable):
        staff_listed(known, new_keyring(MEDIA, NOW).keys[-1].public, Role.VIEWER, NOW + LONGEST, NOW)


def test_no_person_is_called_like_a_center() -> None:
    """So a key's name says which of the two it is."""
    for name in ("staff-wang", "staff-a1", "staff-li_na"):
        assert is_staff(name)
        assert not re.match(CENTER_PATTERN, name)
    for name in ("staff-150402", "staff-", "staff-Wang", "wang", "staff-王", "staff-a b"):
        assert not is_staff(name)


def test_a_staff_key_signs_no_message_of_a_center() -> None:
    """It stands beside the centers' keys, so what it signs is nobody's message."""
    ring, shelf = new_keyring(WANG, NOW), Shelf(directory.empty(NOW))
    shelf.known = staff_listed(shelf.known, ring.keys[-1].public, Role.ADMINISTRATOR, NOW + LONGEST, NOW)
    with pytest.raises(Untrusted, match="unknown-key"):
        check(b"{}", ring.keys[-1].signed(b"{}", "bus-message"), shelf.known, NOW)


class _Document(BaseModel):
    """The directory as v0.1.0 reads it: these fields, and whatever else stands there is passed over."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")

    serial: int
    issued: Any
    keys: tuple[Listed, ...]


def test_v0_1_0_reads_the_centers_of_a_directory_with_staff() -> None:
    """Its own directory, signed anew with a person in it, gives it the same centers and the same keys."""
    operator, now = new_keyring("operator", NOW), datetime.now(UTC)
    before = directory.read((FIXTURES / "county.directory").read_bytes(), read_public_key(FIXTURES / "operator.pub"))
    key = new_keyring(WANG, now).keys[-1].public
    after = directory.written(staff_listed(before, key, Role.VIEWER, now + LONGEST, now), operator.keys[-1])
    body = signed_document.split(after)[1]
    assert "staff" in json.loads(body)
    assert {one.key.kid: one for one in _Document.model_validate_json(body).keys} == before.listed


def test_what_v0_1_0_has_signed_lists_nobody() -> None:
    """A directory that an older program has written closes the doors, and says nothing wrong."""
    known = directory.read((FIXTURES / "county.directory").read_bytes(), read_public_key(FIXTURES / "operator.pub"))
    assert known.staff == {}


def test_roles_and_fields_of_a_newer_program_stay_in_the_file_and_give_no_right() -> None:
    """An unknown role is no right; what stands beside it goes back into the file."""
    operator, key = new_keyring("operator", NOW), new_keyring(WANG, NOW).keys[-1].public
    newer = StaffKey.model_validate(
        {"name": WANG, "key": key, "role": "emperor", "since": NOW, "until": NOW + LONGEST, "centers": ["x"]}
    )
    raw = directory.written(directory.empty(NOW).with_staff(newer, NOW), operator.keys[-1])
    read = directory.read(raw, operator.keys[-1].public)
    assert [one.right for one in read.staff.values()] == [None]
    again = directory.written(revoked(read, key.kid, NOW), operator.keys[-1])
    assert json.loads(signed_document.split(again)[1])["staff"][0]["centers"] == ["x"]


def test_each_role_has_the_rights_of_those_before_it() -> None:
    """From viewer over operator to administrator."""
    rights = [[one.covers(needed) for needed in Role] for one in Role]
    assert rights == [[True, False, False], [True, True, False], [True, True, True]]
