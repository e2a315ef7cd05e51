"""The door for persons on duty, act by act: killed at every stage, given twice, beyond a role, stolen, and by two."""

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from bus.cli import check_duty
from bus.contract import signed_document
from bus.contract.ids import new_id
from bus.contract.messages import Ground
from bus.contract.staff_command import Act, Matching, StaffCommand
from bus.custody.commands import Register
from bus.operations import door, operating, rights, steps
from bus.operations.door import Answer
from bus.security import directory
from bus.security.cipher_suite import APPLICATION, COMMAND, DIRECTORY, MESSAGE
from bus.security.keyring import new_keyring
from bus.security.staff import Role
from bus.settings import Backend, CenterSettings, Operations
from bus.store import access_log, cases, operations, parked
from bus.store import tables as t
from tests.harness.duty import CANARY, CLOSED, PERSONS, Carried, Crash, Duty, dying, state
from tests.harness.signing_county import GOVERNMENT, MEDIA, PARTY
from tests.harness.step import NOW, a_case

Prepare = Callable[[Duty], list[tuple[str, Act, dict[str, Any]]]]
"""Makes what is stuck, and gives the commands: who, what, and the fields; ``…`` stands for the first one's id."""
FIRST = "the id of the first command"
SIGNED = "the digest of the first command"


@dataclass(frozen=True)
class Told:
    """One act of the table."""

    act: Act
    least: Role
    prepare: Prepare
    arbiter: str = GOVERNMENT


def _frozen(who: str, act: Act, **fields: Any) -> list[tuple[str, Act, dict[str, Any]]]:
    return [(who, act, {"preview": True, **fields}), (who, Act.RUN, {"operation": FIRST})]


def _all_stuck(duty: Duty) -> list[str]:
    return [duty.refused(), duty.untaken(), duty.unread(), duty.unheard()]


def _each(act: Act, who: str = "staff-otto", **fields: Any) -> Prepare:
    return lambda duty: [(who, act, {"items": tuple(_all_stuck(duty)), **fields})]


def _matching(act: Act, who: str = "staff-otto") -> Prepare:
    def prepare(duty: Duty) -> list[tuple[str, Act, dict[str, Any]]]:
        _all_stuck(duty)
        return _frozen(who, act, matching=Matching(peer=PARTY))

    return prepare


def _on_case(act: Act, who: str = "staff-otto", **fields: Any) -> Prepare:
    return lambda duty: [(who, act, {"items": (duty.offered(PARTY),), **fields})]


def _ruled(duty: Duty) -> list[tuple[str, Act, dict[str, Any]]]:
    wanted = {"items": (duty.offered(PARTY),), "to": GOVERNMENT}
    second = {"operation": FIRST, "digest": SIGNED}
    return [("staff-anna", Act.RECLAIM, wanted), ("staff-adam", Act.APPROVE, second)]


def _turned(duty: Duty) -> list[tuple[str, Act, dict[str, Any]]]:
    duty.offered(CLOSED)
    duty.offered(CLOSED)
    return _frozen("staff-anna", Act.REDIRECT, peer=CLOSED, to=PARTY)


def _held_then_released(duty: Duty) -> list[tuple[str, Act, dict[str, Any]]]:
    items = tuple(_all_stuck(duty))
    return [("staff-otto", Act.HOLD, {"items": items}), ("staff-olga", Act.RELEASE, {"items": items})]


def _paused_then_resumed(duty: Duty) -> list[tuple[str, Act, dict[str, Any]]]:
    duty.offered(PARTY)
    return [("staff-anna", Act.PAUSE, {"peer": PARTY}), ("staff-anna", Act.RESUME, {"peer": PARTY})]


def _previewed_then_stopped(duty: Duty) -> list[tuple[str, Act, dict[str, Any]]]:
    (preview, _) = _matching(Act.DISCARD)(duty)
    return [preview, ("staff-olga", Act.STOP, {"operation": FIRST})]


