"""The party service centers' adapter: ledgers, meetings and claims become commands, messages become effects."""

import io
import json
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from openpyxl import Workbook, load_workbook
from pydantic import ValidationError

from adapters.party_service import acts, handlers, ledger, native
from adapters.party_service.handlers import center
from adapters.party_service.simulator import Simulator
from bus import (
    Accept,
    BackendClient,
    Case,
    Claim,
    Close,
    Granted,
    Ground,
    Link,
    Offer,
    Outcome,
    Progressed,
    Rater,
    Reason,
    Reject,
    Report,
    Resolved,
    Ruled,
    Ruling,
)
from bus import workorders as w
from bus.contract.envelope import compose
from bus.contract.ids import new_id
from bus.contract.messages import BY_NAME
from bus.custody import Rating, Result
from bus.testing.samples import samples_of
from tests.harness.handler_contexts import CASE, NOW, PEER, a_case, a_desk, a_record, front_desk, shown

FOLDER = Path(__file__).parents[2] / "adapters" / "party_service"
IN = sorted(p for p in (FOLDER / "samples/in").glob("*.json") if not p.name.endswith(".expect.json"))
ME = "party_service-150402006"
Told = list[tuple[str, dict[str, Any]]]


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Simulator, BackendClient, str]]:
    simulator = Simulator(ME, "http://127.0.0.1:9", "whsec_c2VjcmV0")
    try:
        url = simulator.start()
        with BackendClient(url) as backend:
            yield simulator, backend, url
    finally:
        simulator.stop()


@pytest.fixture
def told(served: tuple[Simulator, BackendClient, str], monkeypatch: pytest.MonkeyPatch) -> Told:
    """The forms that the simulator tells, overheard instead of sent."""
    heard: Told = []
    monkeypatch.setattr(served[0], "tell", lambda form, body: heard.append((form, body)))
    return heard


@pytest.fixture
def town(served: tuple[Simulator, BackendClient, str], told: Told) -> tuple[Simulator, w.System]:
    """A platform on which nothing has happened yet."""
    assert told == []
    simulator = served[0]
    for kept in (simulator.records, simulator.photos, simulator.bulletins, simulator.effects, simulator._done):
        kept.clear()
    simulator.autopilot = False
    return simulator, w.System(served[1])


@pytest.fixture
def people(served: tuple[Simulator, BackendClient, str], town: object) -> Iterator[httpx.Client]:
    """Residents and staff at the platform."""
    assert town
    with httpx.Client(base_url=served[2], trust_env=False) as client:
        yield client


def hear(desk: Any, data: Any, source: str = PEER) -> list[Any]:
    message = compose(data, source=source, recipient=ME, now=NOW, subject=CASE, sequence=1)
    return list(center.handlers[data.kind](desk, message))


def test_every_word_of_the_platform_is_a_word_of_the_bus() -> None:
    """Reasons, results, pleas, judges and grades are the bus's own, and kinds of matter survive there and back."""
    pairs = ((acts.ReturnReason, Reason), (acts.Finding, Outcome), (acts.Plea, Ground), (acts.Judge, Rater))
    for theirs, ours in pairs:
        assert set(theirs.__members__) == set(ours.__members__)
    assert sorted(w.grade_of(s) for s in acts.Satisfaction) == [1, 2, 3, 4, 5]
    for sphere in native.Sphere:
        assert native.SPHERES.word(native.SPHERES.name(sphere)) is sphere
    assert native.SPHERES.word("never-heard-of") is native.Sphere["OTHER"]
    channels = [a_case(FOLDER).model_copy(update={"channel": code}) for code in ("phone", "app")]
    written = [row[5] for row in ledger.rows(a_record(FOLDER, ME).with_(case=case) for case in channels)]
    assert written == ["来源", "来电", "app"]


