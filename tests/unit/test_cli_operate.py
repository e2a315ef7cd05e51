"""``bus operate`` against a running center: from another machine a person looks, mends, and is told what is not so."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest

from bus.demo.county_keys import county_keys
from bus.log import set_up
from bus.runtime.process import CenterProcess
from bus.security import directory
from bus.security.keyring import new_keyring, read_keyring, write_keyring
from bus.security.staff import Role
from bus.security.staff_listing import LONGEST, staff_listed
from bus.settings import load
from bus.store import access_log, parked
from bus.transports.embedded import EmbeddedBroker, EmbeddedTransport
from tests.harness.duty import CANARY
from tests.harness.signing_county import MEDIA, PARTY
from tests.unit.test_cli_run import SECRET, bus
from tests.unit.test_clocked_center import until

PATIENCE = 60
PERSONS = {"staff-vera": Role.VIEWER, "staff-otto": Role.OPERATOR, "staff-anna": Role.ADMINISTRATOR}


class Running:
    """A running center of a county with keys, and the persons' key files."""

    def __init__(self, folder: Path, process: CenterProcess, url: str, log: StringIO) -> None:
        self.folder, self.process, self.url, self.log = folder, process, url, log

    def say(self, who: str, *words: object, lang: str = "en", as_json: bool = False) -> tuple[int, str, str]:
        """One command of a person."""
        desk = ("--at", self.url, "--center", MEDIA, "--key", self.folder / f"{who}.json", "--lang", lang)
        return bus("operate", *desk, *(("--json",) if as_json else ()), *words)

    def told(self, who: str, *words: object) -> dict[str, Any]:
        """The answer to one command."""
        code, out, said = self.say(who, *words, as_json=True)
        assert code == 0, said
        found: dict[str, Any] = json.loads(out)
        return found

    def park(self, number: int) -> str:
        """Something is stuck."""
        body = json.dumps({"data": {"name": CANARY, "number": number}}).encode()
        now_ms = int(time.time() * 1000)
        row = parked.row(parked.WIRE, "not-json", "", known_by=body, owner=MEDIA, now_ms=now_ms, peer=PARTY, body=body)

        def change(tx: Any) -> str:
            parked.park(tx, [row])
            return str(parked.newest(tx))

        return self.process.store.write(change)

    def until_done(self, operation: str) -> dict[str, Any]:
        """Wait until an operation has ended."""
        deadline = time.monotonic() + PATIENCE
        while True:
            found: dict[str, Any] = self.told("staff-vera", "show", operation)["operation"]
            if found["state"] == "done":
                return found
            assert time.monotonic() < deadline
            time.sleep(0.1)


@contextmanager
def running(folder: Path, *, staffed: bool) -> Iterator[Running]:
    """The media center with keys; ``staffed``: the directory lists persons."""
    log, keys, now = StringIO(), folder / "keys", datetime.now(UTC)
    trust = county_keys(keys, {MEDIA: None, PARTY: None})[MEDIA]
    operator = read_keyring(keys / "operator.keys.json").keys[-1]
    known = directory.read((keys / "county.directory").read_bytes(), operator.public)
    for person, role in PERSONS.items():
        ring = new_keyring(person, now)
        write_keyring(folder / f"{person}.json", ring)
        known = staff_listed(known, ring.keys[-1].public, role, now + LONGEST, now)
    if staffed:
        (keys / "county.directory").write_bytes(directory.written(known, operator))
    set_up(MEDIA, log)
    settings = load(
        None, center=MEDIA, store=f"sqlite:///{folder}/m.db", data=folder / "data", intake_secret=SECRET,
        backend={"url": "http://127.0.0.1:9"}, http={"port": 0}, trust=trust,
    )  # fmt: skip
    process = CenterProcess(settings, EmbeddedTransport(MEDIA, EmbeddedBroker()))
    url = process.start()
    try:
        yield Running(folder, process, url, log)
    finally:
        process.stop()


@pytest.fixture
def center(tmp_path: Path) -> Iterator[Running]:
    """A center with persons on duty."""
    with running(tmp_path, staffed=True) as found:
        yield found


def test_a_group_is_previewed_run_and_worked_off_by_the_center(center: Running) -> None:
    """The preview says how many, the first to run it is named, and the loop of the center does the rest."""
    for number in range(3):
        center.park(number)
    assert len(center.told("staff-vera", "list", "--code", "not-json")["items"]) == 3
    preview = center.told("staff-otto", "discard", "--reason", "handled-by-phone", "--code", "not-json")["operation"]
    late = center.park(9)
    assert (preview["state"], preview["size"]) == ("previewed", 3)
    center.told("staff-anna", "run", preview["id"], "--reason", "agreed")
    done = center.until_done(preview["id"])
    assert (done["done"], done["refused"], done["made_by"], done["run_by"]) == (3, 0, "staff-otto", "staff-anna")
    assert [str(one["id"]) for one in center.told("staff-vera", "list")["items"]] == [late]