VIEWER, OPERATOR, ADMINISTRATOR = Role.VIEWER, Role.OPERATOR, Role.ADMINISTRATOR
TABLE = [
    Told(Act.LIST, VIEWER, lambda _: [("staff-vera", Act.LIST, {})]),
    Told(Act.SHOW, VIEWER, lambda duty: [("staff-vera", Act.SHOW, {"items": (duty.untaken(),)})]),
    Told(Act.WAITING, VIEWER, lambda _: [("staff-vera", Act.WAITING, {})]),
    Told(Act.LOOK, VIEWER, lambda _: [("staff-vera", Act.LOOK, {})]),
    Told(Act.REVEAL, OPERATOR, lambda duty: [("staff-otto", Act.REVEAL, {"items": (duty.untaken(),), "why": "核对"})]),
    Told(Act.REPLAY, OPERATOR, _each(Act.REPLAY)),
    Told(Act.RUN, OPERATOR, _matching(Act.REPLAY)),
    Told(Act.DISCARD, OPERATOR, _each(Act.DISCARD)),
    Told(Act.HOLD, OPERATOR, _each(Act.HOLD)),
    Told(Act.RELEASE, OPERATOR, _held_then_released),
    Told(Act.NOTE, OPERATOR, _each(Act.NOTE)),
    Told(Act.OWNER, OPERATOR, _each(Act.OWNER, to="staff-olga")),
    Told(Act.URGE, OPERATOR, _on_case(Act.URGE)),
    Told(Act.ASK_ARBITER, OPERATOR, _on_case(Act.ASK_ARBITER, ground=Ground.SILENT)),
    Told(Act.REDIRECT, ADMINISTRATOR, _turned),
    Told(Act.PAUSE, ADMINISTRATOR, lambda _: [("staff-anna", Act.PAUSE, {"kind": "case.urged"})]),
    Told(Act.RESUME, ADMINISTRATOR, _paused_then_resumed),
    Told(Act.RECLAIM, ADMINISTRATOR, _ruled, MEDIA),
    Told(Act.APPROVE, ADMINISTRATOR, _ruled, MEDIA),
    Told(Act.STOP, OPERATOR, _previewed_then_stopped),
]  # fmt: skip
ROADS: list[tuple[str, Told, type[Duty]]] = [
    *((told.act.value, told, Duty) for told in TABLE),
    *((f"{told.act.value}-over-the-bus", told, Carried) for told in TABLE if told.act is not Act.REVEAL),
]
"""Each act at the center's own door, and carried by the ledger; a whole item is never carried."""
BY_ACT = pytest.mark.parametrize(("told", "road"), [row[1:] for row in ROADS], ids=[row[0] for row in ROADS])
ONE_OF_EACH_SHAPE = {Act.HOLD, Act.RUN, Act.URGE, Act.PAUSE, Act.APPROVE}
SOME = [row for row in ROADS if row[2] is Duty or row[1].act in ONE_OF_EACH_SHAPE]
BY_ACT_AND_STAGE = pytest.mark.parametrize(("told", "road"), [row[1:] for row in SOME], ids=[row[0] for row in SOME])
"""Over the bus one act of each shape: a command is carried out by the same door."""
AT_THE_DOOR = pytest.mark.parametrize("told", TABLE, ids=lambda told: told.act.value)


@pytest.fixture
def road() -> type[Duty]:
    """How commands come: to the center's own door."""
    return Duty


@pytest.fixture
def make(tmp_path: Path, road: type[Duty]) -> Iterator[Callable[[Told], Duty]]:
    """Centers with persons on duty, each in a folder of its own."""
    made: list[Duty] = []

    def one(told: Told) -> Duty:
        made.append(road(tmp_path / str(len(made)), told.arbiter))
        return made[-1]

    yield one
    for duty in made:
        duty.close()


@pytest.fixture
def duty(tmp_path: Path) -> Iterator[Duty]:
    """One such center."""
    made = Duty(tmp_path)
    yield made
    made.close()


