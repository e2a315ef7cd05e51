"""The work desk of the SDK: what an adapter cannot forget, and what it says in its own words."""

import dataclasses
import json
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import pytest
from pydantic import TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

from bus import (
    Accepted,
    Attachment,
    BackendClient,
    Close,
    Closed,
    Handed,
    Link,
    Offered,
    Outcome,
    Person,
    Record,
    Reject,
    RejectCode,
    Resolve,
    Resolved,
    RetryCode,
    RetryLater,
    Ruled,
    Ruling,
    Strict,
    Urge,
)
from bus import workorders as w
from bus.contract.envelope import compose
from bus.contract.export import generate
from bus.contract.ids import new_id
from bus.contract.labels import LABELS, LISTS
from bus.contract.messages import CASE_KINDS, ArbitrationRequested, AssistRequested, Ground
from tests.harness.handler_contexts import CASE, NOW, PEER, a_case, a_desk, a_record, front_desk

FOLDER = Path(__file__).parents[2] / "adapters" / "media_center"
ME = "command_center-150402"
ORDERED = ("handle", "assist", "arbitrate", "imposed")


class Deeds:
    """A center's own system that writes down what is asked of it."""

    def __init__(self) -> None:
        self.done: list[tuple[str, str]] = []
        self.away = False

    def do(self, what: str, key: str) -> str:
        """One call."""
        if self.away:
            raise RetryLater(RetryCode.VENDOR_READ_TIMEOUT)
        self.done.append((what, key))
        return f"NR-{len(self.done)}"


def a_center(without: str = "") -> w.WorkCenter[Deeds]:
    """A center that says all that a desk needs but ``without``."""
    center = w.WorkCenter(kind="command_center", connect=lambda _: Deeds(), links=w.Links(own=("ticket",)))
    if without != "opens":
        center.opens()(lambda context, order: context.system.do(f"open {order.purpose}", context.key))
    if without != "answers":
        center.answers(lambda context, record, _reply: _none(context.system.do(f"answer {record.system}", context.key)))
    if without != "keeps":
        center.keeps(lambda context, _paper, _content: _none(context.system.do("keep", context.key)))
    if without != "completes":
        center.completes(lambda context, record, _m: _none(context.system.do(f"complete {record.system}", context.key)))
    if without != "otherwise":
        center.otherwise(lambda context, record, _m: _none(context.system.do(f"tell {record.system}", context.key)))
    return center


def _none(_id: str) -> None:
    return None


def hear(center: w.WorkCenter[Deeds], deeds: Deeds, data: Any, record: Record, natives: dict[str, str]) -> list[Any]:
    """What the center returns for a message of a peer."""
    message = compose(data, source=PEER, recipient=ME, now=NOW, subject=CASE, sequence=1)
    return list(center.handlers[data.kind](a_desk(deeds, FOLDER, record, natives), message))


@pytest.mark.parametrize("missing", ["opens", "answers", "keeps"])
def test_a_desk_that_lacks_something_is_refused_with_the_cure(missing: str) -> None:
    """No order without a link, no closing without an answer, no photo left behind: each is asked for by its name."""
    with pytest.raises(w.Incomplete, match=f"decorated with {missing}"):
        a_center(without=missing)


def test_a_desk_that_never_says_otherwise_does_not_start() -> None:
    """A kind without a handler is found before the center runs."""
    with pytest.raises(w.Incomplete, match="otherwise"):
        a_center(without="otherwise").check()
    a_center().check()


def test_a_desk_that_names_no_record_of_residents_is_refused() -> None:
    """Where the resident is answered must be said."""
    center = w.WorkCenter(kind="command_center", connect=lambda _: Deeds())
    center.opens()(lambda _context, _order: "")
    center.answers(lambda _context, _record, _reply: None)
    center.keeps(lambda _context, _paper, _content: None)
    with pytest.raises(w.Incomplete, match="links"):
        center.otherwise(lambda _context, _record, _message: None)


def test_every_kind_has_a_handler() -> None:
    """``otherwise`` takes all kinds of the contract that nobody else does; but who the resident is, only a function of
    its own can take, or else the directory would say that it is read."""
    every = {kind.kind for kind in CASE_KINDS}
    assert set(a_center().handlers) == every
    assert set(a_center(without="completes").handlers) == every - {"case.handed"}


