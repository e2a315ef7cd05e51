"""The government service center's adapter: forms become commands, messages become effects on its work orders."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args
from uuid import UUID

import httpx
import pytest
from pydantic import BaseModel, ValidationError

from adapters.government_service import holds, mapping, native
from adapters.government_service.handlers import center
from adapters.government_service.simulator import Simulator
from bus import (
    Attachment,
    BackendClient,
    Case,
    Close,
    Closed,
    HandlerContext,
    IntakeContext,
    Link,
    Offered,
    Outcome,
    Person,
    Progressed,
    Rated,
    Reason,
    Record,
    Reject,
    Resolved,
    RetryLater,
    Return,
    Ruled,
    Ruling,
    Status,
)
from bus import workorders as w
from bus.contract.envelope import compose
from bus.contract.ids import new_id
from bus.contract.messages import BY_NAME

FOLDER = Path(__file__).parents[2] / "adapters" / "government_service"
IN = sorted(p for p in (FOLDER / "samples/in").glob("*.json") if not p.name.endswith(".expect.json"))
OUT = sorted(p for p in (FOLDER / "samples/out").glob("*.json") if not p.name.endswith(".effect.json"))
ME, PARTY, MEDIA = "government_service-152223", "party_service-152223100", "media_center-152223"
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
CASE = UUID("0192f0c1-0000-7000-8000-000000000002")
Told = list[tuple[str, dict[str, Any]]]
Town = tuple[Simulator, w.System]


def a_case(origin: str = ME) -> Case:
    raw = json.loads((FOLDER / "samples/out/case.offered.json").read_text(encoding="utf-8"))["case"]
    return Case.model_validate_json(json.dumps({**raw, "origin": origin}))


def a_record(status: Status = Status.OPEN, origin: str = ME) -> Record:
    returned = Return(offer_id=new_id(), by=PARTY, reason=Reason.NOT_DUTY, at=NOW)
    return Record(
        me=ME, case=a_case(origin), holder=PARTY, version=2, path=(origin, PARTY), status=status, returns=(returned,)
    )


class Routes:
    def __init__(self, known: dict[str, str]) -> None:
        self.known = known

    def find(self, category: str, division: str) -> str | None:
        return self.known.get(f"{category}/{division}")


def front_desk(given: dict[str, Any]) -> IntakeContext:
    links = {tuple(key.split("/", 1)): UUID(case) for key, case in given.get("links", {}).items()}

    def find(system: str, native_id: str) -> UUID:
        if (system, native_id) not in links:
            raise Reject("unknown-record")
        return links[system, native_id]

    return IntakeContext(
        me=ME,
        now=NOW,
        find=find,
        record=lambda _case_id: a_record(),
        attachment=lambda digest: Attachment(sha256=digest, size=4, media_type="image/jpeg"),
        number=lambda: "GOVERNMENTSERVICE-20261123-00001",
        new_id=new_id,
        routes=Routes(given.get("routes", {})),
    )


def paper(attachment: Attachment) -> bytes:
    return (FOLDER / "samples/photos" / attachment.sha256).read_bytes()


def a_desk(system: w.System, record: Record, natives: dict[str, str], key: str = "key-1") -> HandlerContext[w.System]:
    return HandlerContext(me=ME, now=NOW, key=key, system=system, record=record, natives=natives, fetch=paper)


def opened_by(system: w.System, purpose: w.Purpose, key: str) -> str:
    order = mapping.order(w.Order(a_case(MEDIA), purpose, MEDIA))
    return system.open("/orders", order, key=key, named="order_no")


def said(data: Any, source: str = PARTY) -> Any:
    return compose(data, source=source, recipient=ME, now=NOW, subject=CASE, sequence=1)


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
def town(served: tuple[Simulator, BackendClient], told: Told) -> Town:
    """A vendor's system in which nothing has happened yet."""
    assert told == []
    simulator, backend = served
    for kept in (simulator.records, simulator.materials, simulator.effects, simulator._done):
        kept.clear()
    simulator.repeats, simulator.autopilot = 0, False
    return simulator, w.System(backend)


