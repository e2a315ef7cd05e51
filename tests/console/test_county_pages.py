"""The county's pages: no title and no text, whatever a center tells is text, and why an act is refused is said."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

import httpx
import pytest

from bus.console.app import PAGES
from bus.console.doors import Doors, NoAnswer
from bus.context import Ledger
from bus.contract.ids import new_id
from bus.contract.staff_command import Act
from bus.custody.commands import Offer, Register
from bus.runtime.operating import Operating
from bus.security.keyring import new_keyring
from bus.security.staff import Role
from bus.store import operations
from tests.console.test_mending import signed_in
from tests.harness.audited_county import reads_facts
from tests.harness.consoled import ConsoledCenter, consoled
from tests.harness.doored_county import CONSOLE, at_hand, listed_console, park
from tests.harness.duty import CANARY, LEDGER, Duty
from tests.harness.signing_county import MEDIA, PARTY
from tests.harness.step import BareCenter, a_case

MARKS = (CANARY, json.dumps(CANARY)[1:-1])
"""The mark as it is, and as JSON writes it."""
REFUSED = 403
AWAY = 502


@contextmanager
def _desk(folder: Path, doors: Doors) -> Iterator[ConsoledCenter]:
    here = BareCenter(LEDGER, folder)
    with consoled(here, folder, doors=doors) as found:
        for center in doors.centers:
            doors.look(center)
        found.renew()
        yield found
    here.close()


@pytest.fixture
def duty(tmp_path: Path) -> Iterator[Duty]:
    """The media center, as its own arbiter."""
    made = Duty(tmp_path / "center", MEDIA)
    yield made
    made.close()


def _posted(client: httpx.Client, page: str, path: str, **more: str) -> httpx.Response:
    """A form of this page, sent to its path, with what somebody fills in."""
    shown = client.get(page).text
    form = next(one for one in shown.split("<form")[1:] if f'action="{path}"' in one)
    hidden = dict(re.findall(r'type="hidden" name="([a-z]+)" value="([^"]*)"', form))
    return client.post(path, data=hidden | more)


def _operations(duty: Duty) -> list[operations.Operation]:
    with duty.store.reading() as tx:
        return operations.listed(tx, 100)


# -- no title and no text ----------------------------------------------------------------------------------------------


def test_no_page_of_the_county_has_a_title_or_a_text(duty: Duty, tmp_path: Path) -> None:
    """Of cases and parked items whose title and text, resident and bytes hold a mark no page shows it."""
    number = park(duty.store, MEDIA, "internal", PARTY)
    with _desk(tmp_path, at_hand(duty, listed_console(duty, Role.OPERATOR))) as desk:
        case_id = _told_to(desk, duty)
        with signed_in(desk, "li") as client:
            begun = _posted(client, f"/stuck/item/{number}?center={MEDIA}", "/stuck/act", act="note", why="seen")
            asked = [begun.headers["location"], *_paths(number, case_id)]
            answers = {path: client.get(path) for path in asked}
    assert {answer.status_code for answer in answers.values()} == {200}, answers
    assert [path for path, answer in answers.items() if any(mark in answer.text for mark in MARKS)] == []
    assert "html" in answers["/"].text
    assert PARTY in answers[f"/cases/{case_id}"].text


def _told_to(desk: ConsoledCenter, duty: Duty) -> UUID:
    """A case of the center, of which it has told the ledger."""
    center, ledger = duty.center, desk.center
    center.context = replace(center.context, ledger=Ledger(LEDGER), reads=reads_facts)
    case = a_case(MEDIA, title=CANARY, text=CANARY)
    center.execute(Register(case=case), Offer(case_id=case.case_id, to=(PARTY,), note=CANARY))
    for _ in range(4):
        for parcel in (*center.relay(), *ledger.relay()):
            to = {LEDGER: ledger, MEDIA: center}.get(parcel.recipient)
            if to is not None:
                to.receive(parcel.body)
    return case.case_id


def _paths(number: str, case_id: UUID) -> list[str]:
    """Every page that is read, with what is there."""
    group = f"?center={MEDIA}&place=wire&code=internal&peer={PARTY}"
    known = {
        "/stuck/group": [f"/stuck/group{group}"], "/stuck/item/{number}": [f"/stuck/item/{number}?center={MEDIA}"],
        "/cases": ["/cases", f"/cases?peer={MEDIA}", "/cases?status=open", "/cases?q=nothing"],
        "/cases/{id}": [f"/cases/{case_id}"], "/operations/{id}": [], "/curves/{name}": ["/curves/stuck"],
        "/figures/cases": ["/figures/cases?figure=registered"], "/figures/export/{form}": ["/figures/export/csv"],
    }  # fmt: skip
    reads = [page.path for page in PAGES if page.method == "GET" and page.role is not None]
    return [path for page in reads for path in known.get(page, [page])]


def test_the_whole_item_is_shown_at_its_own_center_alone(duty: Duty, tmp_path: Path) -> None:
    """Neither is there a form for it, nor is one taken."""
    number = park(duty.store, MEDIA, "internal", PARTY)
    with _desk(tmp_path, at_hand(duty, listed_console(duty, Role.OPERATOR))) as desk, signed_in(desk, "li") as client:
        page = client.get(f"/stuck/item/{number}?center={MEDIA}").text
        token = page.split('name="token" value="')[1].split('"')[0]
        asked = {"token": token, "why": "核对", "center": MEDIA}
        answer = client.post(f"/stuck/item/{number}/reveal", data=asked)
    assert "/reveal" not in page
    assert (answer.status_code, CANARY in answer.text) == (AWAY, False)
    assert "不显示全文" in answer.text


# -- what a center tells is text ---------------------------------------------------------------------------------------

EVIL = "<script>document.title='x'</script><img src=x onerror=alert(1)>"


def test_whatever_a_center_tells_is_text(tmp_path: Path) -> None:
    """Tags in the name of a center, a peer, a reason, a note, an owner, an envelope and a number are escaped."""
    operation = {
        "id": str(new_id()), "act": EVIL, "state": "previewed", "made_by": EVIL, "run_by": EVIL, "why": EVIL,
        "what": {EVIL: EVIL}, "size": 1, "done": 0, "parked_again": 0, "refused": 0, "code": EVIL, "digest": EVIL,
        "made_ms": 1, "changed_ms": 1, "items": [{"item": EVIL, "outcome": EVIL, "code": EVIL}],
    }  # fmt: skip
    labels = {
        "place": EVIL, "code": EVIL, "peer": EVIL, "case_id": str(new_id()), "owner": EVIL, "times": 1, "first_ms": 1,
        "last_ms": 1, "held_by": EVIL, "note": EVIL,
    }  # fmt: skip
    told: dict[str, Any] = {
        "groups": [{"place": EVIL, "code": EVIL, "peer": EVIL, "size": 9, "cases": 1, "oldest_ms": 1, "owners": 1,
                    "owner": EVIL}],
        "waiting": [{"place": "outbox", "peer": EVIL, "count": 1, "oldest_ms": 1}],
        "overdue": {"count": 1, "oldest_ms": 1}, "operations": [operation], "operation": operation,
        "paused": [{"what": EVIL, "name": EVIL, "paused_by": EVIL, "why": EVIL, "at_ms": 1}],
        "items": [{"id": EVIL, **labels}, {"id": 7, **labels, "place": "wire", "code": "x", "peer": EVIL}],
        "item": {"id": 7, **labels, "bytes": 1, "hint": EVIL, "envelope": {EVIL: EVIL}, "fields": {EVIL: EVIL}},
    }  # fmt: skip
    ring = new_keyring(CONSOLE, datetime.now(UTC))
    doors = Doors(ring.keys[-1], (MEDIA, EVIL[:60]), lambda _center, _raw: (200, told), lambda: datetime.now(UTC))
    pages = (
        "/", "/stuck", "/operations", "/system", f"/stuck/item/7?center={MEDIA}", f"/cases?peer={quote(EVIL)}",
        f"/stuck/group?center={MEDIA}&place=wire&code=x&peer={quote(EVIL)}", f"/cases?q={quote(EVIL)}",
        f"/operations/{operation['id']}?center={MEDIA}", f"/stuck?center={quote(EVIL)}",
    )  # fmt: skip
    with _desk(tmp_path, doors) as desk, signed_in(desk, "zhao") as client:
        seen = {path: client.get(path) for path in pages}
    assert {path for path, answer in seen.items() if answer.status_code != 200} == set()
    assert {path for path, answer in seen.items() if "<script>document" in answer.text} == set()
    assert {path for path, answer in seen.items() if "<img src=x" in answer.text} == set()
    shown = [path for path, answer in seen.items() if "&lt;script&gt;document" in answer.text]
    assert shown == list(pages), "each shows it, as text"


@pytest.mark.parametrize("told", [
    {}, {"groups": "all"}, {"operation": {"id": "../../x"}}, {"item": None}, {"items": [1]}, {"items": None},
], ids=lambda told: str(told)[:20])  # fmt: skip
def test_an_answer_that_is_none_is_the_centers_trouble(told: Mapping[str, Any], tmp_path: Path) -> None:
    """A center of another release, or one that lies, makes its own page say so; no other page fails."""
    ring = new_keyring(CONSOLE, datetime.now(UTC))
    doors = Doors(ring.keys[-1], (MEDIA,), lambda _center, _raw: (200, told), lambda: datetime.now(UTC))
    with _desk(tmp_path, doors) as desk, signed_in(desk, "li") as client:
        overview = client.get("/")
        about = [client.get(f"{path}?center={MEDIA}") for path in (f"/operations/{new_id()}", "/stuck/item/7")]
    assert (overview.status_code, "不让控制台查看" in overview.text) == (200, True)
    assert {answer.status_code for answer in about} == {AWAY}


# -- who may, and what became of it ------------------------------------------------------------------------------------


def test_a_key_that_only_looks_changes_nothing(duty: Duty, tmp_path: Path) -> None:
    """The console's key has the role of a viewer: an administrator at the console is told that it is the key."""
    number = park(duty.store, MEDIA, "internal", PARTY)
    with _desk(tmp_path, at_hand(duty, listed_console(duty, Role.VIEWER))) as desk, signed_in(desk, "zhao") as client:
        page = f"/stuck/item/{number}?center={MEDIA}"
        answer = _posted(client, page, "/stuck/act", act="discard", why="gone")
        assert "internal" in client.get("/stuck").text
    assert (answer.status_code, "控制台的值班密钥" in answer.text) == (AWAY, True)
    assert _operations(duty) == []


