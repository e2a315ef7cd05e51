"""Settled entries and early ratings: what happened before it is entered, once, without a message and without work."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from adapters.government_service import handlers as government
from adapters.party_service import handlers as party
from bus.contract import messages as k
from bus.custody import Refusal, Status, decide, register
from bus.custody import commands as c
from bus.pipeline import early_forms as waiting_forms
from bus.pipeline.intake import IntakeDeps, Reply, Submission, intake, release_early
from bus.sdk.center import Center
from bus.security.master_key import FileKey
from bus.store import Tx, cases, early_forms, parked, schema, waiting
from bus.store import tables as t
from bus.store.encryption import MARK, CaseEncryption
from tests.harness.step import BareCenter
from tests.unit.custody_model.cases import MEDIA, NOW, PARTY, matter

HOUR = timedelta(hours=1)
HALL, LEDGER = "government_service-150402", "party_service-150102"
LATER = NOW + 8 * HOUR


class NoRoutes:
    """Nobody is responsible for anything."""

    def find(self, category: str, division: str) -> str | None:
        """None."""
        return None


class Door:
    """The intake of one center."""

    def __init__(self, center: Center[Any], name: str, folder: Path, encryption: CaseEncryption | None = None) -> None:
        self.center, self.bare = center, BareCenter(name, folder, encryption=encryption)
        self.deps = IntakeDeps(self.bare.context, NoRoutes(), lambda _tx, _sha256: None, center.forms)

    def take(self, *told: tuple[str, dict[str, Any]]) -> list[Reply]:
        """Hand in forms in one batch."""
        forms = [(self.center.forms[name], body) for name, body in told]
        filled = [Submission(form, form.model.model_validate(body, strict=False)) for form, body in forms]
        return intake(self.bare.store, self.deps, filled, self.bare.now)

    def records(self) -> list[Any]:
        """Every record."""
        with self.bare.store.reading() as tx:
            return list(cases.read(tx, cases.ids(tx)).values())

    def read(self, look: Any) -> Any:
        """What a query finds."""
        with self.bare.store.reading() as tx:
            return look(tx)


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Door]:
    """A government service center."""
    door = Door(government.center, HALL, tmp_path)
    yield door
    door.bare.store.close()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Door]:
    """A party service center."""
    door = Door(party.center, LEDGER, tmp_path)
    yield door
    door.bare.store.close()


def order(number: str, **more: Any) -> tuple[str, dict[str, Any]]:
    """A line of the hall's old ledger."""
    line = {
        "order_no": number, "title": "居住证明", "text": "办理居住证明。", "division": "150402",
        "received_at": "2026-03-02T09:00:00+08:00", "settled_at": "2026-03-02T10:00:00+08:00", "reply": "已办理。",
    }  # fmt: skip
    return "ledger", line | more


def rating(number: str, order_no: str, word: str = "非常满意") -> tuple[str, dict[str, Any]]:
    """A rating from the rating system."""
    at = "2026-03-02T11:00:00+08:00"
    return "rating", {"rating_no": number, "order_no": order_no, "satisfaction": word, "rated_at": at}


def entry(number: str, **more: Any) -> tuple[str, dict[str, Any]]:
    """A line of the party center's old ledger."""
    line = {
        "matter_no": number,
        "text": "楼道堆物。",
        "division": "150102001",
        "received_at": "2026-07-02T09:00:00+08:00",
    }
    return "ledger", line | more


def test_a_settled_line_is_a_closed_case_with_its_own_moments(hall: Door) -> None:
    """Nothing is sent, no work is left for the desk, and the case was closed when the ledger says so."""
    assert [reply.status for reply in hall.take(order("a"))] == ["taken"]
    (record,) = hall.records()
    told = datetime.fromisoformat("2026-03-02T10:00:00+08:00")
    assert (record.status, record.resolved_at, record.closed_at) == (Status.CLOSED, told, told)
    assert record.result.public_reply == "已办理。"
    assert hall.read(waiting.counts) == waiting.Counts(0, 0, 0, 0)


def test_a_repeated_line_changes_nothing(ledger: Door) -> None:
    """The same ledger again: the same cases, and every form a repeat."""
    lines = [entry("a", settled_at="2026-07-05T09:00:00+08:00"), entry("b")]
    ledger.take(*lines)
    before = ledger.records()
    assert [reply.status for reply in ledger.take(*lines)] == ["repeated", "repeated"]
    assert ledger.records() == before


