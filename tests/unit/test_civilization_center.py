"""The civilization practice center's adapter: forms become commands, messages become effects on its platform."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from pydantic import BaseModel, ValidationError

from adapters.civilization_center import mapping, native
from adapters.civilization_center.handlers import center
from adapters.civilization_center.simulator import Simulator
from bus import (
    Accept,
    Accepted,
    Attachment,
    BackendClient,
    Case,
    Close,
    Closed,
    Granted,
    HandlerContext,
    IntakeContext,
    Link,
    Lost,
    Offer,
    Offered,
    Outcome,
    Record,
    Reject,
    Resolved,
    RetryLater,
    Ruled,
    Ruling,
    Status,
)
from bus import workorders as w
from bus.contract.envelope import compose
from bus.contract.ids import new_id
from bus.contract.messages import BY_NAME, Mode, Reason
from bus.custody import SentOffer

FOLDER = Path(__file__).parents[2] / "adapters" / "civilization_center"
IN = sorted(p for p in (FOLDER / "samples/in").glob("*.json") if not p.name.endswith(".expect.json"))
OUT = sorted(p for p in (FOLDER / "samples/out").glob("*.json") if not p.name.endswith(".effect.json"))
ME, PARTY, ARBITER = "civilization_center-150402", "party_service-150402006", "government_service-150402"
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
Told = list[tuple[str, dict[str, Any]]]
CASE = UUID("0192f0c1-0000-7000-8000-0000000000c1")


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
        number=lambda: "CIVILIZATIONCENTER-20261123-00001",
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
    for kept in (simulator.records, simulator.photos, simulator.bulletins, simulator.effects, simulator._done):
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
        records = [*simulator.records.values(), *simulator.bulletins, {}]
        assert any(includes(r, effect["record"]) for r in records), records
    again = [shown(item) for item in center.handlers[path.stem](context, message)]
    assert again == first
    assert len(simulator.effects) == len(wanted["effects"]) == simulator.repeats


def hear(data: Any, context: HandlerContext[w.System], source: str = PARTY) -> list[Any]:
    """What the handler of a message returns."""
    message = compose(data, source=source, recipient=ME, now=NOW, subject=CASE, sequence=1)
    return list(center.handlers[data.kind](context, message))


def form_of(path: str) -> Any:
    """A sample form as its model."""
    model = center.forms[path.split(".", maxsplit=1)[0]].model
    return model.model_validate_json((FOLDER / f"samples/in/{path}.json").read_text(encoding="utf-8"))


def test_a_wish_named_to_one_center_is_no_open_offer() -> None:
    """Several named centers bid for a wish; a single one is asked alone."""
    wish = form_of("wish.s02")
    several = list(center.forms["wish"].handler(front_desk({}), wish))[1]
    one = list(center.forms["wish"].handler(front_desk({}), wish.model_copy(update={"to": (PARTY,)})))[1]
    assert isinstance(several, Offer)
    assert isinstance(one, Offer)
    assert (several.mode, one.mode) == (Mode.OPEN, Mode.EXCLUSIVE)


def test_a_wish_without_a_route_stays_here() -> None:
    """No route is no reason to turn a resident away: the case is registered and held by this center."""
    items = list(center.forms["wish"].handler(front_desk({}), form_of("wish.by-route-anonymous")))
    assert [type(item).__name__ for item in items] == ["Register"]


def test_dispatch_without_any_route_is_refused_with_the_cure() -> None:
    """Staff who dispatch without naming a center, where no route fits, are told to add one."""
    event = native.OrderEvent.model_validate({"event_id": "1", "case_id": CASE, "event": {"action": "dispatch"}})
    with pytest.raises(Reject, match="no-route"):
        list(center.forms["order-event"].handler(front_desk({}), event))


def test_a_wish_and_an_order_of_one_number_are_two_records() -> None:
    """An event finds the case of the record that it names, though a wish and an order are numbered alike."""
    links = {("wish", "1"): new_id(), ("service-order", "1"): new_id()}
    urging = {"action": "urge", "text": "请快些"}
    found = []
    for about in ({"wish_no": "1"}, {"order_no": "1"}):
        event = native.OrderEvent.model_validate({"event_id": "e", "event": urging, **about})
        items: Any = center.forms["order-event"].handler(front_desk({}, links), event)
        found += [item.case_id for item in items]
    assert found == list(links.values())


@pytest.mark.parametrize("about", [{}, {"wish_no": "1", "order_no": "1"}, {"wish_no": "1", "case_id": str(CASE)}])
def test_an_event_names_one_record(about: dict[str, str]) -> None:
    """An event about no record, or about two, is refused with the words that say how to name one."""
    raw = {"event_id": "e", **about, "event": {"action": "urge", "text": "请快些"}}
    with pytest.raises(ValidationError, match="name one record"):
        native.OrderEvent.model_validate_json(json.dumps(raw))


def test_the_loser_of_an_open_offer_reads_that_it_is_taken(town: tuple[Simulator, w.System]) -> None:
    """已被接走: staff see on the very order they bid for that another was faster."""
    simulator, system = town
    data = Offered(version=1, offer_id=new_id(), mode=Mode.OPEN, case=a_case(PARTY), path=(PARTY,))
    [link] = hear(data, a_desk(system, a_record("asked", PARTY), {}))
    lost = Lost(version=2, offer_id=data.offer_id)
    assert hear(lost, a_desk(system, a_record("asked", PARTY), {"order": link.native_id}, key="k2")) == []
    order = simulator.records[link.native_id]
    assert (order["open_to_several"], order["status"], order["notes"][0]["headline"]) == (True, "taken", "已被接走")


def test_a_bid_is_not_told_the_resident_as_taken_on(town: tuple[Simulator, w.System]) -> None:
    """Of several bids one wins: a bid is a line for staff, and only the grant tells the resident who comes."""
    simulator, system = town
    context = a_desk(system, a_record(), {"wish": "XY-1"})
    hear(Accepted(version=1, offer_id=new_id(), bid=True), context)
    hear(Granted(version=2, offer_id=new_id(), to=PARTY), a_desk(system, a_record(), {"wish": "XY-1"}, key="k2"))
    shown_notes = [(note["status"], note["visible"]) for note in simulator.records["XY-1"]["notes"]]
    assert shown_notes == [("bid", False), ("granted", True)]


def test_a_ruling_makes_the_order_ours(town: tuple[Simulator, w.System]) -> None:
    """Imposed on us after we sent it back, the order that we have becomes an imposed one; no second is opened."""
    simulator, system = town
    record_id = system.open("/orders", mapping.order(w.Order(a_case(PARTY), "handle", PARTY), ME), key="k")
    data = Ruled(version=1000, ruling=Ruling.IMPOSED, holder=ME, text="…", case=a_case(PARTY), path=(PARTY, ME))
    assert hear(data, a_desk(system, a_record("elsewhere", PARTY), {"order": record_id}), ARBITER) == []
    assert [(r["id"], r["purpose"]) for r in simulator.records.values()] == [(record_id, "imposed")]
    assert len(simulator.photos) == 1


def test_a_ruling_for_another_is_read_by_all(town: tuple[Simulator, w.System]) -> None:
    """Who has it by the arbiter's word stands on our record, for the resident too."""
    simulator, system = town
    data = Ruled(version=1000, ruling=Ruling.IMPOSED, holder=PARTY, text="…", case=a_case(), path=(ME, PARTY))
    hear(data, a_desk(system, a_record("elsewhere"), {"wish": "XY-1"}), ARBITER)
    [note] = simulator.records["XY-1"]["notes"]
    assert (note["status"], note["by"], note["visible"]) == ("ruled", PARTY, True)