def _commands(duty: Duty, told: Told) -> list[tuple[str, StaffCommand]]:
    """The commands of an act, with the ids and digests that the later ones name."""
    made: list[tuple[str, StaffCommand]] = []
    for who, act, fields in told.prepare(duty):
        named = {FIRST: made[0][1].id if made else None, SIGNED: _digest(made[0][1]) if made else None}
        known = {name: named.get(value, value) if isinstance(value, str) else value for name, value in fields.items()}
        made.append((who, duty.command(who, act, **known)))
    return made


def _digest(command: StaffCommand) -> str:

    return hashlib.sha256(command.encoded()).hexdigest()


def _plainly(duty: Duty, told: Told) -> list[Answer]:
    answers = []
    for who, command in _commands(duty, told):
        answers.append(duty.give(duty.signed(who, command)))
        duty.work()
    return answers


# -- the table ---------------------------------------------------------------------------------------------------------


@BY_ACT_AND_STAGE
@pytest.mark.parametrize("committed", [False, True], ids=["before", "after"])
def test_killed_at_every_stage_it_is_as_if_nothing_had_been(
    make: Callable[[Told], Duty], told: Told, committed: bool
) -> None:
    """Whatever transaction the process dies at, the person sends the same bytes again, and the store is the same."""
    plain = make(told)
    assert {one.status for one in _plainly(plain, told)} == {200}
    wanted, at, reached = state(plain), 0, True
    while reached:
        at, duty = at + 1, make(told)
        given = [(who, duty.signed(who, command)) for who, command in _commands(duty, told)]
        with dying(duty.store, at, committed=committed) as seen:
            for _, raw in given:
                for work in (partial(duty.give, raw), duty.work):
                    try:
                        work()
                    except Crash:
                        work()
        reached = bool(seen)
        assert state(duty) == wanted, at
    assert at > 1


@BY_ACT
def test_given_twice_it_is_done_once_and_answered_alike(make: Callable[[Told], Duty], told: Told) -> None:
    """By a client that is told nothing and sends the same bytes again, at once or after the work."""
    plain, duty = make(told), make(told)
    _plainly(plain, told)
    for who, command in _commands(duty, told):
        raw = duty.signed(who, command)
        first = duty.give(raw)
        again = [duty.give(raw)]
        duty.work()
        again.append(duty.give(raw))
        if command.act not in rights.READS:
            assert again == [first, first]
        assert {one.status for one in again} == {200}
    assert state(duty) == state(plain)


@AT_THE_DOOR
def test_two_that_come_at_the_same_moment_are_one(make: Callable[[Told], Duty], told: Told) -> None:
    """Four threads give the same bytes."""
    plain, duty = make(told), make(told)
    _plainly(plain, told)
    for who, command in _commands(duty, told):
        with ThreadPoolExecutor(4) as threads:
            answers = list(threads.map(duty.give, [duty.signed(who, command)] * 4))
        duty.work()
        assert [one.status for one in answers] == [200] * 4
    assert state(duty) == state(plain)


@BY_ACT
def test_beyond_the_role_nothing_is_done(make: Callable[[Told], Duty], told: Told) -> None:
    """Whoever has a lesser role is refused, and so is a role that this program does not know; the journal has a line of
    it, not of each."""
    duty = make(told)
    commands = _commands(duty, told)
    who, command = next(one for one in commands if one[1].act is told.act)
    for earlier in commands[: commands.index((who, command))]:
        duty.give(duty.signed(*earlier))
    before = state(duty)
    lesser = [name for name, role in PERSONS.items() if not role.covers(told.least)]
    for name in lesser:
        mine = command.model_copy(update={"id": new_id(), "by": duty.rings[name].keys[-1].public.kid})
        for _ in range(3):
            refusal = duty.give(duty.signed(name, mine))
            assert (refusal.status, refusal.body["code"]) == (403, "role")
    kid = duty.rings[who].keys[-1].public.kid
    newer = duty.shelf.known.staff[kid].model_copy(update={"role": "emperor"})
    duty.shelf.known = duty.shelf.known.with_staff(newer, NOW)
    assert duty.give(duty.signed(who, command)).body["code"] == "role"
    after = state(duty)
    told_of = after.pop("journal")
    assert len(told_of) - len(before.pop("journal")) == len(lesser) + 1
    assert (after.pop("refused_commands"), before.pop("refused_commands")) == (["('role',)"] * (len(lesser) + 1), [])
    assert len(after.pop("accesses")) - len(before.pop("accesses")) == len(lesser) + 1
    assert after == before