def test_a_meeting_sent_again_makes_no_third_case() -> None:
    """S06: two suggestions of one meeting are two cases, in whatever order and batch they come again."""
    raw = (FOLDER / "samples/in/meeting.s06.json").read_text(encoding="utf-8")
    meeting = native.Meeting.model_validate_json(raw)
    links = {("matter", f"YSH-20210610-{no}"): new_id() for no in (1, 2)}
    again = meeting.model_copy(update={"event_id": "BS-2", "suggestions": meeting.suggestions[::-1]})
    items: list[Any] = list(center.forms["meeting"].handler(front_desk(FOLDER, ME, {}, links), again))
    assert [(type(i), i.case_id) for i in items] == [(Link, case_id) for case_id in reversed(links.values())]
    third = meeting.model_copy(update={"suggestions": (meeting.suggestions[0].model_copy(update={"no": 3}),)})
    [registered] = center.forms["meeting"].handler(front_desk(FOLDER, ME, {}, links), third)
    assert shown(registered)["case"]["source"]["record"] == "YSH-20210610-3"


def test_two_suggestions_with_one_number_are_refused() -> None:
    """A meeting in which a number stands twice would make one case of two matters."""
    body = json.loads((FOLDER / "samples/in/meeting.s06.json").read_text(encoding="utf-8"))
    body["suggestions"][1]["no"] = 1
    with pytest.raises(ValidationError, match="number them"):
        native.Meeting.model_validate_json(json.dumps(body))


def test_an_entry_without_a_route_stays_here() -> None:
    """No route is no reason to turn a resident away: the case is registered and held by this center."""
    entry = native.Entry(matter_no="1", text="路灯不亮", division="150402006")
    assert [type(i).__name__ for i in center.forms["entry"].handler(front_desk(FOLDER, ME, {}), entry)] == ["Register"]


@pytest.mark.parametrize(
    ("me", "division", "level", "expected"),
    [
        ("party_service-150402", "150402006006", "down", "party_service-150402006"),
        ("party_service-150402006", "150402006006", "down", "party_service-150402006006"),
        ("party_service-150402006006", "150402006006", "down", None),
        ("party_service-150402", "150402", "down", None),
        ("party_service-150402006", "150403001001", "down", None),
        ("party_service-150402006006", "150402006006", "up", "party_service-150402006"),
        ("party_service-150402006", "150402006006", "up", "party_service-150402"),
        ("party_service-150402", "150402006006", "up", None),
    ],
)
def test_the_three_levels_know_each_other(me: str, division: str, level: str, expected: str | None) -> None:
    """One level down goes towards the place of the matter, one level up to whom the center belongs."""
    assert w.neighbour(me, division, level) == expected


def test_a_level_that_is_not_there_is_refused_with_the_cure() -> None:
    """A county's center has nobody above it: staff are told to name a center."""
    told = {"event_id": "1", "matter_no": "m", "case_id": CASE, "event": {"action": "dispatch", "level": "up"}}
    event = native.OrderEvent.model_validate(told)
    with pytest.raises(Reject, match="no-such-level"):
        list(center.forms["order-event"].handler(front_desk(FOLDER, "party_service-150402", {}), event))
    with pytest.raises(ValidationError, match="not both"):
        native.OrderEvent.model_validate(told | {"event": {"action": "dispatch", "level": "up", "to": (PEER,)}})


def test_a_matter_is_claimed_once_in_each_round() -> None:
    """S16: the second claim of a matter is refused with a code, the claim of an offered matter takes it."""
    act = acts.Claiming(action="claim", claimant="领导甲")
    event = native.OrderEvent(event_id="1", matter_no="m", case_id=CASE, event=act)
    report, claim, ticket = center.forms["order-event"].handler(front_desk(FOLDER, ME, {}), event)
    assert isinstance(report, Report)
    assert claim == Claim(case_id=CASE, claimant="领导甲")
    assert isinstance(ticket, Link)
    links = {(ticket.system, ticket.native_id): CASE}
    with pytest.raises(Reject, match="claimed"):
        center.forms["order-event"].handler(front_desk(FOLDER, ME, {}, links), event)
    taken, *_ = center.forms["order-event"].handler(front_desk(FOLDER, ME, {"record": "asked"}), event)
    assert isinstance(taken, Accept)


