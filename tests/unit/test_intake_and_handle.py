"""Intake and work: what the center's own system says and hears, with a center of two functions."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete
from sqlalchemy.exc import DataError

from bus.backoff import Backoff
from bus.contract.case import Attachment, Place, Source
from bus.contract.envelope import Message
from bus.contract.messages import Offered, Outcome
from bus.contract.types import Strict
from bus.custody import Record
from bus.custody.commands import Accept, Offer, Register, Resolve
from bus.pipeline.handle import CircuitBreaker, RetryPolicy, finish, finish_and_claim, perform
from bus.pipeline.intake import IntakeDeps, Reply, Submission, intake
from bus.sdk.center import Center, Commands, HandlerContext, IntakeContext, Link, Reject, RetryLater
from bus.store import StoreUnavailable, Tx, case_count, cases, inbox, parked
from bus.store.tables import intakes
from tests.harness.step import MEDIA, PARTY, BareCenter, a_case


class Note(Strict):
    """A native form."""

    id: str
    text: str
    division: str = "150402006"


class System:
    """A vendor's system in one object: what it did, and what it shall answer."""

    def __init__(self) -> None:
        self.done: dict[str, str] = {}
        self.fault: Exception | None = None
        self.asked: list[str] = []
        self.ill: set[str] = set()
        """Cases of which it takes no order now."""

    def order(self, key: str, case_id: UUID) -> None:
        """Make an order, once a key, unless something is wrong."""
        self.asked.append(str(case_id))
        if str(case_id) in self.ill:
            raise RetryLater("vendor-503")
        if self.fault:
            raise self.fault
        self.done.setdefault(key, str(case_id))


center: Center[System] = Center(kind="media_center", connect=lambda _: System())


@center.form("note", Note, native_id=lambda note: note.id)
def noted(context: IntakeContext, note: Note) -> Commands:
    """A note becomes a case and goes to whoever is responsible."""
    place, source = Place(division=note.division), Source(system="notes", record=note.id)
    case = context.new_case(title="便条", text=note.text, category="env", place=place, channel="app", source=source)
    return [Register(case=case), Offer(case_id=case.case_id, to=(context.route("env", note.division),))]


@center.on(Offered)
def offered(context: HandlerContext[System], message: Message[Offered]) -> Commands:
    """An offer becomes an order and is taken at once."""
    context.system.order(context.key, message.data.case.case_id)
    case_id = message.data.case.case_id
    return [Link(case_id=case_id, system="order", native_id=context.key), Accept(case_id=case_id)]


class OneRoute:
    """Everything goes to one center."""

    def find(self, category: str, division: str) -> str | None:
        """The street, for its own division only."""
        return PARTY if category == "env" and division == "150402006" else None


def _no_attachment(_tx: object, _sha256: str) -> Attachment | None:
    return None


def _take(bare: BareCenter, *notes: Note) -> list[Reply]:
    deps = IntakeDeps(bare.context, OneRoute(), _no_attachment)
    return intake(bare.store, deps, [Submission(center.forms["note"], note) for note in notes], bare.now)


def _work(bare: BareCenter, system: System, breaker: CircuitBreaker) -> list[str]:
    _, tasks = finish_and_claim(bare.store, bare.context, [], breaker, bare.now, 100)
    done = [perform(center, system, lambda _: b"", task, bare.now) for task in tasks]
    finish(bare.store, bare.context, done, breaker, bare.now)
    return [one.outcome for one in done]


def _offer_cases(party: BareCenter, tmp_path: Path, count: int) -> None:
    media = BareCenter(MEDIA, tmp_path)
    for _ in range(count):
        registered = Register(case=a_case(MEDIA))
        media.execute(registered, Offer(case_id=registered.case_id, to=(PARTY,)))
    party.receive(*[parcel.body for parcel in media.relay()])
    media.close()


def test_a_form_becomes_a_case_with_a_number_and_an_offer(media: BareCenter) -> None:
    """One commit makes the case, its number and the message; the reply names the case."""
    (reply,) = _take(media, Note(id="1", text="垃圾满了"))
    assert reply.status == "taken"
    assert reply.cases[0]["number"] == "MEDIACENTER-150402-20261123-00001"
    assert [parcel.kind for parcel in media.relay()] == ["case.offered"]


def test_the_same_form_again_is_answered_alike_and_makes_no_second_case(media: BareCenter) -> None:
    """A repeat within one batch, and later, gets the first answer."""
    one = Note(id="1", text="垃圾满了")
    first, second = _take(media, one, one)
    (third,) = _take(media, one)
    assert (first.status, second.status, third.status) == ("taken", "repeated", "repeated")
    assert first.cases == second.cases == third.cases
    assert len(media.relay()) == 1


def test_another_form_under_the_same_id_is_refused(media: BareCenter) -> None:
    """An id that is used for two things is the source's fault, and it is told so."""
    _take(media, Note(id="1", text="一"))
    (reply,) = _take(media, Note(id="1", text="二"))
    assert (reply.status, reply.code) == ("refused", "id-reused")