@BY_ACT
def test_a_thief_gets_nothing_done(make: Callable[[Told], Duty], told: Told, tmp_path: Path) -> None:
    """Later, at another center, in another's name, altered, signed for another purpose, by a key that was revoked: the
    store is as before, but for the count of refusals."""
    duty, elsewhere = make(told), Duty(tmp_path / "elsewhere", told.arbiter, PARTY)
    who, command = _commands(duty, told)[0]
    raw, before = duty.signed(who, command), state(duty)
    elsewhere.shelf.known = duty.shelf.known
    body, stranger = command.encoded(), new_keyring(who, NOW).keys[-1]
    another = {"by": duty.rings["staff-olga"].keys[-1].public.kid}
    attempts = {
        "wrong-center": elsewhere.give(raw),
        "unknown-key": duty.give(signed_document.join(body, [stranger.signed(body, COMMAND)])),
        "bad-signature": duty.give(raw.replace(b"cause-gone", b"cause-gond") if b"cause-gone" in raw else raw[:-1]),
        "not-signed": duty.give(body),
    }  # fmt: skip
    for use in (MESSAGE, APPLICATION, DIRECTORY):
        attempts[f"bad-signature {use}"] = duty.give(duty.signed(who, command, use))
    attempts["bad-signature by"] = duty.give(duty.signed(who, command.model_copy(update=another)))
    duty.center.later(rights.WINDOW.total_seconds() + 1)
    attempts["too-old"] = duty.give(raw)
    duty.center.now = NOW - rights.WINDOW - timedelta(seconds=1)
    attempts["too-early"] = duty.give(raw)
    duty.center.now = NOW
    duty.shelf.revoke(command.by)
    attempts["revoked-key"] = duty.give(raw)
    for name, answer in attempts.items():
        assert answer.body["code"] == name.split(" ", maxsplit=1)[0], name
        assert answer.status in (400, 401, 403)
    after = state(duty)
    for table in ("journal", "refused_commands", "accesses"):
        before.pop(table)
        after.pop(table)
    assert after == before
    elsewhere.close()


@BY_ACT
def test_the_same_id_with_other_bytes_is_refused(make: Callable[[Told], Duty], told: Told) -> None:
    """Also where the person has signed both, and where another person has."""
    duty = make(told)
    who, command = _commands(duty, told)[0]
    duty.give(duty.signed(who, command))
    before = state(duty)
    other = command.model_copy(update={"why": "another-reason"})
    assert duty.give(duty.signed(who, other)).body["code"] == "id-used"
    mine = command.model_copy(update={"by": duty.rings["staff-adam"].keys[-1].public.kid})
    assert duty.give(duty.signed("staff-adam", mine)).body["code"] == "id-used"
    after = state(duty)
    for table in ("journal", "refused_commands", "accesses"):
        before.pop(table)
        after.pop(table)
    assert after == before


# -- two persons -------------------------------------------------------------------------------------------------------