@pytest.mark.parametrize("path", OUT, ids=lambda p: p.stem)
def test_a_message_has_the_effect_of_its_sample(path: Path, town: Town) -> None:
    """Every golden message changes the vendor's orders as the sample says, and its repeat changes nothing more."""
    simulator, system = town
    wanted = json.loads(path.with_suffix(".effect.json").read_text(encoding="utf-8"))
    given, data = wanted["given"], BY_NAME[path.stem].model_validate_json(path.read_text(encoding="utf-8"))
    message = said(data, given["source"])
    status = Status.RESOLVED if path.stem == "case.resolved" else Status.OPEN
    context = a_desk(system, a_record(status, ME if given["role"] == "origin" else MEDIA), given["natives"])
    first = [shown(item) for item in center.handlers[path.stem](context, message)]
    assert includes(first, wanted["commands"]), first
    assert [effect["what"] for effect in simulator.effects] == [effect["what"] for effect in wanted["effects"]]
    for effect in wanted["effects"]:
        records = [*simulator.records.values(), {}]
        assert any(includes(record, effect["record"]) for record in records), records
    again = [shown(item) for item in center.handlers[path.stem](context, message)]
    assert again == first
    assert len(simulator.effects) == len(wanted["effects"]) == simulator.repeats


def test_every_act_has_a_sample() -> None:
    """No act of staff or caller is without a golden form."""
    acts = {json.loads(p.read_text(encoding="utf-8"))["event"]["action"] for p in IN if p.name.startswith("order-")}
    assert acts == {get_args(act.model_fields["action"].annotation)[0] for act in native.ACTS}


def test_an_order_without_a_route_stays_here() -> None:
    """No route is no reason to turn a caller away: the case is registered and held by this center."""
    raw = (FOLDER / "samples/in/work-order.s15.json").read_text(encoding="utf-8")
    items = center.forms["work-order"].handler(front_desk({}), native.WorkOrder.model_validate_json(raw))
    assert [type(item).__name__ for item in items] == ["Register"]


def test_an_event_on_an_unknown_order_is_refused() -> None:
    """An order of which the bus has no case is named as such, not guessed."""
    told = {"event_id": "1", "order_no": "nobody's", "event": {"action": "urge", "text": "快"}}
    event = native.OrderEvent.model_validate(told)
    with pytest.raises(Reject, match="unknown-record"):
        list(center.forms["order-event"].handler(front_desk({}), event))


def test_an_instant_answer_is_told_and_closed(town: Town) -> None:
    """S09: the case that was answered on the spot is answered in the hall's system, marked instant, and closed."""
    simulator, system = town
    data = Resolved(version=1, round=1, outcome=Outcome.EXPLAINED, public_reply="可网上办理", instant=True)
    context = a_desk(system, a_record(Status.RESOLVED), {"work-order": "DZ-1"})
    assert list(center.handlers["case.resolved"](context, said(data, ME))) == [Close(case_id=CASE, replied_at=NOW)]
    assert simulator.records["DZ-1"]["answers"][0]["instant"] is True


def test_a_result_that_came_too_late_is_told_but_closes_nothing(town: Town) -> None:
    """A case that was closed or reopened meanwhile is not closed by an older result."""
    simulator, system = town
    data = Resolved(version=2, round=1, outcome=Outcome.DONE, public_reply="已办")
    later = a_record(Status.RESOLVED).with_(round=2)
    for index, record in enumerate((a_record(Status.CLOSED), a_record(Status.OPEN), later)):
        context = a_desk(system, record, {"work-order": "DZ-1"}, key=f"k{index}")
        assert list(center.handlers["case.resolved"](context, said(data))) == []
    assert len(simulator.records["DZ-1"]["answers"]) == 3


