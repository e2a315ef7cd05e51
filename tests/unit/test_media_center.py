"""The media center's adapter: forms become commands, messages become effects in its app and newsroom."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from pydantic import BaseModel, ValidationError

from adapters.media_center import mapping, native
from adapters.media_center.handlers import center
from adapters.media_center.simulator import Simulator
from bus import (
    Accepted,
    Attachment,
    BackendClient,
    Case,
    Close,
    Closed,
    Command,
    Declined,
    HandlerContext,
    IntakeContext,
    Link,
    Offered,
    Outcome,
    Record,
    Reject,
    Resolve,
    Resolved,
    RetryLater,
    Ruled,
    Ruling,
    Status,
    Urge,
    Withdraw,
    Withdrawn,
)
from bus import workorders as w
from bus.contract.envelope import compose
from bus.contract.ids import new_id
from bus.contract.messages import BY_NAME, Mode, Reason
from bus.custody import SentOffer

FOLDER = Path(__file__).parents[2] / "adapters" / "media_center"
IN = sorted(p for p in (FOLDER / "samples/in").glob("*.json") if not p.name.endswith(".expect.json"))
OUT = sorted(p for p in (FOLDER / "samples/out").glob("*.json") if not p.name.endswith(".effect.json"))
ME, PARTY, ARBITER = "media_center-150402", "party_service-150402006", "government_service-150402"
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
Told = list[tuple[str, dict[str, Any]]]
CASE = UUID("0192f0c1-0000-7000-8000-000000000001")


def a_case(origin: str = ME) -> Case:
    raw = json.loads((FOLDER / "samples/out/case.offered.json").read_text(encoding="utf-8"))["case"]
    return Case.model_validate_json(json.dumps({**raw, "origin": origin}))


def a_record(state: str = "ours", origin: str = ME) -> Record:
    record = Record(me=ME, case=a_case(origin), holder=ME, version=1, path=(origin,), arbiter=ARBITER)
    offer = SentOffer(offer_id=new_id(), mode=Mode.EXCLUSIVE, version=1, pending=(PARTY,), asked=(PARTY,), at=NOW)
    return {
        "ours": record,
        "asked": record.with_(holder=PARTY),
        "lent": record.with_(offer_out=offer),
        "elsewhere": record.with_(holder=PARTY, version=2, path=(origin, PARTY)),
        "resolved": record.with_(holder=PARTY, version=2, status=Status.RESOLVED),
        "before-arbiter": record.with_(arbitration=ARBITER),
    }[state]


class Routes:
    def __init__(self, known: dict[str, str]) -> None:
        self.known = known

    def find(self, category: str, division: str) -> str | None:
        return self.known.get(f"{category}/{division}")


def front_desk(given: dict[str, Any], links: dict[tuple[str, str], UUID] | None = None) -> IntakeContext:
    known = {tuple(key.split("/", 1)): UUID(case) for key, case in given.get("links", {}).items()}
    known.update(links or {})

    def find(system: str, native_id: str) -> UUID:
        if (system, native_id) not in known:
            raise Reject("unknown-record")
        return known[system, native_id]

    return IntakeContext(
        me=ME,
        now=NOW,
        find=find,
        record=lambda _case_id: a_record(given.get("record", "ours")),
        attachment=lambda digest: Attachment(sha256=digest, size=4, media_type="image/jpeg"),
        number=lambda: "MEDIACENTER-20261123-00001",
        new_id=new_id,
        routes=Routes(given.get("routes", {})),
    )


def photo(attachment: Attachment) -> bytes:
    return (FOLDER / "samples/photos" / attachment.sha256).read_bytes()


def a_desk(system: w.System, record: Record, natives: dict[str, str], key: str = "key-1") -> HandlerContext[w.System]:
    return HandlerContext(me=ME, now=NOW, key=key, system=system, record=record, natives=natives, fetch=photo)


def shown(item: BaseModel) -> dict[str, Any]:
    return {"kind": type(item).__name__, **item.model_dump(mode="json")}


def includes(whole: Any, part: Any) -> bool:
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(key in whole and includes(whole[key], part[key]) for key in part)
    if isinstance(part, list):
        return (
            isinstance(whole, list)
            and len(whole) == len(part)
            and all(includes(*pair) for pair in zip(whole, part, strict=True))
        )
    if isinstance(part, str) and isinstance(whole, str) and part[:2] == whole[:2] == "20" and "T" in part:
        return datetime.fromisoformat(part) == datetime.fromisoformat(whole)
    return bool(whole == part)


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Simulator, BackendClient]]:
    simulator = Simulator(ME, "http://127.0.0.1:9", "whsec_c2VjcmV0")
    try:
        with BackendClient(simulator.start()) as backend:
            yield simulator, backend
    finally:
        simulator.stop()


@pytest.fixture
def told(served: tuple[Simulator, BackendClient], monkeypatch: pytest.MonkeyPatch) -> Told:
    """The forms that the simulator tells, overheard instead of sent."""
    heard: Told = []
    monkeypatch.setattr(served[0], "tell", lambda form, body: heard.append((form, body)))
    return heard


@pytest.fixture
def town(served: tuple[Simulator, BackendClient], told: Told) -> tuple[Simulator, w.System]:
    """A vendor's system in which nothing has happened yet."""
    assert told == []
    simulator, backend = served
    for kept in (simulator.records, simulator.photos, simulator.effects, simulator._done):
        kept.clear()
    simulator.repeats, simulator.autopilot = 0, False
    return simulator, w.System(backend)