def test_of_two_who_run_one_preview_the_first_has_done_it(duty: Duty) -> None:
    """Both are told who it was, and each item is done with once."""
    _all_stuck(duty)
    preview = duty.say("staff-otto", Act.REPLAY, preview=True, matching=Matching(peer=PARTY))
    wanted = preview.body["operation"]
    assert (wanted["state"], wanted["size"], wanted["done"]) == ("previewed", 4, 0)
    answers = [duty.say(who, Act.RUN, operation=wanted["id"]) for who in ("staff-olga", "staff-otto")]
    assert [one.body["operation"]["run_by"] for one in answers] == ["staff-olga", "staff-olga"]
    duty.work()
    shown = duty.say("staff-vera", Act.SHOW, operation=wanted["id"]).body["operation"]
    assert (shown["state"], shown["done"], shown["parked_again"], shown["made_by"]) == ("done", 4, 1, "staff-otto")


def test_of_two_with_the_same_set_each_item_is_done_with_once(duty: Duty) -> None:
    """What the first has settled is gone for the second, and both operations end."""
    _all_stuck(duty)
    ids = []
    for who in ("staff-otto", "staff-olga"):
        preview = duty.say(who, Act.DISCARD, preview=True, matching=Matching(peer=PARTY))
        ids.append(preview.body["operation"]["id"])
    for who, one in zip(("staff-otto", "staff-olga"), ids, strict=True):
        assert duty.say(who, Act.RUN, operation=one).status == 200
    duty.work()
    with duty.store.reading() as tx:
        outcomes = [[item.outcome for item in operations.items(tx, one, 10)] for one in ids]
        assert outcomes == [["done"] * 4, ["gone"] * 4]
        assert parked.listed(tx) == []
        lines = tx.execute(select(t.journal.c.peer).where(t.journal.c.way == "operated")).scalars().all()
    assert lines == ["staff-otto"] * 4


def test_a_preview_freezes_its_set(duty: Duty) -> None:
    """What comes later, and what fits just as well, stays where it is."""
    early = duty.unread()
    preview = duty.say("staff-otto", Act.DISCARD, preview=True, matching=Matching(place="wire"))
    late = duty.unheard()
    duty.say("staff-otto", Act.RUN, operation=preview.body["operation"]["id"])
    duty.work()
    with duty.store.reading() as tx:
        assert [str(row["id"]) for row in parked.listed(tx)] == [late] != [early]


def test_a_second_person_is_another_person(duty: Duty, tmp_path: Path) -> None:
    """Not the same key, not another key of the same person, not for another command, and not an operator."""
    ruling = Duty(tmp_path / "arbiter", MEDIA)
    case_id = ruling.offered(PARTY)
    command = ruling.command("staff-anna", Act.RECLAIM, items=(case_id,), to=GOVERNMENT)
    first = ruling.give(ruling.signed("staff-anna", command))
    assert first.body["operation"]["state"] == "awaits-second"
    ruling.work()
    wanted: dict[str, Any] = {"operation": command.id, "digest": _digest(command)}
    assert ruling.say("staff-anna", Act.RUN, operation=command.id).body["code"] == "needs-second"
    assert ruling.say("staff-anna", Act.APPROVE, **wanted).body["code"] == "same-person"
    ruling.list("staff-anna", ruling.rings["staff-anna"].with_new_key(NOW), Role.ADMINISTRATOR)
    assert ruling.say("staff-anna", Act.APPROVE, **wanted).body["code"] == "same-person"
    assert ruling.say("staff-adam", Act.APPROVE, **(wanted | {"digest": "0" * 64})).body["code"] == "other-digest"
    assert ruling.say("staff-otto", Act.APPROVE, **wanted).body["code"] == "role"
    assert _holder(ruling, case_id) == MEDIA
    assert ruling.say("staff-adam", Act.APPROVE, **wanted).status == 200
    ruling.work()
    assert _holder(ruling, case_id) == GOVERNMENT
    elsewhere = duty.say("staff-anna", Act.RECLAIM, items=(duty.offered(PARTY),), to=GOVERNMENT)
    assert elsewhere.body["code"] == "not-arbiter"
    ruling.close()


def _holder(duty: Duty, case_id: str) -> str:
    with duty.store.reading() as tx:
        return next(iter(cases.read(tx, [_uuid(case_id)]).values())).holder


