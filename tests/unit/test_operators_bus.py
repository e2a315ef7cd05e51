"""Commands over the bus: what is promised besides the table, which both roads keep (``test_operators_door.py``)."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from sqlalchemy import func, select

from bus.contract.codec import encode
from bus.contract.envelope import compose
from bus.contract.operations import OperationAsked, lane_of_operations
from bus.contract.staff_command import Act
from bus.operations import carrying
from bus.pipeline import quotas
from bus.security.keyring import write_keyring
from bus.settings import Operations
from bus.store import carried_commands, parked, put_off
from bus.store import tables as t
from tests.harness.duty import CANARY, LEDGER, Carried
from tests.harness.signing_county import MEDIA, PARTY
from tests.harness.step import NOW, BareCenter
from tests.unit.test_cli_run import bus


@pytest.fixture
def duty(tmp_path: Path) -> Iterator[Carried]:
    """The media center, whose commands the ledger carries."""
    made = Carried(tmp_path)
    yield made
    made.close()


def asked_by(carrier: str, raw: str, sequence: int = 1) -> bytes:
    """A message that asks, as another participant would say it."""
    message = compose(
        OperationAsked(command=raw),
        source=carrier,
        recipient=MEDIA,
        now=NOW,
        subject=lane_of_operations(MEDIA),
        sequence=sequence,
    )
    return encode(message)


def rows(center: BareCenter, table: Any) -> int:
    """How many rows there are."""
    with center.store.reading() as tx:
        return int(tx.execute(select(func.count()).select_from(table)).scalar_one())


def stuck(center: BareCenter) -> list[str]:
    """The codes of what is parked."""
    with center.store.reading() as tx:
        return [one["code"] for one in parked.listed(tx)]


def refusal(duty: Carried, raw: bytes) -> tuple[int | None, str]:
    """What the ledger knows of a command once both have sent what they owe, receipts too."""
    ledger, center = duty.ledger, duty.center
    asked = ledger.store.write(lambda tx: carrying.carry(tx, ledger.context, MEDIA, raw, ledger.now))
    center.receive(*(one.body for one in ledger.relay()))
    ledger.receive(*(one.body for one in center.relay() if one.recipient == LEDGER))
    with ledger.store.reading() as tx:
        found = carried_commands.carried(tx, str(asked))
    assert found is not None
    return found.status, json.loads(found.answer or "{}").get("code", "")


def test_a_whole_item_is_never_carried(duty: Carried) -> None:
    """Messages are archived at both ends: a reading has to come to the center's own door, and leaves no trace here."""
    number = duty.untaken()
    answer = duty.say("staff-otto", Act.REVEAL, items=(number,), why="核对")
    assert (answer.status, answer.body["code"]) == (403, "not-over-bus")
    assert rows(duty.center, t.accesses) == 0
    with duty.ledger.store.reading() as tx:
        bodies = b"".join(bytes(one) for one in tx.execute(select(t.archive.c.body)).scalars())
    assert CANARY.encode() not in bodies


def test_nothing_is_carried_out_while_messages_are_received(duty: Carried) -> None:
    """A command only waits there: cases go first, and the loop of operations has a quarter of its time at most."""
    number = duty.untaken()
    raw = duty.signed("staff-otto", duty.command("staff-otto", Act.DISCARD, items=(number,)))
    duty.ledger.store.write(lambda tx: carrying.carry(tx, duty.ledger.context, MEDIA, raw, duty.ledger.now))
    (parcel,) = duty.ledger.relay()
    duty.center.receive(parcel.body)
    assert rows(duty.center, t.operations) == 0
    assert rows(duty.center, t.operations_asked) == 1
    assert carrying.answer_next(duty.store, duty.center.context, duty.center.now) == 1
    assert rows(duty.center, t.operations) == 1


def test_only_a_ledger_carries_commands(tmp_path: Path) -> None:
    """Another participant is refused, whoever has signed the command."""
    center = BareCenter(MEDIA, tmp_path)
    assert center.receive(asked_by(PARTY, "AAAA"))["refused"] == 1
    assert stuck(center) == ["no-carrier"]
    assert rows(center, t.operations_asked) == 0
    center.close()


def test_a_center_without_persons_on_duty_answers_so(duty: Carried) -> None:
    """The ledger's person reads it; nobody is shown a parked row there."""
    raw = duty.signed("staff-anna", duty.command("staff-anna", Act.LIST))
    for kid in list(duty.shelf.known.staff):
        duty.shelf.known.staff.pop(kid)  # type: ignore[attr-defined]  # a dictionary in the tests
    assert refusal(duty, raw) == (403, "no-staff")
    assert stuck(duty.ledger) == []
    assert rows(duty.center, t.operations_asked) == 0


def test_a_center_that_has_closed_its_door_answers_so(duty: Carried) -> None:
    """It keeps nothing of the command."""
    duty.center.context = replace(duty.center.context, door=Operations(closed=True))
    raw = duty.signed("staff-anna", duty.command("staff-anna", Act.LIST))
    assert refusal(duty, raw) == (403, "door-closed")
    assert rows(duty.center, t.operations_asked) == 0