def test_a_persons_role_limits_too(duty: Duty, tmp_path: Path) -> None:
    """The key may do all; a viewer at the console does nothing with it, and an operator pauses nothing."""
    number = park(duty.store, MEDIA, "internal", PARTY)
    with _desk(tmp_path, at_hand(duty, listed_console(duty, Role.ADMINISTRATOR))) as desk:
        for name, path in (("wang", "/stuck/act"), ("li", "/paused")):
            with signed_in(desk, name) as client:
                token = client.get("/").text.split('name="token" value="')[1].split('"')[0]
                given = {"token": token, "center": MEDIA, "act": "discard", "item": number, "peer": PARTY}
                assert client.post(path, data=given).status_code == REFUSED
        with signed_in(desk, "zhao") as client:
            assert _posted(client, "/system", "/paused", act="pause", peer=PARTY, center=MEDIA).status_code == 303
    assert duty.say("staff-vera", Act.LIST).body["paused"][0]["name"] == PARTY
    assert _operations(duty) == []


def test_where_no_answer_came_the_same_is_sent_again(duty: Duty, tmp_path: Path) -> None:
    """The page says that nobody knows; sent once more it is found as carried out, and is not done twice."""
    number = park(duty.store, MEDIA, "internal", PARTY)
    plain, lost = at_hand(duty, ring := listed_console(duty, Role.OPERATOR)), [False]
    sent: list[bytes] = []

    def post(center: str, raw: bytes) -> tuple[int, Mapping[str, Any]]:
        answer = plain._post(center, raw)
        sent.append(raw)
        if lost[0]:
            raise NoAnswer("ReadTimeout")
        return answer

    doors = Doors(ring.keys[-1], (MEDIA,), post, lambda: datetime.now(UTC))
    with _desk(tmp_path, doors) as desk, signed_in(desk, "li") as client:
        shown = client.get(f"/stuck/item/{number}?center={MEDIA}").text
        names = ("token", "command", "item", "center")
        form = {name: shown.split(f'name="{name}" value="')[1].split('"')[0] for name in names}
        lost[0] = True
        sent.clear()
        unknown = client.post("/stuck/act", data=form | {"act": "note", "why": "seen"})
        commands = {raw for raw in sent if form["command"].encode() in raw}
        lost[0] = False
        again = dict(re.findall(r'type="hidden" name="([a-z]+)" value="([^"]*)"', unknown.text.split("<main")[1]))
        known = client.post("/stuck/act", data=again)
        commands |= {raw for raw in sent if form["command"].encode() in raw}
    assert (unknown.status_code, "不知是否已执行" in unknown.text) == (AWAY, True)
    assert known.headers["location"] == f"/operations/{form['command']}?center={MEDIA}"
    assert len(commands) == 1, "each time the same bytes"
    assert [one.id for one in _operations(duty)] == [form["command"]]


