"""Polls: a center's own system that calls nobody is asked for what is new, and nothing of it is lost or taken twice."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bus.contract.case import Place, Source
from bus.contract.types import Strict
from bus.operations import replay
from bus.pipeline.intake import IntakeDeps
from bus.pipeline.poll import PollOutcome, PollResult, poll
from bus.runtime.loops import FaultKind
from bus.runtime.polling import Polling
from bus.sdk.center import Center, Commands, IntakeContext, Reject, RetryLater
from bus.sdk.polls import LONGEST_CURSOR, MOST_FORMS, Page, Poll, PollContext
from bus.store import Store, StoreUnavailable, Tx, case_count, cases, intakes, parked, polls
from tests.harness.step import MEDIA, NOW, BareCenter
from tests.unit.test_intake_and_handle import OneRoute

CANARY = "13800138000"
"""A resident's telephone number: it stands in no row that an operator is shown."""


class Ticket(Strict):
    """A native form."""

    id: str
    text: str
    division: str = "150402006"


@dataclass
class Platform:
    """A system of tickets in the order in which they were made; the cursor is how many were read."""

    tickets: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    size: int = 2
    fault: Exception | None = None
    asked: list[str] = field(default_factory=list)

    def page(self, cursor: str) -> Page:
        """The tickets after the cursor."""
        self.asked.append(cursor)
        if self.fault:
            raise self.fault
        begin = int(cursor or 0)
        forms = self.tickets[begin : begin + self.size]
        return Page(forms, str(begin + len(forms)) if forms else cursor, more=begin + self.size < len(self.tickets))


center: Center[Platform] = Center(kind="media_center", connect=lambda _: Platform())


@center.form("ticket", Ticket, "id")
def ticket(context: IntakeContext, form: Ticket) -> Commands:
    """A ticket becomes a case of ours."""
    if form.text == "bug":
        raise ZeroDivisionError
    if form.text == "no":
        raise Reject("not-ours", "another center's")
    place, source = Place(division=form.division), Source(system="tickets", record=form.id)
    case = context.new_case(
        title="诉求", text=form.text, category="road", place=place, channel="platform", source=source
    )
    return context.register(case, here=True)


@center.polls("tickets", every=30)
def tickets(context: PollContext[Platform]) -> Page:
    """What is new."""
    return context.system.page(context.cursor)


def told(number: int, text: str = "路面塌陷", **more: Any) -> tuple[str, dict[str, Any]]:
    """A ticket on the platform."""
    return "ticket", {"id": f"T-{number}", "text": text, **more}


@dataclass
class Asking:
    """A bare center, and the platform that it asks."""

    bare: BareCenter
    platform: Platform = field(default_factory=Platform)

    def ask(self, store: Store | None = None) -> PollResult:
        """Once."""
        deps = IntakeDeps(self.bare.context, OneRoute(), lambda _tx, _sha256: None)
        asked = center.asked["tickets"]
        return poll(store or self.bare.store, deps, center.forms, asked, self.platform, NOW)

    def taken(self) -> set[str]:
        """The tickets of which there is a case."""
        names = [str(number) for number in range(1, 20)]
        with self.bare.store.reading() as tx:
            return {name for name in names if cases.find(tx, "tickets", f"T-{name}")}

    def cursor(self) -> str:
        """Where the next page begins."""
        with self.bare.store.reading() as tx:
            return polls.cursor(tx, "tickets")

    def parked(self) -> list[Any]:
        """What an operator is shown."""
        with self.bare.store.reading() as tx:
            return parked.listed(tx)


@pytest.fixture
def asking(tmp_path: Path) -> Iterator[Asking]:
    """A center that has never asked."""
    bare = BareCenter(MEDIA, tmp_path)
    yield Asking(bare)
    bare.close()


def test_pages_are_read_one_after_the_other(asking: Asking) -> None:
    """The next page begins where the last one ended, and a system without news costs no commit."""
    asking.platform.tickets = [told(1), told(2), told(3)]
    first, second, third = asking.ask(), asking.ask(), asking.ask()
    assert asking.platform.asked == ["", "2", "3"]
    assert (first.more, second.more, third.outcome) == (True, False, PollOutcome.READ)
    assert asking.taken() == {"1", "2", "3"}