def test_of_many_claims_at_once_one_wins(people: httpx.Client, told: Told) -> None:
    """Sixteen leaders press the button together: one is told yes, and one form goes out."""
    matter = people.post("/staff/entries", json={"text": "路灯", "division": "150402", "board": True}).json()["id"]
    assert [one["id"] for one in people.get("/staff/board").json()] == [matter]

    def claim(number: int) -> int:
        event = {"action": "claim", "claimant": f"领导{number}"}
        return people.post(f"/staff/orders/{matter}/events", json=event).status_code

    with ThreadPoolExecutor(16) as leaders:
        answers = sorted(leaders.map(claim, range(16)))
    assert answers == [200] + [409] * 15
    assert [form for form, _ in told] == ["entry", "order-event"]
    assert people.get("/staff/board").json() == []


def test_a_promise_with_a_date_is_filed_as_a_notice(town: tuple[Simulator, w.System]) -> None:
    """S10: 整改通知单 stands on the matter where the promise was heard; progress without a date files none."""
    simulator, system = town
    context = a_desk(system, FOLDER, a_record(FOLDER, ME, "elsewhere"), {"matter": "TZ-1"})
    due = NOW + timedelta(days=3)
    hear(context, Progressed(version=2, stage="notice-served", text="三日内清理", due=due))
    hear(
        a_desk(system, FOLDER, context.record, context.natives, "key-2"), Progressed(version=2, stage="x", text="在办")
    )
    [notice] = simulator.records["TZ-1"]["notices"]
    assert (notice["by"], notice["notice_no"]) == (PEER, "ZG-TZ-1-1")
    assert len(simulator.records["TZ-1"]["steps"]) == 2


def test_staff_who_promise_a_date_serve_a_notice(people: httpx.Client, told: Told) -> None:
    """S10: the community's own progress with a date issues the 整改通知单 in its platform."""
    matter = people.post("/staff/entries", json={"text": "占用车棚", "division": "150402"}).json()["id"]
    event = {"action": "progress", "text": "三日内清理", "due": "2021-04-27T18:00:00+08:00"}
    people.post(f"/staff/orders/{matter}/events", json=event).raise_for_status()
    assert people.get(f"/records/{matter}").json()["notices"][0]["by"] == ME
    assert told[-1][1]["event"] == event


def test_what_is_imposed_on_us_is_ours(town: tuple[Simulator, w.System]) -> None:
    """S21: a matter that we had sent back becomes imposed; one that we never had is opened; else it is news."""
    simulator, system = town
    case: Case = a_case(FOLDER)
    record = a_record(FOLDER, ME, "elsewhere")
    told_us = Ruled(version=1000, ruling=Ruling.IMPOSED, holder=ME, text="你承办", case=case, path=(ME,))
    assert hear(a_desk(system, FOLDER, record, {"matter": "SX-1"}), told_us) == []
    assert len(simulator.photos) == 1
    assert (simulator.records["SX-1"]["status"], simulator.records["SX-1"]["purpose"]) == ("imposed", "imposed")
    [link] = hear(a_desk(system, FOLDER, record, {}, "key-2"), told_us)
    assert simulator.records[link.native_id]["purpose"] == "imposed"
    told_other = told_us.model_copy(update={"holder": PEER})
    assert hear(a_desk(system, FOLDER, record, {"matter": "SX-2"}, "key-3"), told_other) == []
    assert simulator.records["SX-2"]["status"] == "ruled"
    assert simulator.records["SX-2"]["steps"][0]["by"] == PEER


def test_a_result_closes_only_the_current_round_of_our_own_case(town: tuple[Simulator, w.System]) -> None:
    """The origin replies and closes; an older result is told and closes nothing; elsewhere a result is a step."""
    simulator, system = town
    data = Resolved(version=2, round=1, outcome=Outcome.DONE, public_reply="已办")
    resolved = a_record(FOLDER, ME, "resolved")
    context = a_desk(system, FOLDER, resolved, {"matter": "TZ-1"})
    assert hear(context, data) == [Close(case_id=CASE, replied_at=NOW)]
    assert hear(a_desk(system, FOLDER, resolved.with_(round=2), {"matter": "TZ-1"}, "key-2"), data) == []
    assert len(simulator.records["TZ-1"]["replies"]) == 2
    theirs = resolved.with_(case=a_case(FOLDER))
    assert hear(a_desk(system, FOLDER, theirs, {"matter": "SX-1"}, "key-3"), data) == []
    assert simulator.records["SX-1"]["status"] == "resolved"
    assert simulator.records["SX-1"]["replies"] == []


