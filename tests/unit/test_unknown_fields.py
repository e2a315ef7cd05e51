"""Fields that a form does not have: a slip is refused with both names, any other is told, none is lost unseen."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import AliasChoices, AliasPath, BaseModel, ConfigDict, Field

from bus.contract.spelling import one_slip_away
from bus.contract.types import Strict
from bus.pipeline.unknown_fields import MOST, SHORTEST, unknown_fields
from bus.sdk.workorders import CamelForm
from tests.harness.step import MEDIA
from tests.unit.http_door import Door, signed


class Photo(Strict):
    """A part of a form."""

    sha256: str
    caption: str | None = None


class Accepting(Strict):
    """One act."""

    action: Literal["accept"]
    promise: str | None = None


class Declining(Strict):
    """Another act."""

    action: Literal["decline"]
    reason: str = ""


class Complaint(Strict):
    """A form with everything that a form may have."""

    id: str
    phone: str | None = None
    to: str | None = None
    due: str | None = None
    photos: tuple[Photo, ...] = ()
    event: Annotated[Accepting | Declining, Field(discriminator="action")] | None = None
    more: dict[str, Photo] = Field(default_factory=dict)


class Camel(CamelForm):
    """A form in camelCase."""

    ticket_no: str
    dispatch_to: str | None = None


class Many(BaseModel):
    """A form whose field has several names, and one that is deep in the JSON."""

    model_config = ConfigDict(populate_by_name=True)
    phone: str = Field(default="", validation_alias=AliasChoices("mobile", "telephone"))
    city: str = Field(default="", validation_alias=AliasPath("address", "city"))


class Open(BaseModel):
    """A form that keeps what it does not know."""

    model_config = ConfigDict(extra="allow")
    phone: str = ""


def found(model: type[BaseModel], **raw: Any) -> dict[str, str]:
    """Path → what is meant."""
    return {one.path: one.meant for one in unknown_fields(model.model_validate_json(json.dumps(raw)), raw)}


@pytest.mark.parametrize(
    ("written", "meant", "slip"),
    [
        ("phon", "phone", True), ("phonee", "phone", True), ("phome", "phone", True), ("phnoe", "phone", True),
        ("hpone", "phone", True), ("phoen", "phone", True), ("xphone", "phone", True), ("电话号吗", "电话号码", True),
        ("phone", "phone", False), ("pohen", "phone", False), ("telephone", "phone", False), ("ph", "phone", False),
        ("two", "to", False), ("duo", "due", False), ("id", "no", False), ("name", "date", False),
        ("tel", "text", False),
    ],
)  # fmt: skip
def test_a_slip_is_one_letter_or_two_neighbours(written: str, meant: str, slip: bool) -> None:
    """Left out, added, changed or swapped, once; of names with fewer than four letters it is never said."""
    assert one_slip_away(written, meant, SHORTEST) is slip
    assert one_slip_away(meant, written, SHORTEST) is slip


def test_unknown_fields_are_found_at_every_depth() -> None:
    """In the form, in parts, in lists, in maps, and in the act that was told."""
    raw = {
        "id": "1", "colour": "red", "photos": [{"sha256": "a"}, {"sha256": "b", "captoin": "x"}],
        "event": {"action": "accept", "reason": "not of this act"}, "more": {"one": {"sha256": "c", "size": 1}},
    }  # fmt: skip
    assert found(Complaint, **raw) == {
        "colour": "", "photos.1.captoin": "caption", "event.reason": "", "more.one.size": "",
    }  # fmt: skip


def test_a_field_that_is_there_was_not_meant() -> None:
    """Both ``phone`` and ``phon``: the second is an addition."""
    assert found(Complaint, id="1", phone="1", phon="2") == {"phon": ""}
    assert found(Complaint, id="1", phon="2") == {"phon": "phone"}


def test_short_names_are_additions() -> None:
    """``no`` and ``do`` stand within a letter of ``to``, and mean something else."""
    assert found(Complaint, id="1", no="7", do="x", dua="y") == {"no": "", "do": "", "dua": ""}


def test_other_spellings_are_known() -> None:
    """Aliases, several of them, and the first step of a path; what a form keeps is not lost."""
    assert found(Camel, ticketNo="1", dispatchTo="x", dispatch_to="y") == {"dispatch_to": ""}
    assert found(Camel, ticketNo="1", dispachTo="x") == {"dispachTo": "dispatchTo"}
    assert found(Many, telephone="1", address={"city": "x"}, phone="2") == {}
    assert found(Many, mobil="1") == {"mobil": "mobile"}
    assert found(Open, whatever="1") == {}


def test_what_a_sender_chose_is_not_shown() -> None:
    """A name that looks like none is a question mark: a resident's number may stand in it."""
    assert found(Complaint, id="1", **{"13800138000": 1, "tel 138": 2}) == {"?": ""}


def test_they_are_bounded() -> None:
    """A form of ten thousand names has no endless answer."""
    raw = {"id": "1"} | {f"f{chr(97 + n // 26 % 26)}{chr(97 + n % 26)}": 1 for n in range(600)}
    assert len(unknown_fields(Complaint.model_validate_json(json.dumps(raw)), raw)) == MOST


# -- at the door -----------------------------------------------------------------------------------------------------


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    """As v0.1.0 was, with warnings."""
    made = Door(tmp_path)
    yield made
    made.close()


def _sent(door: Door, **more: str) -> tuple[int, dict[str, Any]]:
    content = json.dumps({"id": "1", "text": "x", **more}).encode()
    answer = door.ask("POST", "/intake/note", content=content, headers=signed(content))
    return answer.status_code, answer.json()


def test_a_slip_is_refused_with_both_names(door: Door) -> None:
    """The field would be lost in silence, and its sender would never know."""
    fault = {"field": "divison", "problem": "misspelt", "meant": "division"}
    assert _sent(door, divison="150402") == (422, {"code": "invalid", "faults": [fault]})


def test_an_addition_is_taken_and_told(door: Door, lines: list[str]) -> None:
    """In the answer each time, in the log once, and as a figure; a form without any has no word of it."""
    for _ in range(2):
        status, answer = _sent(door, colour="red")
        assert (status, answer["unknown_fields"]) == (202, ["colour"])
    assert "unknown_fields" not in _sent(door)[1]
    (line,) = [json.loads(line) for line in lines if "unknown-fields" in line]
    assert (line["form"], line["where"]) == ("note", "colour")
    figures = door.ask("GET", "/metrics").text
    assert f'bus_forms_unknown_fields_total{{center="{MEDIA}",form="note"}} 2.0' in figures


def test_where_the_settings_are_strict_it_is_refused(tmp_path: Path) -> None:
    """As it will be from 0.3 on."""
    made = Door(tmp_path, strict=True)
    try:
        fault = {"field": "colour", "problem": "unknown"}
        assert _sent(made, colour="red") == (422, {"code": "invalid", "faults": [fault]})
        assert _sent(made)[0] == 202
    finally:
        made.close()