@pytest.mark.parametrize("path", OUT, ids=lambda p: p.stem)
def test_a_message_has_the_effect_of_its_sample(path: Path, town: tuple[Simulator, w.System]) -> None:
    """Every golden message changes the vendor's records as the sample says, and its repeat changes nothing more."""
    simulator, system = town
    wanted = json.loads(path.with_suffix(".effect.json").read_text(encoding="utf-8"))
    given, data = wanted["given"], BY_NAME[path.stem].model_validate_json(path.read_text(encoding="utf-8"))
    message = compose(data, source=given["source"], recipient=ME, now=NOW, subject=CASE, sequence=1)
    state = "resolved" if path.stem == "case.resolved" else "elsewhere"
    context = a_desk(system, a_record(state, ME if given["role"] == "origin" else PARTY), given["natives"])
    first = [shown(item) for item in center.handlers[path.stem](context, message)]
    assert includes(first, wanted["commands"]), first
    assert [effect["what"] for effect in simulator.effects] == [effect["what"] for effect in wanted["effects"]]
    for effect in wanted["effects"]:
        records = [*simulator.records.values(), {}]
        assert any(includes(r, effect["record"]) for r in records), records
    again = [shown(item) for item in center.handlers[path.stem](context, message)]
    assert again == first
    assert len(simulator.effects) == len(wanted["effects"]) == simulator.repeats


def test_a_batch_sent_again_makes_no_third_case() -> None:
    """S06: two matters of one meeting are two cases, whatever batch or form they come in again."""
    raw = (FOLDER / "samples/in/message-batch.s06.json").read_text(encoding="utf-8")
    batch = native.MessageBatch.model_validate_json(raw)
    links = {("message", one.message_id): new_id() for one in batch.messages}
    context = front_desk({}, links)
    again = list(center.forms["message-batch"].handler(context, batch.model_copy(update={"batch_id": "other"})))
    assert [item.case_id for item in again if isinstance(item, Link)] == list(links.values())
    assert len(again) == 2
    [alone] = center.forms["message"].handler(context, batch.messages[0])
    assert isinstance(alone, Link)


def test_a_message_without_a_route_stays_here() -> None:
    """No route is no reason to turn a resident away: the case is registered and held by the media center."""
    raw = (FOLDER / "samples/in/message.s10.json").read_text(encoding="utf-8")
    form = native.ResidentMessage.model_validate_json(raw)
    items = list(center.forms["message"].handler(front_desk({}), form))
    assert [type(item).__name__ for item in items] == ["Register"]


def test_dispatch_without_any_route_is_refused_with_the_cure() -> None:
    """Staff who dispatch without naming a center, where no route fits, are told to add one."""
    told = {"event_id": "1", "message_id": "m", "event": {"action": "dispatch"}}
    event = native.MessageEvent.model_validate(told)
    with pytest.raises(Reject, match="no-route"):
        list(center.forms["message-event"].handler(front_desk({"links": {"message/m": str(CASE)}}), event))


@pytest.mark.parametrize(
    ("state", "expected"),
    [("ours", Resolve), ("lent", Withdraw), ("elsewhere", Urge), ("resolved", None), ("before-arbiter", None)],
)
def test_a_cancelled_message_ends_where_the_decision_is(state: str, expected: type[Command] | None) -> None:
    """A resident's cancelling resolves, withdraws or urges, and does nothing where there is nothing to end."""
    commands = w.cancel(a_record(state))
    assert [type(command) for command in commands] == ([expected] if expected else [])