def test_a_case_imposed_on_its_origin_keeps_its_order(town: Town) -> None:
    """S21: ruled back to the center that has an order of it, the order is marked imposed, and no second one is made."""
    simulator, system = town
    ruled = Ruled(version=1000, ruling=Ruling.UPHELD, holder=ME, text="由你中心承办", case=a_case(), path=(ME,))
    assert list(center.handlers["case.ruled"](a_desk(system, a_record(), {"work-order": "DZ-1"}), said(ruled))) == []
    assert [record["status"] for record in simulator.records.values()] == ["imposed"]
    other = ruled.model_copy(update={"holder": PARTY})
    context = a_desk(system, a_record(), {"work-order": "DZ-1"}, key="k2")
    assert list(center.handlers["case.ruled"](context, said(other, MEDIA))) == []
    assert simulator.records["DZ-1"]["steps"][-1]["by"] == PARTY


def test_every_order_of_a_case_hears_the_news(town: Town) -> None:
    """Where a case has an order to handle and one to help, a line stands on both, and a rating likewise."""
    simulator, system = town
    natives = {"work-order": "GD-1", "assist-order": "GD-2"}
    center.handlers["case.closed"](
        a_desk(system, a_record(), natives), said(Closed(version=2, round=1, replied_at=NOW))
    )
    center.handlers["case.rated"](a_desk(system, a_record(), natives, "k2"), said(Rated(version=2, round=1, grade=5)))
    counts = [(len(order["steps"]), len(order["grades"])) for order in simulator.records.values()]
    assert counts == [(1, 1), (1, 1)]


def test_an_extension_counts_from_what_was_promised() -> None:
    """延期 begins at the promise that stands now, else at the case's own deadline, else today."""
    promised = a_record().with_(due=datetime(2026, 12, 1, 12, tzinfo=UTC))
    bare = a_record().with_(case=a_case().model_copy(update={"due": None}))
    days = [holds.later(record, 1, NOW) for record in (promised, a_record(), bare)]
    assert [day.date().isoformat() for day in days] == ["2026-12-02", "2026-11-30", "2026-11-24"]


def test_the_five_grades_are_told_apart_both_ways() -> None:
    """好差评: 非常满意 is 5, 非常不满意 is 1, and each number is one grade."""
    assert [w.grade_of(grade) for grade in holds.Satisfaction] == [5, 4, 3, 2, 1]
    assert w.label(w.Grade(5)).zh == holds.Satisfaction["DELIGHTED"].value
    assert w.label(w.Grade(1)).zh == "非常不满意"


def test_every_reason_and_sphere_is_known_both_ways() -> None:
    """The hotline's reasons are the bus's reasons, and its spheres survive the way there and back."""
    assert {reason.name for reason in native.ReturnReason} == {reason.name for reason in Reason}
    for sphere in native.Sphere:
        assert mapping.SPHERES.word(mapping.SPHERES.name(sphere)) is sphere
    assert mapping.SPHERES.word("never-heard-of") is native.Sphere.OTHER


def test_all_that_is_known_of_the_caller_reaches_the_handler() -> None:
    """Name, phone, identity card, address and agent stand on the order; of a hidden caller nothing does."""
    who = Person(name="居民乙", phone="13800000002", id_card="11010519491231002X", address="某苏木", agent="网格员")
    order = mapping.order(w.Order(a_case(MEDIA).model_copy(update={"resident": who}), "handle", MEDIA))
    assert (order["caller"], order["phone"], order["id_card"], order["address"], order["agent"]) == (
        who.name,
        who.phone,
        who.id_card,
        who.address,
        who.agent,
    )
    hidden = mapping.order(w.Order(a_case(MEDIA).without_resident(), "handle", MEDIA))
    assert not {"caller", "phone", "id_card", "address", "agent"} & hidden.keys()