def test_people_and_staff_act_through_the_stand_in(people: httpx.Client, told: Told) -> None:
    """What residents and staff do in the simulator is told to the intake as valid forms."""
    snapshot = people.post("/residents/snapshots", json={"text": "积水", "division": "150403003"}).json()["id"]
    meeting = {
        "occasion": "议事会",
        "division": "150402",
        "suggestions": [{"no": 1, "text": "甲"}, {"no": 2, "text": "乙"}],
    }
    held = people.post("/staff/meetings", json=meeting).json()
    again = people.post("/staff/meetings", json={**meeting, "meeting_no": held["id"]}).json()
    rated = {"action": "rate", "satisfaction": "满意"}
    people.post(f"/residents/matters/{snapshot}/events", json=rated).raise_for_status()
    assert people.post("/staff/orders/nobody/events", json={"action": "accept"}).status_code == 404
    assert again["matters"] == held["matters"]
    assert [form for form, _ in told] == ["entry", "meeting", "meeting", "order-event"]
    assert told[1][1]["event_id"] != told[2][1]["event_id"]
    for form, body in told:
        center.forms[form].model.model_validate_json(json.dumps(body))


def test_autopilot_takes_and_resolves(town: tuple[Simulator, w.System], told: Told) -> None:
    """With the autopilot on, an offered matter is accepted and resolved at once, a request for help answered."""
    simulator, system = town
    simulator.autopilot = True
    purposes: tuple[w.Purpose, ...] = ("handle", "assist", "imposed", "arbitrate")
    for purpose in purposes:
        handlers.matter(
            a_desk(system, FOLDER, a_record(FOLDER, ME), {}, purpose), w.Order(a_case(FOLDER), purpose, PEER)
        )
    assert [body["event"]["action"] for _, body in told] == ["accept", "resolve", "answer-assist", "resolve"]


def test_autopilot_resolves_an_open_offer_only_when_it_has_won(town: tuple[Simulator, w.System], told: Told) -> None:
    """A bid is no custody: staff begin when the matter is granted to them, and not when it is granted to others."""
    simulator, system = town
    simulator.autopilot = True
    record = a_record(FOLDER, ME, "asked")
    order = w.Order(a_case(FOLDER), "handle", PEER, several=True)
    opened = handlers.matter(a_desk(system, FOLDER, record, {}, "open"), order)
    granted = Granted(version=2, offer_id=new_id(), to=PEER)
    hear(a_desk(system, FOLDER, record, {"matter": opened}), granted)
    assert [body["event"]["action"] for _, body in told] == ["accept"]
    hear(a_desk(system, FOLDER, record, {"matter": opened}, "key-2"), granted.model_copy(update={"to": ME}))
    assert [body["event"]["action"] for _, body in told] == ["accept", "resolve"]


def test_a_withheld_resident_is_not_on_the_matter(town: tuple[Simulator, w.System]) -> None:
    """A case that comes without its resident becomes a matter without one."""
    simulator, system = town
    order = w.Order(a_case(FOLDER).without_resident(), "handle", PEER)
    matter = simulator.records[handlers.matter(a_desk(system, FOLDER, a_record(FOLDER, ME), {}), order)]
    assert ("resident" in matter, "phone" in matter, matter["level"]) == (False, False, "village")


# -- the ledger ----------------------------------------------------------------------------------------------------

HEADINGS = [
    "事项编号",
    "来源",
    "居民姓名",
    "联系电话",
    "身份证号",
    "类别",
    "内容",
    "区划代码",
    "登记时间",
    "紧急",
    "承办中心",
    "备注",
]
GOOD = [
    "TZ-1",
    "走访",
    "居民甲",
    "13800000001",
    "11010519491231002X",
    "物业",
    "路灯不亮",
    "150402006",
    "2021-06-01 09:30",
    "是",
    PEER,
    "x",
]


def as_csv(*rows: list[Any], encoding: str = "utf-8-sig") -> bytes:
    return "\r\n".join(",".join(map(str, row)) for row in rows).encode(encoding)