def test_a_result_that_came_too_late_is_told_but_closes_nothing(town: tuple[Simulator, w.System]) -> None:
    """A case that was reopened or closed meanwhile is not closed by an older result; its reply is still given."""
    simulator, system = town
    data = Resolved(version=2, round=1, outcome=Outcome.DONE, public_reply="已办")
    for index, record in enumerate((a_record("elsewhere"), a_record("resolved").with_(round=2))):
        assert hear(data, a_desk(system, record, {"service-order": "DD-1"}, key=f"k{index}")) == []
    assert len(simulator.records["DD-1"]["replies"]) == 2
    current = a_desk(system, a_record("resolved"), {"service-order": "DD-1"}, key="k3")
    assert hear(data, current) == [Close(case_id=CASE, replied_at=NOW)]


def test_an_origin_elsewhere_replies_itself(town: tuple[Simulator, w.System]) -> None:
    """Only the origin speaks to the resident: at any other center a result is a note."""
    simulator, system = town
    data = Resolved(version=2, round=1, outcome=Outcome.DONE, public_reply="已办")
    assert hear(data, a_desk(system, a_record("resolved", PARTY), {"order": "GD-1"})) == []
    assert [effect["what"] for effect in simulator.effects] == ["note"]


def test_an_order_is_seen_though_its_photo_is_away(town: tuple[Simulator, w.System]) -> None:
    """The holder of a photo being away does not keep the order from staff, and the retry makes no second order."""
    simulator, system = town
    data = Offered(version=1, offer_id=new_id(), case=a_case(PARTY), path=(PARTY,))

    def away(_attachment: Attachment) -> bytes:
        raise RetryLater("holder-away")

    context = a_desk(system, a_record("asked", PARTY), {})
    with pytest.raises(RetryLater):
        hear(data, HandlerContext(ME, NOW, "key-1", system, context.record, {}, away))
    assert [effect["what"] for effect in simulator.effects] == ["order"]
    assert [type(item) for item in hear(data, context)] == [Link]
    assert [effect["what"] for effect in simulator.effects] == ["order", "photo"]


def test_every_record_of_a_case_hears_the_news_under_any_id(town: tuple[Simulator, w.System]) -> None:
    """A line stands on each of our records of the case, though an id holds a slash, a space or a question mark."""
    simulator, system = town
    natives = {"wish": "心愿/2021 ?17#a", "order": "GD-1", "assist-order": "GD-2"}
    hear(Closed(version=2, round=1, replied_at=NOW), a_desk(system, a_record("elsewhere"), natives))
    assert {r["id"]: r["status"] for r in simulator.records.values()} == dict.fromkeys(natives.values(), "closed")