def test_a_later_ledger_settles_what_an_earlier_one_has_registered(ledger: Door) -> None:
    """A matter in hand in July and settled in August is one case."""
    ledger.take(entry("a"))
    (open_one,) = ledger.records()
    assert open_one.status is Status.OPEN
    assert [r.status for r in ledger.take(entry("a", settled_at="2026-08-01T00:00:00+08:00", finding="已解释"))] == [
        "taken"
    ]
    (record,) = ledger.records()
    assert (record.case, record.status, record.result.outcome) == (open_one.case, Status.CLOSED, k.Outcome.EXPLAINED)


def test_a_line_may_name_the_project_of_its_demand(ledger: Door) -> None:
    """Nobody is told; only the origin groups its demands."""
    ledger.take(entry("a", project="XM-1"), entry("b", project="XM-1", settled_at="2026-07-05T09:00:00+08:00"))
    assert {record.project for record in ledger.records()} == {"XM-1"}
    assert ledger.read(waiting.counts) == waiting.Counts(0, 0, 0, 0)
    record = register(c.Register(case=matter(MEDIA)), MEDIA, None).record.with_(path=(MEDIA, PARTY), holder=PARTY)
    join = c.Join(case_id=record.case.case_id, project="XM-1")
    assert decide(record, join, NOW).outgoing == ()
    with pytest.raises(Refusal, match="not-origin"):
        decide(record.with_(me=PARTY), join, NOW)


def test_a_line_that_asks_somebody_to_act_is_refused(ledger: Door) -> None:
    """An old ledger is handed to nobody; who wants a matter handled enters it as a matter."""
    with pytest.raises(ValueError, match="handed to nobody"):
        ledger.take(entry("a", to=("party_service-150102001",)))


@pytest.mark.parametrize("together", [True, False], ids=["in one batch", "in two"])
def test_a_rating_before_its_case_waits_for_it(hall: Door, together: bool) -> None:
    """It is taken, and stands on the case as soon as that is there, with its own moment."""
    told = [rating("r", "a"), order("a")]
    replies = hall.take(*told) if together else [*hall.take(told[0]), *hall.take(told[1])]
    assert [reply.status for reply in replies] == ["taken", "taken"]
    (record,) = hall.records()
    (given,) = record.ratings
    assert (given.grade, given.at) == (5, datetime.fromisoformat("2026-03-02T11:00:00+08:00"))
    assert hall.read(early_forms.figures) == (0, 0)


def test_an_early_rating_counts_once_however_often_it_comes(hall: Door) -> None:
    """Before its case, with it and after it."""
    hall.take(rating("r", "a"), rating("r", "a"))
    assert hall.read(early_forms.figures)[0] == 1
    assert [reply.status for reply in hall.take(rating("r", "a"), order("a"), rating("r", "a"))] == [
        "repeated",
        "taken",
        "repeated",
    ]
    (record,) = hall.records()
    assert len(record.ratings) == 1


def test_of_two_early_ratings_of_one_matter_the_second_is_shown_to_an_operator(hall: Door) -> None:
    """It was taken, so nobody sends it again; it is parked, and not lost in silence."""
    hall.take(rating("r", "a"), rating("s", "a", "不满意"))
    hall.take(order("a"))
    (record,) = hall.records()
    assert len(record.ratings) == 1
    (item,) = hall.read(parked.listed)
    assert (item["place"], item["code"], item["case_id"]) == (parked.FORM, "already-rated", str(record.case.case_id))


def test_a_refused_line_releases_no_rating(hall: Door) -> None:
    """The rating goes on waiting for the order that is entered rightly."""
    hall.take(rating("r", "a"))
    (refused,) = hall.take(order("a", settled_at="2026-03-01T10:00:00+08:00"))
    assert (refused.status, refused.code) == ("refused", "moments-disordered")
    assert hall.read(early_forms.figures)[0] == 1
    hall.take(order("a"))
    assert [len(record.ratings) for record in hall.records()] == [1]