def _uuid(text: str) -> Any:

    return UUID(text)


# -- what is promised besides ------------------------------------------------------------------------------------------


def test_without_persons_the_door_is_closed(duty: Duty) -> None:
    """A county that lists nobody answers nobody, and writes nothing down."""
    raw, before = duty.signed("staff-anna", duty.command("staff-anna", Act.LIST)), state(duty)
    for kid in list(duty.shelf.known.staff):
        duty.shelf.known.staff.pop(kid)  # type: ignore[attr-defined]  # a dictionary in the tests
    answer = duty.give(raw)
    assert (answer.status, answer.body["code"]) == (404, "no-staff")
    assert state(duty) == before


def test_a_center_closes_its_own_door(duty: Duty) -> None:
    """Whatever the directory says: nothing is done, and nothing goes on that was begun."""
    number = duty.untaken()
    preview = duty.say("staff-otto", Act.DISCARD, preview=True, matching=Matching(peer=PARTY))
    duty.say("staff-otto", Act.RUN, operation=preview.body["operation"]["id"])
    duty.center.context = replace(duty.center.context, door=Operations(closed=True))
    before = state(duty)
    for who in PERSONS:
        answer = duty.say(who, Act.LIST)
        assert (answer.status, answer.body["code"]) == (403, "door-closed")
    assert state(duty) == before
    assert not door.is_open(duty.center.context)
    duty.center.context = replace(duty.center.context, door=Operations())
    duty.work()
    with duty.store.reading() as tx:
        assert [str(row["id"]) for row in parked.listed(tx)] == [] != [number]


def test_doctor_says_what_a_center_lets_persons_do(duty: Duty, monkeypatch: pytest.MonkeyPatch) -> None:
    """How many are listed, and what the center's own settings leave them; nothing where nobody is listed."""
    monkeypatch.setattr(check_duty, "security_of", lambda _trust: duty.center.context.security)
    given: dict[str, Any] = {
        "center": MEDIA, "store": "sqlite:///unused.db", "backend": Backend(url="http://127.0.0.1:1"),
        "intake_secret": SecretStr(new_id().hex),
    }  # fmt: skip
    (check,) = check_duty.persons_on_duty(CenterSettings(**given, operations=Operations(highest="operator")))
    assert f"{len(PERSONS)} staff keys" in check.found.en
    assert "operator" in check.found.zh
    (check,) = check_duty.persons_on_duty(CenterSettings(**given, operations=Operations(closed=True)))
    assert "close" in check.found.en
    duty.shelf.known = directory.empty(NOW)
    assert list(check_duty.persons_on_duty(CenterSettings(**given))) == []


def test_no_role_counts_for_more_than_a_center_lets_it(duty: Duty) -> None:
    """An administrator of the county looks here, and mends nothing."""
    duty.center.context = replace(duty.center.context, door=Operations(highest="viewer"))
    number = duty.untaken()
    assert duty.say("staff-anna", Act.LIST).status == 200
    for act, fields in ((Act.DISCARD, {"items": (number,)}), (Act.PAUSE, {"peer": PARTY})):
        assert duty.say("staff-anna", act, **fields).body["code"] == "role"
    duty.center.context = replace(duty.center.context, door=Operations(highest="operator"))
    assert duty.say("staff-anna", Act.DISCARD, items=(number,)).status == 200
    assert duty.say("staff-anna", Act.PAUSE, peer=PARTY).body["code"] == "role"
    assert duty.say("staff-vera", Act.HOLD, items=(number,)).body["code"] == "role"


