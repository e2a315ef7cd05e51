"""The door under those who send much, slowly, or nothing: bytes, seconds and descriptors are bounded."""

import base64
import hashlib
import os
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bus.attachments.service import LARGEST
from bus.http import body, connections, forms, limits
from tests.unit.http_door import Door, signed

NONSENSE = "v1," + base64.b64encode(b"n" * 32).decode()


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Callable[..., Door]]:
    """Makes a door, and closes it after the test."""
    made: list[Door] = []

    def make(**how: Any) -> Door:
        made.append(Door(tmp_path, **how))
        return made[-1]

    yield make
    for one in made:
        one.close()


def head(method: str, path: str, length: int, headers: dict[str, str]) -> bytes:
    """The head of a request, as it travels."""
    lines = [f"{method} {path} HTTP/1.1", "Host: x", f"Content-Length: {length}"]
    return "\r\n".join([*lines, *(f"{name}: {value}" for name, value in headers.items()), "", ""]).encode()


BAD = {
    "an old time": {"webhook-timestamp": "1000000000"},
    "a time to come": {"webhook-timestamp": "99999999999"},
    "no time": {"webhook-timestamp": "soon"},
    "not a number": {"webhook-timestamp": "nan"},
    "no signature's form": {"webhook-signature": "v1,AAAA"},
    "another version alone": {"webhook-signature": NONSENSE.replace("v1", "v9")},
    "no base64": {"webhook-signature": "v1,%"},
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize(("method", "path"), [("POST", "/intake/note"), ("PUT", "/attachments")])
def test_what_no_signature_can_be_right_for_is_refused_before_its_body(
    door: Callable[..., Door], name: str, method: str, path: str
) -> None:
    """Not a byte of the body is waited for."""
    headers = signed("x") | BAD[name]
    with door().connect() as line:
        line.sendall(head(method, path, 200_000, headers))
        assert line.recv(100).startswith(b"HTTP/1.1 401")


def test_more_than_may_be_is_not_read_however_it_is_announced(door: Callable[..., Door]) -> None:
    """In chunks, under a head that may be signed: the bound is of what comes."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in signed("x").items())
    start = f"POST /intake/note HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n{lines}\r\n".encode()
    with door().connect() as line:
        line.sendall(start + (b"8000\r\n" + b"a" * 0x8000 + b"\r\n") * 9)
        assert line.recv(100).startswith(b"HTTP/1.1 413")


def test_files_with_nonsense_signatures_are_not_held_in_memory(door: Callable[..., Door]) -> None:
    """Twelve of them, all but one byte: they lie on disk, and a form is taken meanwhile."""
    one = door()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with ExitStack() as held:
        for _ in range(12):
            line = held.enter_context(one.connect())
            line.sendall(head("PUT", "/attachments", LARGEST, signed("x") | {"webhook-signature": NONSENSE}))
            line.sendall(bytes(LARGEST - 1))
        assert one.form() == 202
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 80 * 1024, "KiB"
        line.sendall(b"x")
        assert line.recv(100).startswith(b"HTTP/1.1 401")


def test_a_file_on_its_way_cannot_be_read_on_the_disk_and_leaves_nothing(
    door: Callable[..., Door], tmp_path: Path
) -> None:
    """It is nameless and encrypted until it is kept; what is kept is what came."""
    one, paper = door(), b"%PDF-1.7 " + b"resident " * 5000
    sha256 = hashlib.sha256(paper).hexdigest()
    with one.connect() as line:
        line.sendall(head("PUT", "/attachments", len(paper), signed(sha256)) + paper[:-1])
        assert one.form() == 202
        assert [path for path in one.files.blobs.path.rglob("*") if path.is_file()] == []
        nameless = []
        for descriptor in os.listdir("/proc/self/fd"):
            path = Path(f"/proc/self/fd/{descriptor}")
            with suppress(OSError):  # the one of the listing itself
                if str(tmp_path) in os.readlink(path) and "(deleted)" in os.readlink(path):
                    nameless.append(path.read_bytes())
        assert len(nameless) == 1
        assert b"resident" not in nameless[0]
        line.sendall(paper[-1:])
        assert line.recv(100).startswith(b"HTTP/1.1 201")
    assert one.ask("GET", f"/attachments/{sha256}").content == paper


def test_a_body_that_drips_is_cut_off(door: Callable[..., Door], monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte now and then does not keep a request."""
    monkeypatch.setattr(body, "BODY_GRACE", 0.5)
    with door().connect() as line:
        line.sendall(head("POST", "/intake/note", 1000, signed("x")) + b"{")
        assert line.recv(100).startswith(b"HTTP/1.1 408")


def test_forms_share_one_budget_of_bytes(door: Callable[..., Door], monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond it a sender is told to come again; when the others are gone there is room again."""
    monkeypatch.setattr(forms, "FORMS_AT_ONCE", 100_000)
    one = door()
    with one.connect() as line:
        line.sendall(head("POST", "/intake/note", 200_000, signed("x")) + bytes(99_990))
        refused = False
        for _ in range(200):
            refused = refused or one.form() == 503
            time.sleep(0.02)
            if refused:
                break
        assert refused
    for _ in range(200):
        if one.form() == 202:
            return
        time.sleep(0.02)
    raise AssertionError("what was held is not given back")


def test_silent_connections_go_and_somebody_else_always_finds_a_place(door: Callable[..., Door]) -> None:
    """With every place taken the idle ones of the address that has the most make room."""
    one = door(places=32)
    with ExitStack() as held:
        for _ in range(100):
            held.enter_context(one.connect("127.0.0.2"))
        assert one.form() == 202
        assert one.ask("GET", "/health/live").status_code == 200
        assert len(one.server._server.server_state.connections) <= 33


def test_a_connection_that_sends_no_head_is_closed(door: Callable[..., Door], monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether it says nothing or drips a head."""
    monkeypatch.setattr(connections, "HEAD", 0.5)
    one = door()
    with one.connect() as silent, one.connect() as dripping:
        dripping.sendall(b"GET / HTTP/1.1\r\nX:")
        for line in (silent, dripping):
            with suppress(ConnectionResetError):
                assert line.recv(10) == b""


def test_health_is_answered_while_all_places_are_busy(door: Callable[..., Door]) -> None:
    """One address takes three quarters at most; nine tenths busy is full; health stands beside."""
    one = door(places=20)
    with ExitStack() as held:
        for number in range(18):
            line = held.enter_context(one.connect(f"127.0.0.{2 + number % 2}"))
            line.sendall(head("POST", "/intake/note", 1000, signed("x")) + b"{")
        for _ in range(200):
            if one.form() == 503:
                break
            time.sleep(0.02)
        else:
            raise AssertionError("more are served than there are places")
        assert one.ask("GET", "/health/live").status_code == 200


def test_an_answer_that_nobody_reads_is_given_up(door: Callable[..., Door], monkeypatch: pytest.MonkeyPatch) -> None:
    """What it holds in memory is free again."""
    monkeypatch.setattr(limits, "ANSWER_GRACE", 0.5)
    monkeypatch.setattr(limits, "SLOWEST", 10**9)
    monkeypatch.setattr(connections, "HEAD", 0.5)
    one, paper = door(), b"%PDF-1.7 " + bytes(LARGEST - 10)
    kept = one.files.keep(paper, None, datetime.now(UTC))
    with ExitStack() as held:
        for _ in range(4):
            line = held.enter_context(one.connect())
            line.sendall(head("GET", f"/attachments/{kept.sha256}", 0, {}))
        for _ in range(400):
            answer = one.ask("GET", f"/attachments/{kept.sha256}")
            if answer.status_code == 200 and answer.content == paper:
                return
            time.sleep(0.05)
    raise AssertionError("what nobody reads is held for ever")
