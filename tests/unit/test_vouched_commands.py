"""Commands that a console's key signs for a person who is signed in there."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import select

from bus.contract.staff_command import Act, Matching, Vouched
from bus.security.keyring import new_keyring
from bus.security.staff import Role
from bus.store import tables as t
from tests.harness.duty import Duty
from tests.harness.signing_county import GOVERNMENT, MEDIA, PARTY
from tests.harness.step import NOW

CONSOLE, LI, ZHAO = "staff-console", Vouched(name="li", role="operator"), Vouched(name="zhao", role="administrator")


@pytest.fixture
def duty(tmp_path: Path) -> Iterator[Duty]:
    """A center that rules, and a console's key of an administrator."""
    made = Duty(tmp_path, MEDIA)
    made.list(CONSOLE, new_keyring(CONSOLE, NOW), Role.ADMINISTRATOR)
    yield made
    made.close()


def _told(duty: Duty, way: str) -> list[tuple[str, str]]:
    """(kind, who) of the journal's lines."""
    with duty.store.reading() as tx:
        c = t.journal.c
        return [(row[0], row[1]) for row in tx.execute(select(c.kind, c.peer).where(c.way == way).order_by(c.id))]


def test_the_journal_tells_the_person_and_the_key(duty: Duty) -> None:
    """Where it was wanted, and at each item; the operation tells who made it and who let it run."""
    duty.unread()
    preview = duty.say(CONSOLE, Act.DISCARD, person=LI, preview=True, matching=Matching(code="not-json")).body[
        "operation"
    ]
    ran = duty.say(CONSOLE, Act.RUN, person=ZHAO, operation=preview["id"]).body["operation"]
    duty.work()
    assert (ran["made_by"], ran["run_by"], ran["what"]) == ("staff-console:li", "staff-console:zhao", {})
    assert _told(duty, "operation") == [("discard", "staff-console:li"), ("run", "staff-console:zhao")]
    assert _told(duty, "operated") == [("discard", "staff-console:zhao")]


@pytest.mark.parametrize(("key", "person", "refused"), [
    (Role.ADMINISTRATOR, "operator", True), (Role.OPERATOR, "administrator", True),
    (Role.ADMINISTRATOR, "emperor", True), (Role.ADMINISTRATOR, "administrator", False),
])  # fmt: skip
def test_both_the_key_and_the_person_need_the_right(duty: Duty, key: Role, person: str, refused: bool) -> None:
    """A pause needs an administrator: at the console, and in the directory."""
    duty.list(CONSOLE, new_keyring(CONSOLE, NOW), key)
    answer = duty.say(CONSOLE, Act.PAUSE, person=Vouched(name="li", role=person), peer=PARTY)
    assert (answer.body.get("code") == "role") is refused


def test_who_may_not_do_an_act_runs_no_preview_of_it(duty: Duty) -> None:
    """The operation's own act counts, whoever's key it is."""
    case = duty.offered(PARTY)
    command = duty.command(CONSOLE, Act.RECLAIM, person=ZHAO, items=(case,), to=GOVERNMENT)
    assert duty.give(duty.signed(CONSOLE, command)).status == 200
    assert duty.say(CONSOLE, Act.STOP, person=LI, operation=command.id).body["code"] == "role"


def test_a_console_is_one_person_and_so_is_whom_it_vouches_for(duty: Duty) -> None:
    """Neither two persons at one console rule together, nor one person at a console and with a key."""
    duty.list("staff-zhao", new_keyring("staff-zhao", NOW), Role.ADMINISTRATOR)
    case = duty.offered(PARTY)
    command = duty.command(CONSOLE, Act.RECLAIM, person=ZHAO, items=(case,), to=GOVERNMENT)
    duty.give(duty.signed(CONSOLE, command))
    wanted: dict[str, Any] = {"operation": command.id, "digest": hashlib.sha256(command.encoded()).hexdigest()}
    other = Vouched(name="qian", role="administrator")
    assert duty.say(CONSOLE, Act.APPROVE, person=other, **wanted).body["code"] == "same-person"
    assert duty.say("staff-zhao", Act.APPROVE, **wanted).body["code"] == "same-person"
    assert duty.say("staff-anna", Act.APPROVE, **wanted).status == 200


def test_a_look_tells_groups_and_loads_and_no_item(duty: Duty) -> None:
    """What a console shows of a center."""
    duty.unread()
    duty.offered(PARTY)
    told = duty.say("staff-vera", Act.LOOK).body
    assert [(one["place"], one["code"], one["size"]) for one in told["groups"]] == [("wire", "not-json", 1)]
    assert {one["place"] for one in told["waiting"]} == {"open", "outbox", "parked"}
    assert told["overdue"] == {"count": 0, "oldest_ms": 0}


def test_names_have_room_in_the_journal(duty: Duty) -> None:
    """A key and a person whose names are too long together make no command."""
    duty.list("staff-" + "a" * 40, new_keyring("staff-" + "a" * 40, NOW), Role.OPERATOR)
    with pytest.raises(ValidationError, match="too long"):
        duty.command("staff-" + "a" * 40, Act.LOOK, person=Vouched(name="b" * 20, role="viewer"))