def test_where_a_page_ended_is_written_with_its_forms(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the transaction that takes the forms in is lost, so is the cursor: the same page is asked for again."""
    asking.platform.tickets = [told(1), told(2)]
    note = intakes.note

    def lost(tx: Tx, rows: Any) -> None:
        note(tx, rows)
        raise StoreUnavailable("the disk is full", passing=True)

    with monkeypatch.context() as patch:
        patch.setattr(intakes, "note", lost)
        assert asking.ask() == PollResult("tickets", PollOutcome.NOT_NOW, "store")
    assert (asking.taken(), asking.cursor()) == (set(), "")
    asking.ask()
    assert (asking.taken(), asking.cursor()) == ({"1", "2"}, "2")


def test_no_form_is_taken_in_whose_page_is_not_over(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the cursor cannot be written, the forms are not taken in either, as they share one transaction."""
    asking.platform.tickets = [told(1)]

    def lost(*_: object) -> None:
        raise StoreUnavailable("the disk is full", passing=True)

    with monkeypatch.context() as patch:
        patch.setattr(polls, "keep", lost)
        assert asking.ask().outcome is PollOutcome.NOT_NOW
    assert asking.taken() == set()


def test_the_same_page_again_changes_nothing(asking: Asking) -> None:
    """A system that forgets how far it was read tells all again, and no case is made twice."""
    asking.platform.tickets = [told(1), told(2)]
    asking.ask()
    with asking.bare.store.reading() as tx:
        before = case_count.by_status(tx)
    asking.bare.store.write(lambda tx: polls.keep(tx, "tickets", ""))
    assert asking.ask().parked == 0
    with asking.bare.store.reading() as tx:
        assert case_count.by_status(tx) == before


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (("ticket", {"id": "T-2", "text": ["x", CANARY]}), "invalid"),
        (("ticket", {"id": "T-2", "text": CANARY, "divison": "150402"}), "invalid"),
        (("letter", {"id": "T-2", "text": CANARY}), "unknown-form"),
        (("ticket", {"id": "T-2", "text": "no"}), "not-ours"),
        (("ticket", {"id": "T-2", "text": "bug"}), "handler-fault"),
        (("ticket", {"id": "T-2", "text": object()}), "unreadable"),
        (("ticket", {"id": "T-2", "text": "x" * 2_000_000}), "too-large"),
        (("ticket", None), "unreadable"),
    ],
)  # fmt: skip
def test_one_bad_form_is_parked_and_its_neighbours_are_taken_in(asking: Asking, bad: Any, code: str) -> None:
    """It never stops the page, and what the operator reads says nothing of the resident."""
    asking.platform.size = 3
    asking.platform.tickets = [told(1), bad, told(3)]
    assert asking.ask() == PollResult("tickets", PollOutcome.READ, parked=1)
    assert (asking.taken(), asking.cursor()) == ({"1", "3"}, "3")
    (row,) = asking.parked()
    assert (row["place"], row["code"]) == (parked.POLL, code)
    assert "no. 2 of the page" in row["hint"]
    assert CANARY not in str(row)


