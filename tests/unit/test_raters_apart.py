"""三评: resident, unit, masses and survey are counted apart; no pseudonym tells who, and none counts twice."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import select

from adapters.media_center import handlers as media
from bus.contract import messages as k
from bus.custody import commands as c
from bus.custody import decide
from bus.custody.record import Refusal
from bus.figures.answers import figures_of
from bus.figures.definitions import FIGURES, Part
from bus.figures.period import Reckoning
from bus.operations import erasure
from bus.pipeline.intake import IntakeDeps, Reply, Submission, intake
from bus.security.master_key import FileKey
from bus.store import cases, early_forms, opinions, waiting
from bus.store import tables as t
from bus.store.encryption import CaseEncryption
from bus.store.figures import count
from bus.store.timestamps import ms
from stories import s20
from tests.harness.claimants import NoRoutes
from tests.harness.step import BareCenter

ME, PEER = "media_center-150402", "party_service-150402"
KINDS = (*s20.KINDS, s20.COMBINED)


class Door:
    """The media center's intake, with one message that was answered."""

    def __init__(self, folder: Path) -> None:
        self.bare = BareCenter(ME, folder, encryption=CaseEncryption(FileKey(b"k" * 32)))
        self.deps = IntakeDeps(self.bare.context, NoRoutes(), lambda _tx, _sha256: None, media.center.forms)

    def take(self, *told: tuple[str, dict[str, Any]]) -> list[Reply]:
        """Hand in forms in one batch."""
        forms = [(self.deps.forms[name], body) for name, body in told]
        batch = [Submission(form, form.model.model_validate(body, strict=False)) for form, body in forms]
        return intake(self.bare.store, self.deps, batch, self.bare.now)

    def message(self, number: str = "m") -> Reply:
        """A message of June."""
        body = {
            "message_id": number, "client_name": "居民甲", "text": "路口垃圾清理不及时。", "division": "150402",
            "handled_here": True, "left_at": "2021-06-10T09:00:00+08:00",
        }  # fmt: skip
        return self.take(("message", body))[0]

    def acts(self, number: str = "m", **event: Any) -> Reply:
        """What the resident or an editor does with it."""
        event_id = f"{number}-{event['action']}-{event.get('rater')}"
        return self.take(("message-event", {"event_id": event_id, "message_id": number, "event": event}))[0]

    def answered(self, number: str = "m") -> None:
        """A message and its result."""
        self.message(number)
        self.acts(number, action="resolve", reply="已清理。")

    def figures(self, reckoning: Reckoning = Reckoning()) -> dict[str, tuple[int, int | None]]:  # noqa: B008 - frozen
        """The figures of June by kind of rater."""
        with self.bare.store.reading() as tx:
            counts = count(tx, ME, s20.PERIOD, ms(self.bare.now + timedelta(hours=1)), reckoning)
        return {
            one.figure.code: (one.numerator, one.denominator) for one in figures_of(counts) if one.figure.code in KINDS
        }

    def record(self, number: str = "m") -> Any:
        """The record of a message."""
        with self.bare.store.reading() as tx:
            case_id = cases.find(tx, "message", number)
            assert case_id is not None
            return cases.read(tx, [case_id])[case_id]


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    """The media center."""
    made = Door(tmp_path)
    yield made
    made.bare.store.close()


def answer(number: int, **more: Any) -> tuple[str, dict[str, Any]]:
    """One answer of the survey."""
    return "survey", {"answer_no": f"a{number}", "message_id": "m", "pseudonym": f"q-{number}", "grade": 5} | more


def test_one_resident_one_unit_three_of_the_masses_and_two_hundred_asked(door: Door) -> None:
    """S20: four figures; a survey of 1 leaves the resident's 5; the combined one is computed."""
    door.answered()
    door.acts(action="rate", stars=5)
    door.acts(action="rate", stars=4, rater="self")
    told = [("survey", body) for body in s20.answers("m", s20.SURVEY)]
    assert {reply.status for reply in door.take(*told)} == {"taken"}
    assert {reply.status for reply in door.take(*told)} == {"repeated"}
    assert door.figures() == {
        "satisfaction-rate": (1, 1),
        "self-satisfaction": (1, 1),
        "masses-satisfaction": (3, 3),
        "survey-satisfaction": (199, 200),
        "combined-satisfaction": (204_000, 205_000),
    }
    assert [(given.rater, given.grade) for given in door.record().ratings] == [
        (k.Rater.RESIDENT, 5), (k.Rater.SELF, 4),
    ]  # fmt: skip


def test_the_combined_figure_follows_the_countys_weights_and_stands_nowhere(door: Door) -> None:
    """A survey that the county does not weigh changes nothing; only counts of opinions are stored."""
    door.answered()
    door.acts(action="rate", stars=5)
    door.take(answer(1, grade=1))
    assert door.figures()[s20.COMBINED] == (1000, 2000)
    assert door.figures(Reckoning(rater_weights=(700, 300, 0, 100)))[s20.COMBINED] == (700, 800)
    assert "combined" not in {column.name for table in t.metadata.tables.values() for column in table.c}