def test_a_withdrawal_under_way_is_not_asked_again() -> None:
    """While the offer is being asked back, cancelling waits for the answer."""
    lent = a_record("lent")
    assert lent.offer_out is not None
    asking = lent.with_(offer_out=lent.offer_out.model_copy(update={"withdrawing": True}))
    assert w.cancel(asking) == []


@pytest.mark.parametrize(
    ("data", "state", "expected"),
    [
        (Withdrawn(version=1, offer_id=new_id()), "ours", Resolve),
        (Declined(version=1, offer_id=new_id(), reason=Reason.NOT_DUTY), "ours", Resolve),
        (Accepted(version=2, offer_id=new_id()), "elsewhere", Urge),
        (Ruled(version=1000, ruling=Ruling.IMPOSED, holder=ME, text="…", case=a_case(), path=(ME,)), "ours", Resolve),
    ],
    ids=lambda value: getattr(value, "kind", None),
)
def test_a_cancelled_message_is_ended_when_the_decision_comes_back(
    data: Any, state: str, expected: type[Command], town: tuple[Simulator, w.System]
) -> None:
    """The app remembers that the resident cancelled, and the next answer to our offer ends the matter."""
    simulator, system = town
    simulator.act_on_message("LY-1", {"action": "cancel"})
    message = compose(data, source=PARTY, recipient=ME, now=NOW, subject=CASE, sequence=1)
    answer = list(center.handlers[data.kind](a_desk(system, a_record(state), {"message": "LY-1"}), message))
    assert [type(item) for item in answer if not isinstance(item, Link)] == [expected]


def test_a_result_that_came_too_late_is_told_but_closes_nothing(town: tuple[Simulator, w.System]) -> None:
    """A case that was reopened or closed meanwhile is not closed by an older result; its reply is still given."""
    simulator, system = town
    data = Resolved(version=2, round=1, outcome=Outcome.DONE, public_reply="已办")
    message = compose(data, source=PARTY, recipient=ME, now=NOW, subject=CASE, sequence=1)
    for index, state in enumerate(("elsewhere", "resolved")):
        record = a_record(state).with_(round=2 if state == "resolved" else 1)
        context = a_desk(system, record, {"message": "LY-1"}, key=f"k{index}")
        assert list(center.handlers["case.resolved"](context, message)) == []
    assert len(simulator.records["LY-1"]["replies"]) == 2
    current = a_desk(system, a_record("resolved"), {"message": "LY-1"}, key="k3")
    assert list(center.handlers["case.resolved"](current, message)) == [Close(case_id=CASE, replied_at=NOW)]


def test_an_origin_elsewhere_replies_itself(town: tuple[Simulator, w.System]) -> None:
    """Only the origin speaks to the resident: at any other center a result is a note."""
    simulator, system = town
    data = Resolved(version=2, round=1, outcome=Outcome.DONE, public_reply="已办")
    message = compose(data, source=PARTY, recipient=ME, now=NOW, subject=CASE, sequence=1)
    context = a_desk(system, a_record("resolved", PARTY), {"order": "GD-1"})
    assert list(center.handlers["case.resolved"](context, message)) == []
    assert [effect["what"] for effect in simulator.effects] == ["note"]


def test_an_order_is_seen_though_its_photo_is_away(town: tuple[Simulator, w.System]) -> None:
    """The holder of a photo being away does not keep the order from staff, and the retry makes no second order."""
    simulator, system = town
    data = Offered(version=1, offer_id=new_id(), case=a_case(PARTY), path=(PARTY,))
    message = compose(data, source=PARTY, recipient=ME, now=NOW, subject=CASE, sequence=1)

    def away(_attachment: Attachment) -> bytes:
        raise RetryLater("holder-away")

    context = a_desk(system, a_record("asked", PARTY), {})
    with pytest.raises(RetryLater):
        list(
            center.handlers["case.offered"](HandlerContext(ME, NOW, "key-1", system, context.record, {}, away), message)
        )
    assert [effect["what"] for effect in simulator.effects] == ["order"]
    assert [type(item) for item in center.handlers["case.offered"](context, message)] == [Link]
    assert [effect["what"] for effect in simulator.effects] == ["order", "photo"]
    assert list(simulator.photos) == [sha256(next(iter(simulator.photos.values()))).hexdigest()]