def test_the_resident_completes_the_order_by_one_call() -> None:
    """The order that was opened for the case, and nothing else of it; without one there is nothing to complete."""
    center, deeds, told = a_center(), Deeds(), Handed(version=2, resident=Person(name="居民甲", phone="0476-8123456"))
    natives = {"order": "NR-1", "assist-order": "NR-2"}
    assert hear(center, deeds, told, a_record(FOLDER, ME), natives) == []
    assert deeds.done == [("complete order", "key-1")]
    assert hear(center, deeds, told, a_record(FOLDER, ME), {"assist-order": "NR-2"}) == []
    assert len(deeds.done) == 1


def test_the_body_that_completes_an_order_says_what_the_system_has_room_for() -> None:
    """In its own words; what is not known is left out."""
    told = Handed(version=2, resident=Person(name="居民甲", phone="0476-8123456", address="某小区"))
    message = compose(told, source=PEER, recipient=ME, now=NOW, subject=CASE, sequence=1)
    whole = {"case_id": CASE, "by": PEER, "caller": "居民甲", "phone": "0476-8123456", "address": "某小区"}
    assert w.handed(message, "caller", *w.WHO) == whole
    assert w.handed(message, "who", tel="phone") == {
        "case_id": CASE,
        "by": PEER,
        "who": "居民甲",
        "tel": "0476-8123456",
    }


@pytest.mark.parametrize("purpose", ["handle", "imposed", "assist", "arbitrate", "notice"])
def test_an_order_says_what_is_awaited_where_it_will_come(purpose: Any) -> None:
    """Only of what is ours to handle; of a resident that is known, nothing is said."""
    case = a_case(FOLDER)
    whole = w.Order(case, purpose, PEER)
    assert not {"resident_awaited", "phone_tail"} & whole.shown().keys()
    hint = Person(name="居*", phone_tail="3456", masked=True)
    masked = w.Order(case.model_copy(update={"resident": hint}), purpose, PEER).shown()
    assert masked["phone_tail"] == "3456"
    assert masked.get("resident_awaited") == ("居民信息待移交" if purpose in ("handle", "imposed") else None)


def test_nothing_is_handled_beside_otherwise() -> None:
    """A handler that comes after ``otherwise`` would never be asked, and is refused."""
    with pytest.raises(ValueError, match=r"two handlers for case\.accepted"):
        a_center().on(Accepted)(lambda _context, _message: [])


@pytest.mark.parametrize("purpose", ORDERED)
def test_what_is_opened_is_linked(purpose: str) -> None:
    """The record of every order belongs to its case, under the name for its purpose, and its photos are kept."""
    case, deeds = a_case(FOLDER), Deeds()
    data = {
        "handle": Offered(version=1, offer_id=new_id(), case=case, path=(PEER,)),
        "assist": AssistRequested(version=1, assist_id=new_id(), case=case, ask="请协助"),
        "arbitrate": ArbitrationRequested(version=1, ground=Ground.RETURNED, case=case, path=(PEER,)),
        "imposed": Ruled(version=1000, ruling=Ruling.IMPOSED, holder=ME, text="…", case=case, path=(ME,)),
    }[purpose]
    [link] = hear(a_center(), deeds, data, a_record(FOLDER, ME), {})
    name = {"assist": "assist-order", "arbitrate": "arbitration-order"}.get(purpose, "order")
    assert link == Link(case_id=CASE, system=name, native_id="NR-1")
    photo = [("keep", f"key-1:{case.attachments[0].sha256[:16]}")]
    assert deeds.done == [(f"open {purpose}", "key-1"), *(photo if purpose != "arbitrate" else [])]


def test_news_without_a_record_open_one() -> None:
    """What staff cannot see on any record becomes an order of its own, which is linked."""
    deeds = Deeds()
    closed = Closed(version=2, round=1, replied_at=NOW)
    [link] = hear(a_center(), deeds, closed, a_record(FOLDER, ME, "elsewhere"), {"thanks": "1"})
    assert link == Link(case_id=CASE, system="order", native_id="NR-1")
    assert deeds.done == [("open notice", "key-1:notice"), ("tell order", "key-1:order")]