def test_a_resident_is_seen_by_nobody_who_has_not_said_why(duty: Duty) -> None:
    """No list, item, operation, journal or refusal names one; a reading is sealed for who asks, and noted first."""
    number = duty.untaken()
    duty.refused()
    answers = [
        duty.say("staff-vera", Act.LIST),
        duty.say("staff-vera", Act.SHOW, items=(number,)),
        duty.say("staff-vera", Act.WAITING),
        duty.say("staff-vera", Act.REVEAL, items=(number,), why="核对"),
    ]
    command = duty.command("staff-otto", Act.REVEAL, items=(number,), why="核对诉求")
    revealed = duty.give(duty.signed("staff-otto", command))
    assert CANARY not in "".join(json.dumps(one.body, ensure_ascii=False, default=str) for one in [*answers, revealed])
    sealed = base64.b64decode(revealed.body["sealed"])
    assert CANARY in duty.rings["staff-otto"].keys[-1].opened(sealed, str(command.id).encode()).decode()
    with duty.store.reading() as tx:
        (noted,) = [one for one in access_log.entries(tx) if one.what != "refused"]
        assert access_log.broken(tx) == []
        kept = tx.execute(select(t.staff_commands.c.answer)).scalars().all()
    assert (noted.who, noted.why) == (command.by, "核对诉求")
    assert set(kept) == {None}


def test_an_item_that_is_held_is_neither_replayed_nor_discarded(duty: Duty) -> None:
    """Not by others, and not by the local commands, until the hold ends."""
    number = duty.untaken()
    duty.say("staff-otto", Act.HOLD, items=(number,))
    duty.work()
    for act in (Act.REPLAY, Act.DISCARD):
        duty.say("staff-olga", act, items=(number,))
        duty.work()
    (row,) = duty.say("staff-vera", Act.LIST).body["items"]
    assert (str(row["id"]), row["held_by"].split(".")[0]) == (number, "staff-otto")
    with duty.store.reading() as tx:
        done = [operations.items(tx, one.id, 1)[0] for one in reversed(operations.listed(tx, 10))]
    assert sorted((one.outcome, one.code) for one in done if one.code) == [
        ("refused", "held"),
        ("still-parked", "held"),
    ]
    duty.say("staff-olga", Act.RELEASE, items=(number,))
    duty.work()
    duty.say("staff-olga", Act.DISCARD, items=(number,))
    duty.work()
    assert duty.say("staff-vera", Act.LIST).body["items"] == []


def test_a_paused_peer_and_a_paused_kind_wait_and_then_go(duty: Duty) -> None:
    """Nothing of them leaves the outbox meanwhile; all else goes."""
    duty.offered(PARTY)
    duty.offered(GOVERNMENT)
    duty.say("staff-anna", Act.PAUSE, peer=PARTY)
    assert [parcel.recipient for parcel in duty.center.relay()] == [GOVERNMENT]
    duty.say("staff-anna", Act.PAUSE, kind="case.offered")
    duty.offered(GOVERNMENT)
    assert duty.center.relay() == []
    assert [one["name"] for one in duty.say("staff-vera", Act.LIST).body["paused"]] == ["case.offered", PARTY]
    duty.say("staff-adam", Act.RESUME, kind="case.offered")
    assert [parcel.recipient for parcel in duty.center.relay()] == [GOVERNMENT]
    duty.say("staff-adam", Act.RESUME, peer=PARTY)
    assert [parcel.recipient for parcel in duty.center.relay()] == [PARTY]
    assert duty.say("staff-adam", Act.RESUME, peer=PARTY).body["code"] == "not-paused"


def test_an_operation_of_a_key_that_was_revoked_stops(duty: Duty) -> None:
    """Whoever has lost the right has nothing going on any more."""
    _all_stuck(duty)
    command = duty.command("staff-otto", Act.DISCARD, preview=True, matching=Matching(peer=PARTY))
    duty.give(duty.signed("staff-otto", command))
    duty.say("staff-otto", Act.RUN, operation=command.id)
    assert operating.step(duty.store, duty.center.context, str(command.id), duty.center.now)
    duty.shelf.revoke(command.by)
    duty.work()
    shown = duty.say("staff-vera", Act.SHOW, operation=command.id).body["operation"]
    assert (shown["state"], shown["code"], shown["done"]) == ("stopped", "revoked-key", 1)