def as_xlsx(*rows: list[Any]) -> bytes:
    book, out = Workbook(), io.BytesIO()
    for row in rows:
        book.worksheets[0].append(row)
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    "content",
    [as_csv(HEADINGS, GOOD), as_csv(HEADINGS, GOOD, encoding="gb18030"), as_xlsx(HEADINGS, GOOD)],
    ids=["utf-8", "gb18030", "xlsx"],
)
def test_a_row_becomes_an_entry_from_every_kind_of_file(content: bytes) -> None:
    """CSV in both encodings of China and XLSX give one and the same form, which the intake registers."""
    [row] = ledger.read(content)
    assert (row.number, row.faults) == (2, ())
    assert row.entry is not None
    assert row.entry.model_dump(mode="json", exclude_defaults=True) == {
        "matter_no": "TZ-1", "channel": "走访", "resident": "居民甲", "phone": "13800000001",
        "id_card": "11010519491231002X", "sphere": "物业", "text": "路灯不亮", "division": "150402006",
        "received_at": "2021-06-01T09:30:00+08:00", "urgent": True, "to": [PEER],
    }  # fmt: skip
    registered, offer = handlers.entry(front_desk(FOLDER, ME, {}), row.entry)
    assert isinstance(offer, Offer)
    assert shown(registered)["case"]["channel"] == "visit"


def test_numbers_and_dates_of_a_spreadsheet_are_understood() -> None:
    """A spreadsheet makes numbers of codes and phones, and dates of dates; that is no fault of who typed them."""
    row = dict(zip(HEADINGS, GOOD, strict=True)) | {
        "联系电话": 13800000001,
        "区划代码": 150402006006.0,
        "登记时间": NOW.replace(tzinfo=None),
        "身份证号": None,
        "紧急": False,
    }
    [read] = ledger.read(as_xlsx(HEADINGS, list(row.values()), [None] * 12))
    assert read.entry is not None, read.faults
    assert (read.entry.phone, read.entry.division) == ("13800000001", "150402006006")
    assert read.entry.received_at is not None
    assert read.entry.received_at.isoformat() == "2026-11-23T09:00:00+08:00"


@pytest.mark.parametrize(
    ("heading", "value", "fault"),
    [
        ("区划代码", "红山区", "区划代码：格式不对"),
        ("类别", "天文", "类别：不在可选项中"),
        ("内容", "", "内容：必填"),
        ("身份证号", "110105194912310021", "身份证号：号码校验不通过"),
        ("紧急", "也许", "紧急：只能填 是 或 否"),
        ("登记时间", "昨天", "登记时间：格式不对"),
        ("承办中心", "某中心", "承办中心：格式不对"),
    ],
)
def test_a_bad_row_is_named_with_its_heading_and_without_its_value(heading: str, value: str, fault: str) -> None:
    """The good rows around a bad one are read; the fault says where and how, in two languages, and quotes nothing."""
    bad = dict(zip(HEADINGS, GOOD, strict=True)) | {heading: value, "事项编号": "TZ-2"}
    rows = list(ledger.read(as_csv(HEADINGS, GOOD, list(bad.values()), [*["TZ-3"], *GOOD[1:]])))
    assert [row.entry is not None for row in rows] == [True, False, True]
    assert rows[1].number == 3
    assert rows[1].faults[0].startswith(fault)
    assert " / " in rows[1].faults[0]
    assert value == "" or value not in "".join(rows[1].faults)


def test_a_card_number_that_the_spreadsheet_spoiled_is_told() -> None:
    """A card's number stored as a number has lost its last digits, and must not become another person's."""
    row = [*GOOD[:4], 110105194912310023, *GOOD[5:]]
    [read] = ledger.read(as_xlsx(HEADINGS, row))
    assert read.entry is None
    assert "存成了数字" in read.faults[0]


