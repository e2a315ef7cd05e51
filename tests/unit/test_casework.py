"""What a desk tells of its work: one form for every adapter, on its own records and on those of other centers."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bus.contract import messages as k
from bus.custody import Record
from bus.sdk import discovery
from bus.sdk.simulator import BackendSimulator
from bus.sdk.workorders import USUAL, WorkCenter
from tests.harness.center import ADAPTERS
from tests.unit.test_settled_entries import Door

OWN = {
    "media_center": ("message", "message_id", {"client_name": "居民甲", "text": "路灯不亮", "handled_here": True}),
    "civilization_center": ("wish", "wish_no", {"client_name": "居民甲", "text": "要一盏灯", "handled_here": True}),
    "government_service": ("work-order", "order_no", {"title": "路灯", "text": "路灯不亮", "handled_here": True}),
    "party_service": ("entry", "matter_no", {"text": "路灯不亮", "handled_here": True}),
}
"""Of each adapter: a form of a resident's matter that stays there, the field of its number, and what it tells."""
UNIT = "street_office-150402006"


@pytest.fixture(params=ADAPTERS)
def door(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, Door]]:
    """A center of each kind, which has one matter of its own under the number 1."""
    center = discovery.find(request.param).center()
    made = Door(center, f"{request.param}-150402", tmp_path)
    name, number, body = OWN[request.param]
    (taken,) = made.take((name, {number: "1", "division": "150402", **body}))
    assert taken.status == "taken"
    yield request.param, made
    made.bare.store.close()


def works(door: Door, number: int, record: dict[str, str], **event: Any) -> Any:
    """Hand in what the desk did."""
    (reply,) = door.take(("casework", {"event_id": f"CB-{number}", **record, "event": event}))
    return reply


def record_of(door: Door) -> Record:
    """The one case."""
    record: Record
    (record,) = door.records()
    return record


def test_every_adapter_takes_in_calls_visits_plans_and_papers(door: tuple[str, Door]) -> None:
    """By the number of its own record, and by the case."""
    _, desk = door
    own, case = {"record": "1"}, {"case_id": str(record_of(desk).case.case_id)}
    acts: list[dict[str, Any]] = [
        {"action": "contact"},
        {"action": "appoint", "day": "2021-05-20"},
        {"action": "appoint", "day": "2021-05-21", "hour": "09:30"},
        {"action": "visit", "met": False},
        {"action": "plan", "steps": [{"to": UNIT, "ask": "测量"}]},
        {"action": "check-papers", "papers": [{"title": "身份证"}, {"title": "土地证", "there": False}]},
    ]
    for number, act in enumerate(acts):
        assert works(desk, number, own if number % 2 else case, **act).status == "taken"
    record = record_of(desk)
    assert record.contacted_at is not None
    assert record.appointment is None
    assert [one.assistant for one in record.assists] == [UNIT]
    assert [(paper.title, paper.there) for paper in record.papers] == [("身份证", True), ("土地证", False)]


def test_the_record_knows_the_hour_of_a_visit_in_china(door: tuple[str, Door]) -> None:
    """And of a day without an hour it knows nothing: no clock could run. An hour that is none is refused."""
    _, desk = door
    works(desk, 1, {"record": "1"}, action="appoint", day="2021-05-20", hour="09:30")
    appointment = record_of(desk).appointment
    assert appointment is not None
    assert appointment.at == datetime(2021, 5, 20, 1, 30, tzinfo=UTC)
    works(desk, 2, {"record": "1"}, action="appoint", day="2021-05-21")
    assert record_of(desk).appointment is None
    for hour in ("24:00", "9:30", "09:30:00", "上午"):
        with pytest.raises(ValueError, match="hour"):
            works(desk, 3, {"record": "1"}, action="appoint", day="2021-05-20", hour=hour)
    for day in ("0021-05-20", "9999-12-31"):
        with pytest.raises(ValueError, match="day"):
            works(desk, 4, {"record": "1"}, action="appoint", day=day, hour="09:30")


def test_the_same_form_again_does_nothing(door: tuple[str, Door]) -> None:
    """A plan that is sent twice asks once."""
    _, desk = door
    for _ in range(3):
        works(desk, 1, {"record": "1"}, action="plan", steps=[{"to": UNIT, "ask": "测量"}])
    assert len(record_of(desk).assists) == 1


def test_what_a_form_must_say(door: tuple[str, Door]) -> None:
    """One record, and one that is known."""
    _, desk = door
    unknown = works(desk, 1, {"record": "none"}, action="contact")
    assert (unknown.status, unknown.code) == ("refused", "no-record")
    for record in ({}, {"record": "1", "case_id": str(record_of(desk).case.case_id)}):
        with pytest.raises(ValueError, match="name one"):
            works(desk, 2, record, action="contact")


@pytest.mark.parametrize(
    ("at", "told"),
    [
        ("2021-05-20T09:30:00+08:00", {"day": "2021-05-20", "hour": "09:30"}),
        ("2021-05-20T16:30:00+00:00", {"day": "2021-05-21", "hour": "00:30"}),
        ("2021-05-20", {"day": "2021-05-20"}),
    ],
)
def test_of_a_visit_day_and_hour_are_told_and_the_place_is_not(at: str, told: dict[str, str]) -> None:
    """As they are in China, the hour where one is settled; place, visitor and what was found stay in the own system."""
    simulator = BackendSimulator("party_service-150402")
    simulator.records["1"] = {"id": "1"}
    heard: list[tuple[str, dict[str, Any]]] = []
    simulator.tell = lambda form, body: heard.append((form, body))  # type: ignore[method-assign]  # instead of HTTP
    simulator.work("1", {"action": "appoint", "at": at, "place": "3 号楼", "visitor": "甲"})
    simulator.work("1", {"action": "visit", "met": True, "found": "本人在家"})
    assert [body["event"] for _, body in heard] == [
        {"action": "appoint", **told},
        {"action": "visit", "met": True},
    ]
    assert "3 号楼" in json.dumps(simulator.records, ensure_ascii=False)


def test_each_stage_has_a_headline_that_the_resident_reads() -> None:
    """In both languages; none is called by the same words."""
    stages = ("contacted", "appointed", "visited", "unmet", "supplement", "papers-complete", "step")
    heads = [USUAL[f"{k.Progressed.kind}:{stage}"] for stage in stages]
    assert all(head.visible for head in heads)
    assert len({head.zh for head in heads}) == len({head.en for head in heads}) == len(stages)


def test_a_center_without_the_form_refuses_it() -> None:
    """An adapter opts in."""
    assert "casework" not in WorkCenter(kind="x", connect=lambda _: None).forms