def test_what_comes_back_is_counted_as_parked_again(duty: Duty) -> None:
    """Also when the own system refuses a task only after the operation has ended."""
    number = duty.untaken()
    command = duty.command("staff-otto", Act.REPLAY, items=(number,))
    duty.give(duty.signed("staff-otto", command))
    duty.work()

    def again() -> int:
        found: int = duty.say("staff-vera", Act.SHOW, operation=command.id).body["operation"]["parked_again"]
        return found

    assert again() == 0
    duty.store.write(lambda tx: tx.execute(t.work.update().values(state="parked")))
    assert again() == 1


def test_a_center_that_is_there_keeps_what_waits_for_it(duty: Duty) -> None:
    """Only what waits for a closed center is turned, and only to one that is there."""
    duty.offered(PARTY)
    more: dict[str, Any] = {"preview": True}
    assert duty.say("staff-anna", Act.REDIRECT, peer=PARTY, to=GOVERNMENT, **more).body["code"] == "center-open"
    assert (
        duty.say("staff-anna", Act.REDIRECT, peer=CLOSED, to="nobody-150402", **more).body["code"] == "unknown-center"
    )
    case_id = duty.offered(CLOSED)
    preview = duty.say("staff-anna", Act.REDIRECT, peer=CLOSED, to=GOVERNMENT, **more)
    duty.say("staff-adam", Act.RUN, operation=preview.body["operation"]["id"])
    duty.work()
    with duty.store.reading() as tx:
        record = next(iter(cases.read(tx, [_uuid(case_id)]).values()))
        assert record.offer_out is not None
        assert record.offer_out.pending == (GOVERNMENT,)
    assert [parcel.recipient for parcel in duty.center.relay()] == [PARTY, GOVERNMENT]


def test_an_item_that_cannot_be_read_holds_up_no_other(duty: Duty, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is passed over with a code, whatever the fault is, and the others are done with."""
    first, second = duty.unread(), duty.untaken()
    plain = steps.carry_out

    def faulty(step: Any) -> Any:
        if step.item.item == first:
            raise ZeroDivisionError
        return plain(step)

    monkeypatch.setattr(steps, "carry_out", faulty)
    command = duty.command("staff-otto", Act.DISCARD, items=(first, second))
    duty.give(duty.signed("staff-otto", command))
    duty.work()
    with duty.store.reading() as tx:
        done = operations.items(tx, str(command.id), 10)
    assert [(one.outcome, one.code) for one in done] == [("refused", "internal"), ("done", None)]


def test_commands_have_the_fields_that_their_act_needs(duty: Duty) -> None:
    """What is vague, unbounded, or names a person in its reason is no command."""
    case = a_case(MEDIA)
    duty.center.execute(Register(case=case))
    wrong: list[tuple[Act, dict[str, Any]]] = [
        (Act.REPLAY, {}),
        (Act.REPLAY, {"items": ("1",), "matching": Matching()}),
        (Act.REPLAY, {"matching": Matching()}),
        (Act.REPLAY, {"items": (str(case.case_id),)}),
        (Act.DISCARD, {"items": ("1",), "why": "已电话答复居民甲"}),
        (Act.URGE, {"items": ("1",)}),
        (Act.REDIRECT, {"peer": CLOSED, "to": PARTY}),
        (Act.PAUSE, {}),
        (Act.PAUSE, {"peer": PARTY, "kind": "case.urged"}),
        (Act.REVEAL, {"items": ("1", "2")}),
        (Act.RUN, {}),
        (Act.LIST, {"to": PARTY}),
        (Act.OWNER, {"items": ("1",)}),
        (Act.OWNER, {"items": ("1",), "to": "a" * 61}),
    ]
    for act, fields in wrong:
        with pytest.raises(ValueError, match=r"act|frozen|code word|60 characters"):
            duty.command("staff-otto", act, **fields)