def test_early_forms_are_bounded(hall: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the bound a form is told to come later: it stays with its sender."""
    monkeypatch.setattr(waiting_forms, "MOST", 2)
    assert [r.status for r in hall.take(rating("r", "a"), rating("s", "b"), rating("t", "c"))] == [
        "taken",
        "taken",
        "later",
    ]
    assert [r.status for r in hall.take(order("c"), rating("t", "c"))] == ["taken", "taken"]


def test_what_waits_is_encrypted_like_everything_else(tmp_path: Path) -> None:
    """A rating may hold a resident's words; in the store they are not to be read."""
    door = Door(government.center, HALL, tmp_path, CaseEncryption(FileKey(b"k" * 32)))
    name, body = rating("r", "a")
    door.take((name, {**body, "text": "感谢王大姐"}))

    def stored(tx: Tx) -> bytes:
        return bytes(tx.execute(select(t.early_forms.c.body)).scalar_one())

    assert "王大姐".encode() not in door.read(stored)
    door.take(order("a"))
    assert [len(record.ratings) for record in door.records()] == [1]
    door.bare.store.close()


def test_a_form_whose_record_came_unseen_is_carried_out_by_housekeeping(hall: Door) -> None:
    """Where both were committed at the same moment, neither has seen the other."""
    hall.take(order("a"))
    form = center_form("rating", rating("r", "a")[1])
    row = early_forms.EarlyForm("rating", "r", "work-order", "a", form.encode(), 1)
    hall.bare.store.write(lambda tx: early_forms.hold(tx, [row]))
    assert release_early(hall.bare.store, hall.deps, hall.bare.now, 10) == 1
    assert [len(record.ratings) for record in hall.records()] == [1]
    assert release_early(hall.bare.store, hall.deps, hall.bare.now, 10) == 0


def center_form(name: str, body: dict[str, Any]) -> str:
    """A form of the hall as the store keeps it."""
    return government.center.forms[name].model.model_validate(body, strict=False).model_dump_json(by_alias=True)


def test_an_altered_form_blocks_no_case(tmp_path: Path) -> None:
    """It is shown to an operator, and its order is registered."""
    door = Door(government.center, HALL, tmp_path, CaseEncryption(FileKey(b"k" * 32)))
    door.take(rating("r", "a"))
    door.bare.store.write(lambda tx: tx.execute(update(t.early_forms).values(body=MARK + b"altered")))
    assert [reply.status for reply in door.take(order("a"))] == ["taken"]
    assert [(item["place"], item["code"]) for item in door.read(parked.listed)] == [(parked.FORM, "form-unreadable")]
    door.bare.store.close()


def test_a_store_with_waiting_forms_does_not_go_back(hall: Door) -> None:
    """The older program would forget them."""
    hall.take(rating("r", "a"))
    with pytest.raises(schema.MigrationError, match="1 forms wait"):
        schema.downgrade(hall.bare.store, "0009")
    hall.take(order("a"))
    schema.downgrade(hall.bare.store, "0009")


def test_what_others_know_is_not_settled_in_silence() -> None:
    """A case that was handed over is resolved, so that every holder is told."""
    record = register(c.Register(case=matter(MEDIA)), MEDIA, None).record
    case_id = record.case.case_id
    settle = c.Settle(case_id=case_id, outcome=k.Outcome.DONE, public_reply="已修好", resolved_at=NOW)
    offered = decide(record, c.Offer(case_id=case_id, to=(PARTY,)), NOW).record
    for known, code in ((offered, "decision-lent"), (record.with_(path=(MEDIA, PARTY)), "not-alone")):
        with pytest.raises(Refusal) as no:
            decide(known, settle, LATER)
        assert no.value.code == code


def test_moments_are_told_in_their_order() -> None:
    """Nothing is resolved before it was heard, nor tomorrow."""
    record = register(c.Register(case=matter(MEDIA)), MEDIA, None).record
    heard, case_id = record.case.received_at, record.case.case_id
    for resolved, closed in ((heard - HOUR, None), (heard + 2 * HOUR, heard + HOUR), (LATER + HOUR, None)):
        settle = c.Settle(
            case_id=case_id, outcome=k.Outcome.DONE, public_reply="已修好", resolved_at=resolved, closed_at=closed
        )
        with pytest.raises(Refusal, match="moments-disordered"):
            decide(record, settle, LATER)


def test_a_settled_case_may_bring_its_ratings() -> None:
    """One of each kind of rater, with their moments."""
    record = register(c.Register(case=matter(MEDIA)), MEDIA, None).record
    given = tuple(c.PastRating(grade=5, rater=rater, at=NOW) for rater in (k.Rater.RESIDENT, k.Rater.SELF))
    told: dict[str, Any] = {"outcome": k.Outcome.DONE, "public_reply": "已修好"}
    told["resolved_at"] = record.case.received_at
    done = decide(record, c.Settle(case_id=record.case.case_id, ratings=given, **told), LATER)
    assert done.outgoing == ()
    assert [(one.rater, one.at) for one in done.record.ratings] == [(one.rater, one.at) for one in given]
    with pytest.raises(Refusal, match="already-rated"):
        decide(record, c.Settle(case_id=record.case.case_id, ratings=(given[0], given[0]), **told), LATER)