def test_a_refused_form_leaves_nothing_behind_and_harms_no_neighbour(media: BareCenter) -> None:
    """A form whose offer finds no route registers no half case; the others in its batch are taken."""
    replies = _take(media, Note(id="1", text="一"), Note(id="2", text="二", division="150999"), Note(id="3", text="三"))
    assert [reply.status for reply in replies] == ["taken", "refused", "taken"]
    assert replies[1].code == "no-route"
    with media.store.reading() as tx:
        assert case_count.by_status(tx) == {"open": 2, "closed": 0}
        assert cases.find(tx, "notes", "2") is None


def test_a_fault_of_the_adapter_harms_no_neighbour(media: BareCenter, monkeypatch: pytest.MonkeyPatch) -> None:
    """A handler that falls over takes nothing in and says nothing of the form; the others of its batch are taken."""
    plain = IntakeContext.route

    def fall_over(context: IntakeContext, category: str, division: str) -> str:
        if division == "150999":
            raise OverflowError("居民甲")
        return plain(context, category, division)

    monkeypatch.setattr(IntakeContext, "route", fall_over)
    replies = _take(media, Note(id="1", text="一"), Note(id="2", text="二", division="150999"), Note(id="3", text="三"))
    assert [reply.status for reply in replies] == ["taken", "failed", "taken"]
    assert (replies[1].code, replies[1].cure) == ("handler-fault", "OverflowError")
    with media.store.reading() as tx:
        assert case_count.by_status(tx) == {"open": 2, "closed": 0}


