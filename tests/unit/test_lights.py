"""Lights: what a clock says stands on the record in the center's own system, yellow before the end and red after it."""

import json
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest

from bus import Message, Report, Urged
from bus import workorders as w
from bus.contract import messages as k
from bus.contract.envelope import compose
from bus.custody import commands as c
from bus.sdk.workorders.bodies import Note
from tests.harness.handler_contexts import CASE, NOW, PEER, a_desk, a_record, front_desk

ADAPTERS = Path(__file__).parents[2] / "adapters"
EXAMPLE = ADAPTERS.parent / "examples" / "command_center"
RECORDS = {
    "media_center": ("message", "Note"),
    "party_service": ("matter", "Step"),
    "civilization_center": ("wish", "Note"),
    "government_service": ("work-order", "Step"),
    "command_center": ("ticket", "Step"),
}
"""Adapter → under which name a resident's record is linked, and the body by which news come to it."""


@pytest.fixture(autouse=True)
def example(monkeypatch: pytest.MonkeyPatch) -> None:
    """The example's adapter is found, as where it is installed."""
    monkeypatch.syspath_prepend(EXAMPLE)


class Calls:
    """An own system that writes down what is asked of it."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.keys: list[str] = []

    def call(self, _path: str, *_names: str, body: dict[str, Any], key: str) -> dict[str, Any]:
        """One call."""
        self.bodies.append(json.loads(json.dumps(body, default=str)))
        self.keys.append(key)
        return {}


def modules(adapter: str) -> tuple[ModuleType, ModuleType, Path]:
    """Handlers, simulator and folder of an adapter."""
    if adapter == "command_center":
        names = (f"county_command.{name}" for name in ("handlers", "simulator"))
        return (*map(import_module, names), EXAMPLE / "county_command")  # type: ignore[return-value]  # as below
    names = (f"adapters.{adapter}.{name}" for name in ("handlers", "simulator"))
    return (*map(import_module, names), ADAPTERS / adapter)  # type: ignore[return-value]  # two modules and a folder


def told(adapter: str, data: k.CaseKind) -> tuple[list[Note], Calls]:
    """The notes that a message makes on a resident's own record."""
    handlers, simulator, folder = modules(adapter)
    me, calls, (system, body) = f"{adapter}-150402", Calls(), RECORDS[adapter]
    desk = a_desk(calls, folder, a_record(folder, me), {system: "R-1"})
    message: Message[Any] = compose(data, source=me, recipient=me, now=NOW, subject=CASE)
    handlers.center.handlers[data.kind](desk, message)
    model = getattr(simulator, body)
    return [model.model_validate(one) for one in calls.bodies], calls


def urged(level: int | None) -> Urged:
    """A clock's reminder; of people, if there is no level."""
    more: dict[str, Any] = {} if level is None else {"level": level, "clock": "term", "due": NOW}
    return Urged(version=1, text="办结期限", **more)


@pytest.mark.parametrize("adapter", RECORDS)
def test_every_adapter_puts_the_light_on_by_one_call(adapter: str) -> None:
    """Due soon is yellow, overdue is red, and what people urge has no light; the call has the message's own key."""
    record: dict[str, Any] = {}
    for level, light in ((0, "yellow"), (1, "red"), (3, "red"), (None, "red")):
        (note,), calls = told(adapter, urged(level))
        assert note.light == (light if level is not None else None)
        note.light_up(record)
        assert record["light"] == light
        assert len(set(calls.keys)) == 1
    resolved = note.model_copy(update={"status": "resolved", "light": None})
    resolved.light_up(record)
    assert record == {}


@pytest.mark.parametrize("adapter", RECORDS)
@pytest.mark.parametrize("granted", [True, False])
def test_every_adapter_shows_requests_for_more_time(adapter: str, granted: bool) -> None:
    """The approver's people read that they are asked, and the holder's what was answered."""
    _, _, folder = modules(adapter)
    case = a_record(folder, f"{adapter}-150402").case.without_resident()
    asked = k.ExtensionRequested(
        version=1, extension_id=UUID(int=1), until=NOW + timedelta(days=5), due=NOW, reason="等待配件", case=case
    )
    (note,), _ = told(adapter, asked)
    assert (note.headline, note.text) == ("申请延期，请答复", "等待配件")
    (note,), _ = told(adapter, k.ExtensionAnswered(version=1, extension_id=UUID(int=1), granted=granted))
    assert note.headline == ("延期已获同意" if granted else "延期未获同意")
    escalated = k.Escalated(version=1, holder=PEER, clock="term", due=NOW, text="超期三日", case=case)
    (note,), _ = told(adapter, escalated)
    assert note.headline == "提级督办"


@pytest.mark.parametrize("adapter", ["media_center", "party_service", "civilization_center", "government_service"])
def test_every_adapter_takes_the_acts_about_time(adapter: str) -> None:
    """Asked and answered in the usual words; holds too."""
    _, _, folder = modules(adapter)
    native = import_module(f"adapters.{adapter}.native")
    desk = front_desk(folder, f"{adapter}-150402", {})
    event = native.OrderEvent.model_fields["event"]
    known = {one.model_fields["action"].annotation.__args__[0]: one for one in event.metadata[0].acts}
    until = (NOW + timedelta(days=5)).isoformat()
    for action, fields, command in (
        ("ask-extension", {"until": until, "reason": "等待配件"}, c.AskExtension),
        ("answer-extension", {"granted": True}, c.AnswerExtension),
        ("hold", {"reason": "等待配件", "until": until}, Report if adapter == "government_service" else c.Hold),
        ("resume", {"text": "配件已到"}, Report if adapter == "government_service" else c.Resume),
    ):
        act = known[action].model_validate_json(json.dumps({"action": action, **fields}))
        assert isinstance(act.command(desk, CASE), command)


def test_a_light_is_of_a_clock_alone() -> None:
    """No other message has one."""
    assert w.note_of(compose(urged(0), source=PEER, recipient=PEER, now=NOW), w.USUAL, PEER).light == w.Light.YELLOW
    plain = k.Progressed(version=1, stage="visited", text="已到现场")
    assert w.note_of(compose(plain, source=PEER, recipient=PEER, now=NOW), w.USUAL, PEER).light is None