def test_a_case_is_closed_after_the_answer_and_not_before() -> None:
    """While the resident cannot be answered nothing is closed; an older result is told and closes nothing."""
    center, deeds, record = a_center(), Deeds(), a_record(FOLDER, ME, "resolved")
    data = Resolved(version=2, round=1, outcome=Outcome.DONE, public_reply="已办")
    deeds.away = True
    with pytest.raises(RetryLater, match="vendor-readtimeout"):
        hear(center, deeds, data, record, {"ticket": "T-1"})
    deeds.away = False
    assert hear(center, deeds, data, record, {"ticket": "T-1"}) == [Close(case_id=CASE, replied_at=NOW)]
    assert hear(center, deeds, data, record.with_(round=2), {"ticket": "T-1"}) == []
    with pytest.raises(Reject, match="no-native-record"):
        hear(center, deeds, data, record, {})


class Ticket(Strict):
    """Acts on a ticket."""

    event_id: str
    ticket_no: str | None = None
    case_id: UUID | None = None
    event: Annotated[w.Act, w.one_of(w.act(w.Urging, "催办"), [w.act(w.Thanking, "致谢")])]


def test_acts_find_their_case_by_what_the_form_names() -> None:
    """A ticket of ours by its number, another center's by the case; a form that names neither is told what to name."""
    center = a_center()
    center.acts("ticket-act", Ticket, own={"ticket_no": "ticket"}, theirs="case_id")
    desk, ours = front_desk(FOLDER, ME, {}, {("ticket", "T-1"): CASE}), {"event_id": "1", "ticket_no": "T-1"}
    urging = {"event": {"action": "urge", "text": "请快些"}}
    handler = center.forms["ticket-act"].handler
    for named in (ours, {"event_id": "2", "case_id": CASE}):
        assert list(handler(desk, Ticket.model_validate(named | urging))) == [Urge(case_id=CASE, text="请快些")]
    thanked = Ticket.model_validate(ours | {"event": {"action": "thank", "text": "谢谢"}})
    assert list(handler(desk, thanked)) == [Link(case_id=CASE, system="thanks", native_id="1")]
    with pytest.raises(Reject, match="no-record") as refused:
        handler(desk, Ticket.model_validate({"event_id": "3"} | urging))
    assert refused.value.cure == "name ticket_no or case_id"


def test_an_act_is_written_in_the_words_of_its_system() -> None:
    """Names, types, titles, order and number of fields are the adapter's; what the act asks of the bus is the same."""
    word = w.chinese(w.Outcome, "Finding", "办理结果")
    resolving = w.act(
        w.Resolving, "办结", said="finish", of=("reply", "outcome"), outcome=w.As("finding", word), reply="答复"
    )
    schema = resolving.model_json_schema()
    assert list(schema["properties"]) == ["action", "reply", "finding"]
    assert (schema["properties"]["reply"]["title"], schema["description"]) == ("答复", "办结")
    told = resolving.model_validate_json('{"action": "finish", "reply": "已办", "finding": "已解释"}')
    assert json.loads(told.model_dump_json()) == {"action": "finish", "reply": "已办", "finding": "已解释"}
    [command] = told.commands(front_desk(FOLDER, ME, {}), CASE, "1")
    assert command == Resolve(case_id=CASE, outcome=Outcome.EXPLAINED, public_reply="已办")
    with pytest.raises(ValueError, match="cannot do without reply"):
        w.act(w.Resolving, "办结", of=("outcome",))
    with pytest.raises(ValueError, match="Resolving has no field answer"):
        w.act(w.Resolving, "办结", answer="答复")