def test_a_console_that_was_restarted_finds_what_a_form_has_begun(duty: Duty, tmp_path: Path) -> None:
    """It has forgotten the bytes, and the center has not: the form leads to the operation."""
    number, ring = park(duty.store, MEDIA, "internal", PARTY), listed_console(duty, Role.OPERATOR)
    asked = {"item": number, "center": MEDIA, "command": str(new_id()), "act": "note", "why": "seen"}
    places = []
    for turn in ("first", "second"):
        (tmp_path / turn).mkdir()
        with _desk(tmp_path / turn, at_hand(duty, ring)) as desk, signed_in(desk, "li") as client:
            token = client.get("/").text.split('name="token" value="')[1].split('"')[0]
            places.append(client.post("/stuck/act", data=asked | {"token": token}).headers["location"])
    assert len({*places}) == len(_operations(duty)) == 1


def test_two_at_one_console_are_not_two_persons_elsewhere(duty: Duty, tmp_path: Path) -> None:
    """A ruling is begun from the county's page; its console approves it for nobody, a person with a key does."""
    with _desk(tmp_path, at_hand(duty, listed_console(duty, Role.ADMINISTRATOR))) as desk:
        case_id = _told_to(desk, duty)
        with signed_in(desk, "zhao") as client:
            begun = _posted(
                client, f"/cases/{case_id}", f"/cases/{case_id}/reclaim", center=MEDIA, to=PARTY, why="ruled"
            )
            place = begun.headers["location"]
            answer = _posted(client, place, f"/operations/{place.split('/')[2].split('?')[0]}/approve", why="seen")
    (one,) = _operations(duty)
    assert "另一人批准" in answer.text
    assert one.state == "awaits-second"
    wanted: dict[str, Any] = {"operation": one.id, "digest": one.digest.hex()}
    assert duty.say("staff-adam", Act.APPROVE, **wanted).status == 200
    Operating(duty.store, duty.center.context, lambda: datetime.now(UTC), lambda: None).round()
    assert [one.state for one in _operations(duty)] == ["done"]