class OlderCenter(BaseHTTPRequestHandler):
    """What v0.1.0 answers at a path that it does not have."""

    def do_POST(self) -> None:
        """Not found, in the words of its framework."""
        self.rfile.read(int(self.headers["Content-Length"]))
        body = b'{"detail":"Not Found"}'
        self.send_response(404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.mark.parametrize("as_json", [False, True], ids=["words", "json"])
def test_an_older_center_is_said_to_have_no_door(tmp_path: Path, as_json: bool) -> None:
    """And what to do, instead of an empty code."""
    write_keyring(tmp_path / "staff-otto.json", new_keyring("staff-otto", datetime.now(UTC)))
    with ThreadingHTTPServer(("127.0.0.1", 0), OlderCenter) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        desk = ("--at", f"http://127.0.0.1:{server.server_port}", "--center", MEDIA)
        key = ("--key", tmp_path / "staff-otto.json", "--lang", "en", *(("--json",) if as_json else ()))
        code, _, said = bus("operate", *desk, *key, "list")
        server.shutdown()
    assert code == 1
    assert f"{MEDIA} is older and has no door for operators: upgrade it, or go there" in " ".join(said.split())


def test_a_reading_is_opened_by_its_own_key_and_noted(center: Running) -> None:
    """The body is printed to who has asked, and to nobody else; the log of the center has no word of it."""
    number = center.park(1)
    code, out, said = center.say("staff-otto", "reveal", number, "--reason", "核对诉求")
    assert (code, CANARY.encode("unicode_escape").decode() in out, "logged" in said) == (0, True, True)
    with center.process.store.reading() as tx:
        (noted,) = access_log.entries(tx)
    assert (noted.who.split(".")[0], noted.why) == ("staff-otto", "核对诉求")
    assert center.say("staff-vera", "reveal", number, "--reason", "核对诉求")[0] == 1
    lines = [json.loads(line) for line in center.log.getvalue().splitlines()]
    mine = [(one["kind"], one["peer"], one["code"]) for one in lines if one["event"] == "operation"]
    assert mine == [("reveal", "staff-otto", ""), ("", "staff-vera", "role")]
    assert CANARY not in center.log.getvalue()
    assert "核对" not in center.log.getvalue()


def test_a_refusal_says_its_cure_in_both_languages(center: Running) -> None:
    """What may not be done, what is no command, and what is no center."""
    number = center.park(1)
    code, _, said = center.say("staff-vera", "discard", number, "--reason", "x")
    assert (code, "(403 role)" in said) == (1, True)
    code, _, said = center.say("staff-vera", "discard", number, "--reason", "x", lang="zh")
    assert (code, "未执行（403 role）" in said) == (1, True)
    assert center.say("staff-otto", "discard", number, "--reason", "已电话答复")[0] == 2
    assert center.say("staff-otto", "show", "no-id")[0] == 2
    center.url = "http://127.0.0.1:9"
    code, _, said = center.say("staff-vera", "list")
    assert (code, "cannot be reached" in said) == (1, True)


def test_each_command_of_the_table_is_there(center: Running) -> None:
    """A person needs no shell on the center's machine for any of them."""
    number = center.park(1)
    words: tuple[str, ...]
    for words in (
        ("waiting",), ("show", number), ("hold", number, "--reason", "asked"), ("release", number, "--reason", "asked"),
        ("note", number, "--reason", "rang-up"), ("owner", number, "--to", "staff-otto", "--reason", "duty"),
        ("replay", number, "--reason", "mended"), ("pause", "--peer", PARTY, "--reason", "mending"),
        ("resume", "--peer", PARTY, "--reason", "mended"),
    ):  # fmt: skip
        code, out, said = center.say("staff-anna", *words)
        assert code == 0, (words, said)
        assert out
    nobody = "00000000-0000-0000-0000-000000000000"
    for words in (("urge", nobody), ("ask-arbiter", nobody), ("redirect", PARTY, MEDIA), ("reclaim", nobody, PARTY),
                  ("run", nobody), ("stop", nobody), ("approve", nobody, "--digest", "0" * 64)):  # fmt: skip
        code, _, said = center.say("staff-anna", *words, "--reason", "tried")
        assert code == (0 if words[0] in ("urge", "ask-arbiter") else 1), said


def test_a_pause_shows_in_the_health_of_the_center(center: Running) -> None:
    """So that nobody forgets it; the center is as ready as before."""

    def health() -> dict[str, Any]:
        found: dict[str, Any] = httpx.get(f"{center.url}/health/ready", trust_env=False).json()
        return found

    center.told("staff-anna", "pause", "--peer", PARTY, "--reason", "mending")
    until(lambda: health().get("paused") == PARTY)
    assert health()["ready"]
    center.told("staff-anna", "resume", "--peer", PARTY, "--reason", "mended")
    until(lambda: "paused" not in health())


def test_the_door_bounds_what_it_reads(center: Running) -> None:
    """Too much, compressed, or none of ours: refused with a code, and nothing is written down."""
    post = f"{center.url}/operations"
    assert httpx.post(post, content=b"x" * 70_000, trust_env=False).json()["code"] == "too-large"
    squeezed = httpx.post(post, content=b"x", headers={"content-encoding": "gzip"}, trust_env=False)
    assert squeezed.json()["code"] == "content-encoding"
    assert httpx.post(post, content=b"", trust_env=False).json()["code"] == "not-signed"
    assert httpx.get(post, trust_env=False).status_code == 405
    assert "/operations" in httpx.get(f"{center.url}/openapi.json", trust_env=False).json()["paths"]


def test_a_center_without_persons_answers_nobody(tmp_path: Path) -> None:
    """The door says that it is closed and what opens it."""
    with running(tmp_path, staffed=False) as center:
        code, _, said = center.say("staff-anna", "list")
        assert (code, "(404 no-staff)" in said, "bus keys staff" in said) == (1, True, True)