@pytest.mark.parametrize(
    "fault",
    [
        DataError("INSERT", None, ValueError("no such character in this encoding")),
        UnicodeEncodeError("gb2312", "㐂", 0, 1, "illegal"),
        StoreUnavailable("a value of this row", passing=False),
        RecursionError(),
    ],
    ids=lambda fault: type(fault).__name__,
)
def test_a_form_that_cannot_be_stored_harms_no_neighbour(
    media: BareCenter, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    """Whatever is wrong with it, and however late it is noticed: of eight forms seven are taken."""
    plain = cases.keep

    def keep(tx: Tx, records: list[Record], now_ms: int) -> None:
        if any("㐂" in record.case.text for record in records):
            raise fault
        plain(tx, records, now_ms)

    monkeypatch.setattr("bus.store.unit_of_work.cases.keep", keep)
    replies = _take(media, *(Note(id=str(number), text="㐂" if number == 3 else "一") for number in range(8)))
    assert [reply.status for reply in replies] == ["taken"] * 3 + ["failed"] + ["taken"] * 4
    assert replies[3].code == "cannot-be-stored"
    with media.store.reading() as tx:
        assert case_count.by_status(tx) == {"open": 7, "closed": 0}


def test_a_store_that_is_away_is_no_forms_fault(media: BareCenter, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then none is taken, and none is tried alone."""
    tried = []

    def keep(_tx: Tx, records: list[Record], _now_ms: int) -> None:
        tried.append(len(records))
        raise StoreUnavailable("the database is away", passing=True)

    monkeypatch.setattr("bus.store.unit_of_work.cases.keep", keep)
    with pytest.raises(StoreUnavailable):
        _take(media, Note(id="1", text="一"), Note(id="2", text="二"))
    assert tried == [2]


def test_a_matter_that_is_a_case_already_is_told_among_new_ones(media: BareCenter) -> None:
    """A form no longer remembered, whose record is a case: that case is named, and only the new ones are made."""
    (before,) = _take(media, Note(id="2", text="二"))
    with media.store.engine.begin() as tx:
        tx.execute(delete(intakes))
    replies = _take(media, Note(id="1", text="一"), Note(id="2", text="二"), Note(id="3", text="三"))
    assert [reply.status for reply in replies] == ["taken", "repeated", "taken"]
    assert replies[1].cases == before.cases
    assert len({reply.cases[0]["number"] for reply in replies}) == 3
    assert len(media.relay()) == 3
    with media.store.reading() as tx:
        assert case_count.by_status(tx) == {"open": 3, "closed": 0}


def test_a_native_record_finds_its_case(media: BareCenter) -> None:
    """The source's own id leads to the case afterwards."""
    (reply,) = _take(media, Note(id="1", text="一"))
    with media.store.reading() as tx:
        assert str(cases.find(tx, "notes", "1")) == reply.cases[0]["case_id"]


def test_work_reaches_the_system_and_its_commands_are_carried_out(party: BareCenter, tmp_path: Path) -> None:
    """The handler's effect happens with the message's id as key, and what it returns is said."""
    _offer_cases(party, tmp_path, 1)
    system = System()
    assert _work(party, system, CircuitBreaker(RetryPolicy())) == ["done"]
    assert len(system.done) == 1
    assert "case.accepted" in [parcel.kind for parcel in party.relay()]


def test_a_crash_after_the_effect_repeats_it_with_the_same_key(party: BareCenter, tmp_path: Path) -> None:
    """When the process dies between the vendor's answer and the commit, the repeat is the same effect."""
    _offer_cases(party, tmp_path, 1)
    system = System()
    _, (task,) = finish_and_claim(party.store, party.context, [], CircuitBreaker(RetryPolicy()), party.now, 10)
    perform(center, system, lambda _: b"", task, party.now)  # and the process dies here
    party.later(3600)
    assert _work(party, system, CircuitBreaker(RetryPolicy())) == ["done"]
    assert len(system.done) == 1


def test_away_is_tried_again_with_growing_pauses_and_parked_at_last(party: BareCenter, tmp_path: Path) -> None:
    """A task whose system is away waits in the store, and after its last attempt stands before an operator."""
    _offer_cases(party, tmp_path, 1)
    system, breaker = (
        System(),
        CircuitBreaker(RetryPolicy(attempts=3, backoff=Backoff(1, 10), failures_before_probing=100)),
    )
    system.fault = RetryLater("vendor-503")
    for _ in range(3):
        assert _work(party, system, breaker) == ["not-now"]
        assert _work(party, system, breaker) == []
        party.later(60)
    with party.store.reading() as tx:
        (row,) = parked.listed(tx)
    assert (row["place"], row["code"], row["owner"]) == ("desk", "vendor-503", MEDIA)
    system.fault = None
    party.store.write(lambda tx: inbox.replay_work(tx, row["message_id"], int(party.now.timestamp() * 1000)))
    assert _work(party, system, breaker) == ["done"]
    with party.store.reading() as tx:
        assert parked.listed(tx) == []


def test_when_everything_fails_one_task_probes_and_nothing_is_parked(party: BareCenter, tmp_path: Path) -> None:
    """A dead vendor's system parks no case, and is asked for by one task at a time."""
    _offer_cases(party, tmp_path, 20)
    system, breaker = (
        System(),
        CircuitBreaker(RetryPolicy(attempts=3, backoff=Backoff(1, 10), failures_before_probing=5)),
    )
    system.fault = RetryLater("vendor-connecterror")
    assert len(_work(party, system, breaker)) == 20
    for _ in range(50):
        party.later(60)
        assert len(_work(party, system, breaker)) == 1
    with party.store.reading() as tx:
        assert parked.listed(tx) == []
    system.fault = None
    for _ in range(3):
        party.later(60)
        _work(party, system, breaker)
    assert len(system.done) == 20


def test_one_task_that_always_fails_does_not_keep_the_others_waiting(party: BareCenter, tmp_path: Path) -> None:
    """Probing goes through all that is due: the eldest may fail for a reason of its own."""
    _offer_cases(party, tmp_path, 8)
    system, breaker = (
        System(),
        CircuitBreaker(RetryPolicy(attempts=3, backoff=Backoff(1, 10), failures_before_probing=5)),
    )
    system.fault = RetryLater("vendor-connecterror")
    assert len(_work(party, system, breaker)) == 8
    system.fault, system.ill = None, {system.asked[0]}
    for _ in range(4):
        party.later(60)
        _work(party, system, breaker)
    assert len(system.done) == 7


@pytest.mark.parametrize("fault", [Reject("vendor-400"), ZeroDivisionError("居民甲")])
def test_the_impossible_is_parked_at_once_and_the_case_keeps_its_owner(
    party: BareCenter, tmp_path: Path, fault: Exception
) -> None:
    """A no for ever, or a fault of the handler, is parked with a code that names nobody."""
    _offer_cases(party, tmp_path, 2)
    system = System()
    system.fault = fault
    assert _work(party, system, CircuitBreaker(RetryPolicy())) == ["not-ever", "not-ever"]
    with party.store.reading() as tx:
        rows: list[Any] = parked.listed(tx)
    assert len(rows) == 2
    assert "居民甲" not in str(rows)


def test_a_command_that_custody_refuses_parks_the_task(party: BareCenter, tmp_path: Path) -> None:
    """What a handler wants and may not is seen by the operator; nothing of it is half done."""
    _offer_cases(party, tmp_path, 1)
    _, (task,) = finish_and_claim(party.store, party.context, [], CircuitBreaker(RetryPolicy()), party.now, 10)
    case_id = task.message.subject
    eager: Center[System] = Center(kind="party_service", connect=lambda _: System())

    @eager.on(Offered)
    def resolve_at_once(context: HandlerContext[System], message: Message[Offered]) -> Commands:
        return [
            Accept(case_id=message.data.case.case_id),
            Accept(case_id=message.data.case.case_id),
            Resolve(case_id=message.data.case.case_id, outcome=Outcome.DONE, public_reply="好"),
        ]

    one = perform(eager, System(), lambda _: b"", task, party.now)
    finish(party.store, party.context, [one], CircuitBreaker(RetryPolicy()), party.now)
    record = party.store.write(lambda tx: cases.load(tx, [case_id]))[case_id]  # type: ignore[list-item,index]  # it has one
    assert record.offer_in is not None
    with party.store.reading() as tx:
        assert parked.listed(tx)[0]["code"] == "no-offer"