def test_every_record_of_a_case_hears_the_news(town: tuple[Simulator, w.System]) -> None:
    """Where a case has a message and an order, a line stands on both."""
    simulator, system = town
    message = compose(
        Closed(version=2, round=1, replied_at=NOW), source=PARTY, recipient=ME, now=NOW, subject=CASE, sequence=1
    )
    context = a_desk(system, a_record("elsewhere"), {"message": "LY-1", "order": "GD-1", "assist-order": "GD-2"})
    center.handlers["case.closed"](context, message)
    assert [(record["id"], len(record["notes"])) for record in simulator.records.values()] == [
        ("LY-1", 1),
        ("GD-1", 1),
        ("GD-2", 1),
    ]


def test_ids_of_the_vendor_are_quoted_into_its_paths(town: tuple[Simulator, w.System]) -> None:
    """A record's id may hold a slash, a space, a question mark or Chinese, and still names one record."""
    simulator, system = town
    odd = "留言/2021 ?17#a"
    message = compose(
        Closed(version=2, round=1, replied_at=NOW), source=PARTY, recipient=ME, now=NOW, subject=CASE, sequence=1
    )
    center.handlers["case.closed"](a_desk(system, a_record("elsewhere"), {"message": odd}), message)
    assert simulator.records[odd]["status"] == "closed"


def test_people_and_staff_act_through_the_stand_in(town: tuple[Simulator, w.System], told: Told) -> None:
    """What residents and staff do in the simulator changes its records and is told to the intake as valid forms."""
    _, system = town
    url = system._backend.url
    with httpx.Client(base_url=url, trust_env=False) as people:
        left = people.post(
            "/residents/messages", json={"client_name": "居民甲", "text": "路灯不亮", "division": "150402"}
        )
        rated = people.post(f"/residents/messages/{left.json()['id']}/events", json={"action": "rate", "stars": 5})
        order = system.open("/orders", mapping.order(w.Order(a_case(PARTY), "handle", PARTY)), key="k")
        acted = people.post(f"/staff/orders/{order}/events", json={"action": "decline", "reason": "属地不符"})
        unknown = people.post("/staff/orders/nobody/events", json={"action": "accept"})
        records = people.get("/records").json()
    assert [r.status_code for r in (left, rated, acted, unknown)] == [200, 200, 200, 404]
    assert [form for form, _ in told] == ["message", "message-event", "order-event"]
    for form, body in told:
        center.forms[form].model.model_validate_json(json.dumps(body))
    assert {record["status"] for record in records} == {"received", "returned"}


def test_autopilot_accepts_and_resolves(town: tuple[Simulator, w.System], told: Told) -> None:
    """With the autopilot on, an offered order is accepted and resolved at once, a request for help answered."""
    simulator, system = town
    simulator.autopilot = True
    purposes: tuple[w.Purpose, ...] = ("handle", "assist", "imposed", "arbitrate")
    for purpose in purposes:
        system.open("/orders", mapping.order(w.Order(a_case(PARTY), purpose, PARTY)), key=purpose)
    assert [body["event"]["action"] for _, body in told] == ["accept", "resolve", "answer-assist", "resolve"]


def test_every_reason_and_topic_is_known_both_ways() -> None:
    """The app's reasons are the bus's reasons, and its topics survive the way there and back."""
    assert {reason.name for reason in native.ReturnReason} == {reason.name for reason in Reason}
    for topic in native.Topic:
        assert mapping.TOPICS.word(mapping.TOPICS.name(topic)) is topic
    assert mapping.TOPICS.word("never-heard-of") is native.Topic.OTHER


@pytest.mark.parametrize("change", [{"phone": "call me"}, {"division": "红山区"}, {"text": ""}, {"photos": ["x"]}])
def test_a_wrong_form_is_refused_without_its_values(change: dict[str, Any]) -> None:
    """A broken form is refused by its model, and the refusal repeats nothing of what it held."""
    raw = json.loads((FOLDER / "samples/in/message.s10.json").read_text(encoding="utf-8"))
    with pytest.raises(ValidationError) as refused:
        native.ResidentMessage.model_validate_json(json.dumps({**raw, **change}))
    assert "call me" not in str(refused.value)
    assert raw["client_name"] not in str(refused.value)


def test_times_of_the_resident_are_kept() -> None:
    """The clock of the case starts when the message was left, not when we heard of it."""
    raw = (FOLDER / "samples/in/message.s10.json").read_text(encoding="utf-8")
    form = native.ResidentMessage.model_validate_json(raw)
    registered = next(iter(center.forms["message"].handler(front_desk({}), form)))
    assert shown(registered)["case"]["received_at"] == "2021-04-24T09:12:00+08:00"
    assert form.left_at is not None
    assert form.left_at.utcoffset() == timedelta(hours=8)