def test_a_ledger_that_floods_a_center_is_put_off(duty: Carried) -> None:
    """A bounded number waits there; the rest stays at the ledger, and the center's own messages leave meanwhile."""
    raw = duty.signed("staff-vera", duty.command("staff-vera", Act.LIST))
    ledger, center = duty.ledger, duty.center
    for _ in range(quotas.MOST_OPERATIONS + 30):
        ledger.store.write(lambda tx: carrying.carry(tx, ledger.context, MEDIA, raw, ledger.now))
    center.receive(*(one.body for one in ledger.relay()))
    assert rows(center, t.operations_asked) == quotas.MOST_OPERATIONS
    with center.store.reading() as tx:
        (noted,) = put_off.listed(tx, 0)
    assert noted["quota"] == quotas.OPERATIONS_UNDERWAY
    duty.offered(PARTY)
    assert PARTY in [one.recipient for one in center.relay()]
    while carrying.answer_next(duty.store, center.context, center.now):
        pass
    told = [one for one in center.relay() if one.recipient == LEDGER]
    assert len(told) == quotas.MOST_OPERATIONS


def test_an_answer_that_is_too_long_says_so(duty: Carried, monkeypatch: pytest.MonkeyPatch) -> None:
    """The person selects less, or asks at the door; the lane goes on."""
    monkeypatch.setattr(carrying, "MOST_ANSWER", 30)
    for _ in range(3):
        duty.unread()
    answer = duty.say("staff-vera", Act.LIST)
    assert (answer.status, answer.body["code"]) == (413, "answer-too-long")
    monkeypatch.undo()
    assert len(duty.say("staff-vera", Act.LIST).body["items"]) >= 1


def test_an_answer_counts_only_from_the_center_that_was_asked(duty: Carried) -> None:
    """Another center that tells an answer changes nothing."""
    raw = duty.signed("staff-vera", duty.command("staff-vera", Act.WAITING))
    ledger = duty.ledger
    asked = ledger.store.write(lambda tx: carrying.carry(tx, ledger.context, MEDIA, raw, ledger.now))
    ledger.store.write(lambda tx: carried_commands.told(tx, PARTY, str(asked), 200, "{}"))
    with ledger.store.reading() as tx:
        found = carried_commands.carried(tx, str(asked))
    assert found is not None
    assert found.status is None


def test_commands_and_answers_are_forgotten_in_a_day(duty: Carried) -> None:
    """No command counts for so long."""
    duty.say("staff-vera", Act.WAITING)
    duty.ledger.store.write(lambda tx: carried_commands.prune(tx, 2**50))
    assert rows(duty.ledger, t.operations_carried) == 0


# -- the command line --------------------------------------------------------------------------------------------------


@contextmanager
def ferrying(duty: Carried) -> Iterator[None]:
    """Both services run: commands and answers go to and fro."""
    over = Event()

    def ferry() -> None:
        while not over.wait(0.05):
            duty.center.now = datetime.now(UTC)
            duty.ledger.now = duty.center.now
            duty.ferry()

    running = Thread(target=ferry)
    running.start()
    try:
        yield
    finally:
        over.set()
        running.join()


def at_the_ledger(duty: Carried, folder: Path) -> tuple[object, ...]:
    """The words of a person at the ledger, with the files that they name."""
    config, key = folder / "ledger.toml", folder / "otto.json"
    config.write_text(f'center = "{LEDGER}"\nstore = "sqlite:///{folder}/{LEDGER}.db"\n', encoding="utf-8")
    if not key.exists():
        write_keyring(key, duty.rings["staff-otto"])
    return ("operate", "--over-bus", config, "--center", MEDIA, "--key", key, "--lang", "en")


def test_a_person_at_the_ledger_looks_and_mends(duty: Carried, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is refused is told with its code, as at the door."""
    monkeypatch.setattr("bus.cli.operate_carrying.read_by", lambda _security: lambda *_: True)
    number, words = duty.untaken(), at_the_ledger(duty, tmp_path)
    with ferrying(duty):
        code, out, said = bus(*words, "discard", number, "--reason", "handled")
        assert code == 0, said
        code, _, said = bus(*words, "pause", "--peer", PARTY, "--reason", "away")
        assert (code, "role" in said) == (1, True)
        code, _, said = bus(*words, "reveal", number, "--reason", "x")
        assert (code, "not-over-bus" in said) == (1, True)
    assert "discard" in out
    assert rows(duty.center, t.operations) == 1


def test_a_center_that_reads_no_commands_is_not_sent_any(duty: Carried, tmp_path: Path) -> None:
    """One of v0.1.0 would refuse them: the directory does not say that it reads them."""
    code, _, said = bus(*at_the_ledger(duty, tmp_path), "list")
    assert code == 1
    assert "--at" in said
    assert rows(duty.ledger, t.operations_carried) == 0


def test_one_road_is_named(duty: Carried, tmp_path: Path) -> None:
    """Neither and both are slips."""
    words = at_the_ledger(duty, tmp_path)
    assert bus(*words, "--at", "http://127.0.0.1:1", "list")[0] == 2
    assert bus("operate", *words[3:], "list")[0] == 2