def test_names_in_camel_case_are_read_and_written() -> None:
    """A system that writes ticketNo reads and sends it so, at every depth, and its acts likewise."""

    class Asked(w.CamelForm):
        ticket_no: str
        left_at: w.LocalMoment

    form = Asked.model_validate_json('{"ticketNo": "T-1", "leftAt": "2021/06/01 09:30"}')
    assert (form.ticket_no, form.left_at.isoformat()) == ("T-1", "2021-06-01T09:30:00+08:00")
    assert json.loads(form.model_dump_json()) == {"ticketNo": "T-1", "leftAt": "2021-06-01T09:30:00+08:00"}
    assert w.camel({"case_id": 1, "sent_by": [{"a_b": 2}]}) == {"caseId": 1, "sentBy": [{"aB": 2}]}
    act = w.act(w.AnsweringAssist, "协办答复", spell=to_camel)
    assert list(act.model_json_schema()["properties"]) == ["action", "done", "text", "assistId", "photos"]
    assert w.local(form.left_at) == "2021-06-01 09:30"
    with pytest.raises(ValidationError):
        Asked.model_validate_json('{"ticketNo": "T-1", "leftAt": "昨天"}')


def test_a_local_time_keeps_an_offset_that_it_has() -> None:
    """Only a time without an offset is China's."""
    read = TypeAdapter(w.LocalMoment)
    assert read.validate_python(datetime(2021, 6, 1, 9, 30)).utcoffset() is not None
    assert read.validate_json('"2021-06-01T01:30:00Z"') == datetime(2021, 6, 1, 1, 30, tzinfo=UTC)


class Shade(StrEnum):
    """Words of another system."""

    DARK_RED = "深红"
    OTHER = "其他"


def test_a_table_is_total_in_both_directions() -> None:
    """No word without a name, no two words of one name; a name without a word is what ``otherwise`` says."""
    table = w.by_name(Shade.OTHER)
    assert (table.name(Shade.DARK_RED), table.word("dark-red")) == ("dark-red", Shade.DARK_RED)
    assert table.word("never-heard-of") is Shade.OTHER
    with pytest.raises(ValueError, match="no name for DARK_RED"):
        w.Table({Shade.OTHER: "other"}, Shade.OTHER)
    with pytest.raises(ValueError, match="one name"):
        w.Table({Shade.OTHER: "other", Shade.DARK_RED: "other"}, Shade.OTHER)


@pytest.mark.parametrize("name", LISTS)
def test_every_member_of_a_closed_list_has_labels(name: str) -> None:
    """Reasons, outcomes, grades, grounds and raters are named in Chinese and English, and published so."""
    published = json.loads(generate()["contract.json"])[name]
    assert set(LABELS[LISTS[name]]) == set(LISTS[name])
    assert {key: tuple(texts.values()) for key, texts in published.items()} == {
        str(member.value): tuple(texts) for member, texts in LABELS[LISTS[name]].items()
    }


def test_a_kind_without_a_headline_is_headed_by_the_contract() -> None:
    """News of which a center has no words of its own are told in those of the contract, to staff."""
    message = compose(
        Closed(version=2, round=1, replied_at=NOW), source=PEER, recipient=ME, now=NOW, subject=CASE, sequence=1
    )
    assert w.note_of(message, {}, ME).headline == w.Headline("news", "结案", "case closed")


def test_codes_are_typed_and_strings_are_still_codes() -> None:
    """What is logged is a plain string, whether the bus gave the code or an adapter of its own."""
    for code in (RetryCode.VENDOR_GARBAGE, RejectCode.NO_ROUTE, "my-code"):
        assert (type(RetryLater(code).code), type(Reject(code).code)) == (str, str)
        assert str(RetryLater(code)) == code


def test_a_system_quotes_the_names_in_its_paths() -> None:
    """An id of the other system may hold any sign, and names one record."""
    calls: list[tuple[str, str]] = []

    class Backend(BackendClient):
        def post(self, path: str, body: Any, *, key: str) -> dict[str, Any]:
            calls.append((path, key))
            return {"id": 7}

    system = w.System(Backend("http://127.0.0.1:9"))
    system.call("/orders/{}/notes", "a/b ?#{}", body={}, key="k")
    assert calls == [("/orders/a%2Fb%20%3F%23%7B%7D/notes", "k")]
    with pytest.raises(RetryLater, match="vendor-garbage"):
        system.open("/orders", {}, key="k")
    system.keep("/photos", Attachment(sha256="0" * 64, size=1, media_type="image/jpeg"), b"x", key="k")
    assert dataclasses.astuple(w.Links(own=("a",)))[0] == ("a",)