def test_an_order_is_seen_though_its_papers_are_away(town: Town) -> None:
    """The holder of a photo being away does not keep the order from staff, and the retry makes no second order."""
    simulator, system = town
    message = said(Offered(version=1, offer_id=new_id(), case=a_case(MEDIA), path=(MEDIA,)), MEDIA)

    def away(_attachment: Attachment) -> bytes:
        raise RetryLater("holder-away")

    with pytest.raises(RetryLater):
        list(center.handlers["case.offered"](HandlerContext(ME, NOW, "key-1", system, a_record(), {}, away), message))
    assert [effect["what"] for effect in simulator.effects] == ["order"]
    assert [type(one) for one in center.handlers["case.offered"](a_desk(system, a_record(), {}), message)] == [Link]
    assert [effect["what"] for effect in simulator.effects] == ["order", "material"]


def test_the_caller_reads_progress_and_nothing_between_staff(town: Town, told: Told) -> None:
    """S15: the caller sees what is meant for him, and what he and staff do is told as valid forms."""
    _, system = town
    with httpx.Client(base_url=system._backend.url, trust_env=False) as people:
        form = {"title": "路面有落石", "text": "有石块", "division": "152223100"}
        number = people.post("/callers/orders", json=form).json()["order_no"]
        for index, public in enumerate((True, False)):
            data = Progressed(version=2, stage="on-site", text=f"第{index}次到场", public=public)
            center.handlers["case.progressed"](
                a_desk(system, a_record(), {"work-order": number}, f"k{index}"), said(data)
            )
        rating = {"action": "rate", "satisfaction": "非常满意"}
        assert people.post(f"/callers/orders/{number}/events", json=rating).status_code == 200
        opened = opened_by(system, "handle", "k")
        back = people.post(f"/staff/orders/{opened}/events", json={"action": "return", "reason": "重复"})
        assert back.status_code == 200
        assert people.post("/staff/orders/none/events", json={"action": "accept"}).status_code == 404
        read = people.get(f"/callers/orders/{number}").json()
        assert {record["status"] for record in people.get("/records").json()} == {"handling", "returned"}
    assert [step["text"] for step in read["steps"]] == ["第0次到场"]
    assert [form for form, _ in told] == ["work-order", "order-event", "order-event"]
    for name, body in told:
        center.forms[name].model.model_validate_json(json.dumps(body))


def test_autopilot_signs_and_resolves(town: Town, told: Told) -> None:
    """With the autopilot on, an offered order is signed for and resolved at once, a request for help answered."""
    simulator, system = town
    simulator.autopilot = True
    opened_by(system, "handle", "1")
    opened_by(system, "assist", "2")
    opened_by(system, "imposed", "3")
    opened_by(system, "arbitrate", "4")
    assert [body["event"]["action"] for _, body in told] == ["accept", "resolve", "answer-assist", "resolve"]


@pytest.mark.parametrize(
    "change", [{"phone": "call me"}, {"division": "音德尔"}, {"text": ""}, {"materials": ["x"]}, {"id_card": "1"}]
)
def test_a_wrong_form_is_refused_without_its_values(change: dict[str, Any]) -> None:
    """A broken form is refused by its model, and the refusal repeats nothing of what it held."""
    raw = json.loads((FOLDER / "samples/in/work-order.s15.json").read_text(encoding="utf-8"))
    with pytest.raises(ValidationError) as refused:
        native.WorkOrder.model_validate_json(json.dumps({**raw, **change}))
    assert "call me" not in str(refused.value)
    assert raw["caller"] not in str(refused.value)


def test_an_identity_card_with_a_wrong_digit_is_refused() -> None:
    """The check digit is looked at when the form becomes a case, and the number is not repeated."""
    raw = json.loads((FOLDER / "samples/in/work-order.item.json").read_text(encoding="utf-8"))
    form = native.WorkOrder.model_validate_json(json.dumps({**raw, "id_card": "110105194912310021"}))
    with pytest.raises(ValidationError) as refused:
        list(center.forms["work-order"].handler(front_desk({}), form))
    assert "110105194912310021" not in str(refused.value)