def test_a_pseudonym_counts_once_a_round_and_kind(door: Door) -> None:
    """Under another answer's number too, in one batch and in the next; of the masses it is another one."""
    door.answered()
    first, again = door.take(answer(1), answer(2, pseudonym="q-1", grade=1))
    later = door.take(answer(3, pseudonym="q-1", grade=1))[0]
    assert [one.status for one in (first, again, later)] == ["taken", "refused", "refused"]
    assert {again.code, later.code} == {"already-rated"}
    assert door.take(answer(4, pseudonym="q-1", rater="masses"))[0].status == "taken"
    assert (door.figures()["survey-satisfaction"], door.figures()["masses-satisfaction"]) == ((1, 1), (1, 1))
    door.acts(action="reopen", text="又脏了")
    assert door.take(answer(5))[0].code == "not-resolved"
    door.take(("message-event", {"event_id": "again", "message_id": "m",
                                 "event": {"action": "resolve", "reply": "再次清理。"}}))  # fmt: skip
    assert door.take(answer(6, pseudonym="q-1", grade=1))[0].status == "taken"
    assert door.figures()["survey-satisfaction"] == (1, 1)  # the figures are of the first round


def test_a_pseudonym_tells_nobody(door: Door) -> None:
    """No telephone, no card, no name; the store has a digest, which is another one in each case."""
    for pseudonym in (
        "13800000001",
        "+86-13800000001",
        "150402195001011234",
        "15040219500101123X",
        "居民甲",
        "",
        "q 1",
    ):
        with pytest.raises(ValidationError):
            door.take(answer(1, pseudonym=pseudonym))
    for rater in ("resident", "self"):
        with pytest.raises(ValidationError, match="one of many"):
            door.take(answer(1, rater=rater))
    door.answered()
    door.answered("n")
    door.take(answer(1), answer(2, message_id="n", pseudonym="q-1"))
    with door.bare.store.reading() as tx:
        rows = [tuple(row) for row in tx.execute(select(t.opinions))]
    assert len({row[3] for row in rows}) == len(rows) == 2
    assert "q-1" not in str(rows)


def test_an_answer_that_comes_before_its_message_waits_for_it(door: Door) -> None:
    """As ratings do; it counts once the message is there and answered."""
    assert door.take(answer(1))[0].status == "taken"
    with door.bare.store.reading() as tx:
        assert early_forms.figures(tx)[0] == 1


def test_nobody_is_told_and_the_record_does_not_grow(door: Door) -> None:
    """Neither the holder's desk nor any other center; the case's bytes stay what they are."""
    door.answered()
    before, work = door.record(), _counts(door)
    door.take(*(answer(number) for number in range(50)))
    assert (door.record(), _counts(door)) == (before, work)


def _counts(door: Door) -> waiting.Counts:
    with door.bare.store.reading() as tx:
        return waiting.counts(tx)


def test_opinions_of_one_matter_are_bounded(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of each kind of rater; within one batch too."""
    monkeypatch.setattr(opinions, "MOST_OPINIONS", 3)
    door.answered()
    door.take(answer(0), answer(1))
    assert [one.code for one in door.take(answer(2), answer(3))] == ["", "out-of-bounds"]
    assert door.take(answer(4, rater="masses"))[0].status == "taken"


def test_opinions_are_heard_at_the_origin_and_in_order(door: Door) -> None:
    """Not before the matter was heard, and not by another center."""
    door.answered()
    assert door.take(answer(1, rated_at="2021-06-09T09:00:00+08:00"))[0].code == "moments-disordered"
    record = door.record()
    theirs = c.Assess(case_id=record.case.case_id, rater=k.Rater.SURVEY, grade=5, pseudonym="q")
    with pytest.raises(Refusal, match="not-origin"):
        decide(record.with_(me=PEER), theirs, door.bare.now)


def test_what_v0_1_0_rates_is_counted_by_its_kind(door: Door) -> None:
    """A survey without a pseudonym is one rating of its round, as it was, and one more is refused."""
    door.answered()
    assert door.acts(action="rate", stars=2, rater="survey").status == "taken"
    body = {"event_id": "2", "message_id": "m", "event": {"action": "rate", "stars": 5, "rater": "survey"}}
    assert door.take(("message-event", body))[0].code == "already-rated"
    door.take(answer(1))
    assert door.figures()["survey-satisfaction"] == (1, 2)


def test_an_opinion_that_is_refused_leaves_nothing(door: Door) -> None:
    """A form that fails after it is not counted, and its neighbours are; an erased case keeps its figures."""
    door.answered()
    door.take(answer(1), answer(2, pseudonym="q-1"), answer(3))
    assert door.figures()["survey-satisfaction"] == (2, 2)
    door.bare.execute(c.Close(case_id=door.record().case.case_id, replied_at=door.bare.now))
    door.bare.store.write(lambda tx: tx.execute(t.work.delete()))
    before = door.figures()
    case_id = door.record().case.case_id
    erasure.erase(door.bare.blobs, door.bare.context, case_id, door.bare.now, "root", "asked")
    assert door.figures() == before


def test_every_part_by_rater_has_its_figure() -> None:
    """None is counted and shown nowhere."""
    shown = {part for one in FIGURES for part in (one.numerator, one.denominator)}
    assert {part for part in Part if part.value.endswith(("-self", "-masses", "-survey"))} <= shown