def test_a_number_that_stands_twice_is_told() -> None:
    """Two rows of one number would become one case, and one resident would never be answered."""
    rows = list(ledger.read(as_csv(HEADINGS, GOOD, GOOD)))
    assert [bool(row.faults) for row in rows] == [False, True]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe\x00\x81",
        as_csv(["事项编号", "内容"], ["1", "x"]),
        as_csv([*HEADINGS, "内容"], GOOD),
        b"PK\x03\x04 not a workbook",
        as_xlsx(HEADINGS, GOOD)[:-300],
        as_csv(HEADINGS) + b'\r\n"a"b",1',
    ],
    ids=["nothing", "encoding", "headings", "twice", "no-zip", "cut", "quotes"],
)
def test_a_file_that_is_no_ledger_is_refused_with_the_cure(content: bytes) -> None:
    """Whatever is wrong with the file as a whole, one error says so in two languages."""
    with pytest.raises(ledger.sheets.Unreadable, match=" / "):
        list(ledger.read(content))


def test_files_that_are_too_large_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes, rows and what an archive unpacks into are all bounded."""
    content, packed = as_csv(HEADINGS, GOOD, ["TZ-2", *GOOD[1:]]), io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "0" * 100_000)
    for name, limit, given in (("MOST_BYTES", 10, content), ("MOST_ROWS", 1, content), ("MOST_UNPACKED", 1000, packed)):
        with monkeypatch.context() as patch:
            patch.setattr(ledger.sheets, name, limit)
            with pytest.raises(ledger.sheets.Unreadable, match="分几份"):
                list(ledger.read(given if isinstance(given, bytes) else given.getvalue()))


def test_the_ledger_of_cases_carries_no_formula_and_no_resident() -> None:
    """What a resident wrote into a title is never carried out by a spreadsheet, and who he is stands in no cell."""
    record = a_record(FOLDER, ME, "resolved")
    case = record.case.model_copy(update={"title": '=HYPERLINK("http://x","y")'})
    result = Result(by=PEER, outcome=Outcome.DONE, public_reply="@已办")
    ratings = (Rating(round=1, rater=Rater.SURVEY, grade=1), Rating(round=1, rater=Rater.RESIDENT, grade=5))
    record = record.with_(case=case, result=result, ratings=ratings, due=NOW)
    csv_text = ledger.write_csv([record]).decode("utf-8-sig")
    sheet = load_workbook(io.BytesIO(ledger.write_xlsx([record]))).worksheets[0]
    headings, row = list(sheet.iter_rows(values_only=True))
    cells = dict(zip(headings, row, strict=True))
    assert cells["标题"] == "'" + case.title
    assert (cells["答复"], cells["满意度"], cells["状态"], cells["办理结果"]) == (
        "'@已办",
        "非常满意",
        "已办结待答复",
        "已解决",
    )
    assert cells["承诺期限"] == "2026-11-23 17:00"
    assert all(cell.data_type != "f" for line in sheet.iter_rows() for cell in line)
    for told in (csv_text, str(row)):
        assert case.resident is not None
        assert "居民甲" not in told
        assert "13800000001" not in told
    assert "'=HYPERLINK" in csv_text


def test_a_cell_that_we_made_harmless_reads_back_as_it_was() -> None:
    """The apostrophe before ``+86`` is ours, not the resident's."""
    row = [*GOOD[:3], "'+86 13800000001", *GOOD[4:]]
    [read] = ledger.read(as_csv(HEADINGS, row))
    assert read.entry is not None
    assert read.entry.phone == "+86 13800000001"


def test_staff_upload_a_ledger(people: httpx.Client, told: Told) -> None:
    """The good rows are entered, the bad ones named; a file that is none is refused."""
    content = as_xlsx(HEADINGS, GOOD, ["TZ-2", "走访", *[None] * 10])
    headers = {"content-type": "application/octet-stream"}
    answer = people.post("/staff/ledger", content=content, headers=headers).json()
    assert answer["entered"] == ["TZ-1"]
    assert [row["row"] for row in answer["rejected"]] == [3]
    assert people.post("/staff/ledger", content=b"x", headers=headers).status_code == 400
    [(form, body)] = told
    assert form == "entry"
    center.forms[form].model.model_validate_json(json.dumps(body))


def test_every_kind_has_a_golden_sample() -> None:
    """No accepted kind is without a sample of its effect."""
    names = [p.name for p in (FOLDER / "samples/out").glob("*.json")]
    accepted = samples_of("adapters.party_service").manifest["accepts"]
    assert all(f"{kind}.json" in names for kind in accepted)
    assert set(center.handlers) <= set(BY_NAME)
