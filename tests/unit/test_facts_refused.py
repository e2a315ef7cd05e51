"""A participant that takes no facts, though the settings and the directory name it: its center stops telling it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread

import pytest
from pydantic import SecretStr

from bus.cli.check_facts import facts_told
from bus.context import Ledger
from bus.contract.facts import FactsAsked, lane_of
from bus.contract.ids import new_id
from bus.custody import commands as c
from bus.log import log
from bus.operations.marks_watch import MarksWatch
from bus.pipeline import facts_refused
from bus.pipeline.receiving import apply
from bus.pipeline.receiving.facts import NO_LEDGER
from bus.pipeline.telling import UNDERWAY, Told, say
from bus.runtime.health import Health, StoreProof
from bus.runtime.loops import Loops
from bus.settings import Backend, CenterSettings, Facts
from bus.store import Tx, outbox, parked
from tests.harness.step import MEDIA, PARTY, BareCenter, a_case, carry
from tests.unit.test_facts_told import LEDGER, settled, states_of, untold, with_ledger

HOUR = 3600


@pytest.fixture
def media(tmp_path: Path) -> Iterator[BareCenter]:
    """The media center, whose settings name a ledger."""
    center = with_ledger(BareCenter(MEDIA, tmp_path))
    yield center
    center.close()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[BareCenter]:
    """What they name."""
    center = BareCenter(LEDGER, tmp_path)
    yield center
    center.close()


@pytest.fixture
def refuses() -> Iterator[pytest.MonkeyPatch]:
    """It takes no facts until this is undone."""
    patch = pytest.MonkeyPatch()
    patch.setattr(apply, "hear_facts", lambda *_: NO_LEDGER)
    yield patch
    patch.undo()


def stuck(center: BareCenter) -> list[tuple[str, str, int]]:
    """(place, code, times) of what is parked."""
    with center.store.reading() as tx:
        return [(one["place"], one["code"], one["times"]) for one in parked.listed(tx)]


def waits_for(center: BareCenter, peer: str) -> int:
    """Messages in the outbox for a peer, refused ones too."""

    def count(tx: Tx) -> int:
        return sum(row.recipient == peer for row in outbox.readable(tx)) + outbox.figures(tx)["refused"]

    return center.store.write(count)


def days(center: BareCenter, other: BareCenter, number: int) -> None:
    """A case each three hours, for so many days."""
    for _ in range(number * 8):
        settled(center)
        carry(center, other)
        center.later(3 * HOUR - 60)
        other.now = center.now


@pytest.mark.usefixtures("refuses")
def test_a_refusal_is_one_row_however_long_it_lasts(media: BareCenter, ledger: BareCenter) -> None:
    """Ten days of cases: one parked row here, and one message a day there; what is untold waits, within its bounds."""
    days(media, ledger, 10)
    (row,) = stuck(media)
    assert row[:2] == (parked.PEER, "facts-refused")
    assert row[2] <= UNDERWAY + 10
    assert waits_for(media, LEDGER) == 0
    assert len(stuck(ledger)) <= UNDERWAY + 10
    assert untold(media) > 1


@pytest.mark.usefixtures("refuses")
def test_cases_go_on_while_no_facts_are_taken(tmp_path: Path, media: BareCenter, ledger: BareCenter) -> None:
    """An offer to another center leaves at once."""
    party = BareCenter(PARTY, tmp_path)
    days(media, ledger, 1)
    command = c.Register(case=a_case(MEDIA))
    media.execute(command, c.Offer(case_id=command.case_id, to=(PARTY,)))
    assert PARTY in [one.recipient for one in media.relay()]
    party.close()


def test_another_directory_takes_the_lane_up_and_the_ledger_learns_all(
    media: BareCenter, ledger: BareCenter, refuses: pytest.MonkeyPatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within a round, not a day; the parked row goes by itself, and nothing is missing at the ledger."""
    for _ in range(12):
        settled(media)
        carry(media, ledger)
    refuses.undo()
    settled(media)
    carry(media, ledger)
    assert states_of(ledger) == {}
    monkeypatch.setattr(facts_refused, "edition", lambda _context: "the next one")
    settled(media)
    carry(media, ledger, rounds=60)
    assert states_of(ledger) == {MEDIA: 14}
    assert stuck(media) == []
    assert untold(media) == 0


def test_a_ledger_that_was_mended_is_told_again_within_a_day(
    media: BareCenter, ledger: BareCenter, refuses: pytest.MonkeyPatch
) -> None:
    """With one message at first, since nobody knows that it was mended."""
    for _ in range(6):
        settled(media)
        carry(media, ledger)
    refuses.undo()
    media.later(25 * HOUR)
    ledger.now = media.now
    settled(media)
    assert [one.recipient for one in media.relay()] == [LEDGER]
    media.later(HOUR)
    carry(media, ledger, rounds=60)
    assert states_of(ledger) == {MEDIA: 7}


def test_another_ledger_in_the_settings_is_told_at_once(
    tmp_path: Path, media: BareCenter, ledger: BareCenter, refuses: pytest.MonkeyPatch
) -> None:
    """The refusal was of the one before."""
    settled(media)
    carry(media, ledger)
    refuses.undo()
    other = BareCenter("ledger-150403", tmp_path)
    media.context = replace(media.context, ledger=Ledger("ledger-150403"), reads=lambda *_: True)
    settled(media)
    carry(media, other, rounds=60)
    assert states_of(other) == {MEDIA: 2}
    other.close()


def test_a_ledger_that_nobody_answers_has_one_row(tmp_path: Path, media: BareCenter) -> None:
    """It asks a center that names another ledger: each refusal counts in the same row."""
    other = BareCenter("ledger-150404", tmp_path)
    for _ in range(5):
        other.store.write(
            lambda tx: say(tx, other.context, MEDIA, Told(FactsAsked(why="new")), lane_of(MEDIA), other.now)
        )
        carry(other, media)
    assert [(place, code) for place, code, _ in stuck(other)] == [(parked.PEER, "facts-refused")]
    assert waits_for(other, MEDIA) == 0
    other.close()


def test_doctor_says_who_takes_no_facts(
    tmp_path: Path, media: BareCenter, ledger: BareCenter, refuses: pytest.MonkeyPatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the code, and what takes it up again."""
    settled(media)
    carry(media, ledger)
    refuses.undo()
    monkeypatch.setattr("bus.cli.check_facts.read_by", lambda _security: lambda _center, _kind: True)
    settings = CenterSettings(
        center=MEDIA, store=f"sqlite:///{tmp_path}/{MEDIA}.db", backend=Backend(url="http://127.0.0.1:1"),
        intake_secret=SecretStr(new_id().hex), facts=Facts(ledger=LEDGER),
    )  # fmt: skip
    (check,) = facts_told(settings)
    assert "no-ledger" in check.found.en
    assert "no-ledger" in check.found.zh


@pytest.mark.usefixtures("refuses")
def test_health_says_who_takes_no_facts(media: BareCenter, ledger: BareCenter) -> None:
    """Beside what is untold, and stays well: no case waits for it."""
    shut, proof = Event(), StoreProof(media.store, lambda: media.now, MEDIA)
    health = Health(
        Loops(lambda _name, run: Thread(target=run), shut, log()), proof, media.transport, media.context,
        lambda: media.now, bool, shut, MarksWatch(media.store, media.context.security),
    )  # fmt: skip
    settled(media)
    carry(media, ledger)
    proof.renew()
    told = health.flow()
    assert told["flow"]
    assert told["facts"]["refused"] == "no-ledger"