def test_people_and_staff_act_through_the_stand_in(town: tuple[Simulator, w.System], told: Told) -> None:
    """What residents, staff and teams do changes the simulator's records and is told to the intake as valid forms."""
    _, system = town
    wish = {"client_name": "居民乙", "text": "一盏台灯", "division": "150402", "to": [PARTY]}
    served = {"action": "resolve", "reply": "已送到", "team": "青年队", "hours": 1.5}
    with httpx.Client(base_url=system._backend.url, trust_env=False) as people:
        wished = people.post("/residents/wishes", json=wish).json()["id"]
        ordered = people.post("/residents/orders", json={"resident": "甲", "item": "法律服务", "division": "150402"})
        order = system.open("/orders", mapping.order(w.Order(a_case(PARTY), "handle", PARTY), ME), key="k")
        for path, event in (
            (f"residents/wishes/{wished}", {"action": "rate", "stars": 5}),
            (f"residents/orders/{ordered.json()['id']}", {"action": "urge", "text": "请快些"}),
            (f"staff/orders/{order}", {"action": "accept", "team": "青年队"}),
            (f"staff/orders/{order}", served),
        ):
            people.post(f"/{path}/events", json=event).raise_for_status()
        assert people.post("/staff/orders/nobody/events", json={"action": "accept"}).status_code == 404
        assert people.get(f"/records/{order}").json()["status"] == "resolved"
        assert people.get("/teams").json() == {"青年队": 1.5}
    assert [form for form, _ in told] == ["wish", "order", *["order-event"] * 4]
    for form, body in told:
        center.forms[form].model.model_validate_json(json.dumps(body))
    named = [[name for name in ("wish_no", "order_no", "case_id") if name in body] for _, body in told[2:]]
    assert named == [["wish_no"], ["order_no"], ["case_id"], ["case_id"]]


def test_autopilot_accepts_and_resolves(town: tuple[Simulator, w.System], told: Told) -> None:
    """With the autopilot on, an offered order is accepted and resolved at once, a request for help answered."""
    simulator, system = town
    simulator.autopilot = True
    purposes: tuple[w.Purpose, ...] = ("handle", "assist", "imposed", "arbitrate")
    for purpose in purposes:
        system.open("/orders", mapping.order(w.Order(a_case(PARTY), purpose, PARTY), ME), key=purpose)
    assert [body["event"]["action"] for _, body in told] == ["accept", "resolve", "answer-assist", "resolve"]


@pytest.mark.parametrize(("winner", "acts"), [(ME, ["accept", "resolve"]), (PARTY, ["accept"])])
def test_autopilot_resolves_what_it_won(
    winner: str, acts: list[str], town: tuple[Simulator, w.System], told: Told
) -> None:
    """Of an open offer the autopilot bids, and resolves it only when it is granted to this center."""
    simulator, system = town
    simulator.autopilot = True
    data = Offered(version=1, offer_id=new_id(), mode=Mode.OPEN, case=a_case(PARTY), path=(PARTY,))
    [link] = hear(data, a_desk(system, a_record("asked", PARTY), {}))
    granted = Granted(version=2, offer_id=data.offer_id, to=winner)
    hear(granted, a_desk(system, a_record("asked", PARTY), {"order": link.native_id}, key="k2"))
    assert [body["event"]["action"] for _, body in told] == acts


def test_every_reason_and_item_is_known_both_ways() -> None:
    """The platform's reasons are the bus's reasons, and its menu survives the way there and back."""
    assert {reason.name for reason in native.ReturnReason} == {reason.name for reason in Reason}
    for item in native.MenuItem:
        assert mapping.ITEMS.word(mapping.ITEMS.name(item)) is item
    assert mapping.ITEMS.word("never-heard-of") is native.MenuItem.OTHER


@pytest.mark.parametrize("change", [{"phone": "call me"}, {"division": "左旗"}, {"text": ""}, {"photos": ["x"]}])
def test_a_wrong_form_is_refused_without_its_values(change: dict[str, Any]) -> None:
    """A broken form is refused by its model, and the refusal repeats nothing of what it held."""
    raw = json.loads((FOLDER / "samples/in/wish.s02.json").read_text(encoding="utf-8"))
    with pytest.raises(ValidationError) as refused:
        native.Wish.model_validate_json(json.dumps({**raw, **change}))
    assert "call me" not in str(refused.value)
    assert raw["client_name"] not in str(refused.value)


def test_a_promise_stays_within_the_bounds_of_the_bus() -> None:
    """The longest team and promise still make a command."""
    longest = native.Accepting(action="accept", team="队" * 200, promise="诺" * 7000)
    command = longest.command(front_desk({}), CASE)
    assert isinstance(command, Accept)
    assert (command.commitment or "").endswith("诺")
    served = native.Resolving(action="resolve", reply="好", team="队" * 200, hours=9999.5, internal="注" * 7000)
    assert len(served.internal_note() or "") < 8000