def test_a_fault_of_the_store_with_one_form_parks_it_alone(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the database will not have is left out, and the page is over all the same."""
    asking.platform.tickets = [told(1), told(2)]
    note = intakes.note

    def picky(tx: Tx, rows: Any) -> None:
        if any(row.native_id == "T-1" for row in rows):
            raise StoreUnavailable("no such character", passing=False)
        note(tx, rows)

    monkeypatch.setattr(intakes, "note", picky)
    assert asking.ask().parked == 1
    assert (asking.taken(), asking.cursor()) == ({"2"}, "2")
    assert [row["code"] for row in asking.parked()] == ["cannot-be-stored"]


def test_a_replay_asks_for_the_page_again(asking: Asking) -> None:
    """Once the record is mended there, its page is read anew: it is taken in, and the others are repeats."""
    asking.platform.tickets = [told(1), told(2, "no")]
    asking.ask()
    asking.platform.tickets[1] = told(2)
    (row,) = asking.parked()
    done = replay.replay(asking.bare.store, asking.bare.context, row["id"], NOW)
    assert done.outcome is replay.Outcome.ON_ITS_WAY
    assert asking.ask().parked == 0
    assert (asking.taken(), asking.parked()) == ({"1", "2"}, [])


def test_a_record_that_stays_bad_is_parked_once(asking: Asking) -> None:
    """Asked for again it is counted, and no second row is made of it."""
    asking.platform.tickets = [told(1, "no")]
    for _ in range(2):
        asking.ask()
        asking.bare.store.write(lambda tx: polls.keep(tx, "tickets", ""))
    assert [row["times"] for row in asking.parked()] == [2]


@pytest.mark.parametrize(
    ("fault", "result"),
    [
        (RetryLater("vendor-503", after=90), PollResult("tickets", PollOutcome.NOT_NOW, "vendor-503", 90)),
        (Reject("vendor-404"), PollResult("tickets", PollOutcome.FAULT, "vendor-404")),
        (KeyError(CANARY), PollResult("tickets", PollOutcome.FAULT, "handler-fault-KeyError")),
    ],
)
def test_a_system_that_does_not_answer_is_asked_again(asking: Asking, fault: Exception, result: PollResult) -> None:
    """The cursor stays where it is, and the code tells why; never a value."""
    asking.platform.fault = fault
    asking.platform.tickets = [told(1)]
    assert asking.ask() == result
    assert asking.cursor() == ""
    asking.platform.fault = None
    asking.ask()
    assert asking.taken() == {"1"}


@pytest.mark.parametrize(
    "page",
    [Page([told(1)] * (MOST_FORMS + 1), "1"), Page([], "x" * (LONGEST_CURSOR + 1)), Page([], "a\0b"), None],
    ids=["forms", "cursor", "control", "none"],
)
def test_a_page_beyond_its_bounds_is_a_fault_of_the_adapter(
    asking: Asking, page: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not taken in in part: nobody would know what of it is missing."""
    monkeypatch.setattr(asking.platform, "page", lambda _cursor: page)
    assert asking.ask().outcome is PollOutcome.FAULT
    assert (asking.taken(), asking.cursor()) == (set(), "")


def test_a_poll_has_one_function_and_a_pause() -> None:
    """What cannot be meant is refused when the adapter is loaded."""
    with pytest.raises(ValueError, match="two functions for poll tickets"):
        center.polls("tickets", every=1)(tickets)
    with pytest.raises(ValueError, match="needs a pause"):
        center.polls("others", every=0)


# -- when it is asked ------------------------------------------------------------------------------------------------


class Clock:
    """Seconds, as a test turns them."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Now."""
        return self.now


def _nothing(_context: PollContext[Any]) -> Page:
    return Page([], "")


def test_what_is_due_first_is_asked_first() -> None:
    """Each has its own pause; at once after a start."""
    clock = Clock()
    polling = Polling(clock)
    assert polling.begin([Poll("often", 10, _nothing), Poll("seldom", 60, _nothing)])
    for name in ("often", "seldom"):
        due = polling.due()
        assert due is not None
        assert due.name == name
        polling.record(PollResult(name, PollOutcome.READ))
    assert (polling.due(), polling.wait()) == (None, 10)
    clock.now += 10
    due = polling.due()
    assert due is not None
    assert due.name == "often"


def test_where_there_is_more_nobody_waits() -> None:
    """The next page is due at once."""
    clock = Clock()
    polling = Polling(clock)
    polling.begin([Poll("tickets", 30, _nothing)])
    polling.record(PollResult("tickets", PollOutcome.READ, more=True))
    assert polling.wait() == 0
    polling.record(PollResult("tickets", PollOutcome.READ))
    assert polling.wait() == 30


def test_a_system_that_fails_is_asked_later_and_later() -> None:
    """As late as it says itself, or as the pauses grow, up to a bound; and it is told of until it answers."""
    clock = Clock()
    polling = Polling(clock)
    polling.begin([Poll("tickets", 0.5, _nothing)])
    waits = []
    for _ in range(12):
        polling.record(PollResult("tickets", PollOutcome.NOT_NOW, "vendor-503"))
        waits.append(polling.wait())
    assert waits[0] < waits[3] < waits[6] <= 75
    (fault,) = polling.faults()
    assert (fault.loop, fault.kind, fault.trouble) == ("poll", FaultKind.BACKEND, "tickets: vendor-503")
    polling.record(PollResult("tickets", PollOutcome.NOT_NOW, "vendor-429", after=500))
    assert polling.wait() == 500
    polling.record(PollResult("tickets", PollOutcome.READ))
    assert (polling.faults(), polling.wait()) == ([], 0.5)
