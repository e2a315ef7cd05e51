"""What the door says to senders: the header, the encoding or the address that is wrong, by its name."""

import errno
import gzip
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bus.contract.codec import MAX_BYTES
from bus.http import body
from bus.http.address import listen, why_not_listening
from bus.http.forms import field_of
from bus.store.database import StoreUnavailable
from tests.harness.step import MEDIA
from tests.unit.http_door import FORM, Door, signed


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    """A door, closed after the test."""
    made = Door(tmp_path)
    yield made
    made.close()


def test_a_body_in_another_encoding_is_told_so(door: Door) -> None:
    """GBK is no wrong signature."""
    content = '{"id": "1", "text": "路灯不亮"}'.encode("gbk")
    answer = door.ask("POST", "/intake/note", content=content, headers=signed(FORM))
    assert (answer.status_code, answer.json()["code"]) == (400, "not-utf-8")
    assert "UTF-8" in answer.json()["cure"]


def test_a_compressed_body_is_told_so(door: Door) -> None:
    """The header is named; nothing is unpacked."""
    headers = {**signed(FORM), "Content-Encoding": "gzip"}
    answer = door.ask("POST", "/intake/note", content=gzip.compress(FORM), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415, "content-encoding")
    assert "content-encoding" in answer.json()["cure"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"webhook-timestamp": str(int(time.time() * 1000))}, "milliseconds"),
        ({"webhook-timestamp": "yesterday"}, "webhook-timestamp"),
        ({"webhook-timestamp": "1000000000"}, "both clocks"),
        ({"webhook-timestamp": "nan"}, "both clocks"),
        ({"webhook-signature": "v1,short"}, "webhook-signature"),
        ({"webhook-id": ""}, "webhook-id is missing"),
        ({"webhook-signature": ""}, "webhook-signature is missing"),
    ],
    ids=["milliseconds", "no-number", "old", "nan", "short", "no-id", "no-signature"],
)
def test_the_header_that_is_wrong_is_named(door: Door, change: dict[str, str], said: str) -> None:
    """A signature that cannot be right is refused with the cure for its fault."""
    answer = door.ask("POST", "/intake/note", content=FORM, headers={**signed(FORM), **change})
    assert (answer.status_code, answer.json()["code"]) == (401, "signature")
    assert said in answer.json()["cure"]


def test_a_time_with_a_fraction_is_named(door: Door) -> None:
    """It is near enough, but a signature is over whole seconds."""
    stamp = {"webhook-timestamp": f"{time.time() - 10:.3f}"}
    answer = door.ask("POST", "/intake/note", content=FORM, headers={**signed(FORM), **stamp})
    assert (answer.status_code, answer.json()["code"]) == (401, "signature")
    assert "whole seconds" in answer.json()["cure"]


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        (b"\xef\xbb\xbf" + FORM, "not-json", "byte order mark"),
        (FORM.decode().encode("utf-16-le"), "not-json", "UTF-16"),
        (b"{'id': 1}", "not-json", "quotes"),
        (b"[1]", "not-an-object", "not a list"),
        (b'{"id": "1", "id": "2"}', "duplicate-key", "twice"),
        (b'{"id": "\\ud800"}', "lone-surrogate", "half of a character"),
    ],
    ids=["mark", "utf-16", "quotes", "list", "twice", "surrogate"],
)
def test_the_cure_fits_the_body_that_cannot_be_read(door: Door, content: bytes, code: str, said: str) -> None:
    """It is signed rightly: nothing but the body is wrong."""
    answer = door.ask("POST", "/intake/note", content=content, headers=signed(content))
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert said in answer.json()["cure"]


def test_a_compressed_body_without_its_header_is_told_so(door: Door) -> None:
    """It is no text in another encoding."""
    content = gzip.compress(FORM)
    answer = door.ask("POST", "/intake/note", content=content, headers=signed(FORM))
    assert (answer.status_code, answer.json()["code"]) == (415, "content-encoding")


@pytest.mark.parametrize("word", ["", "Identity"])
def test_no_encoding_is_no_encoding_however_it_is_written(door: Door, word: str) -> None:
    """Names of encodings know no capitals (RFC 9110)."""
    headers = {**signed(FORM), "Content-Encoding": word}
    assert door.ask("POST", "/intake/note", content=FORM, headers=headers).status_code == 202


@pytest.mark.parametrize(("method", "path", "status"), [("POST", "/intake/nott", 404), ("PUT", "/intake/note", 405)])
def test_a_wrong_address_has_a_cure(door: Door, method: str, path: str, status: int) -> None:
    """The first slip of an integrator: the page that lists the forms is named."""
    answer = door.ask(method, path, content=FORM, headers=signed(FORM))
    assert (answer.status_code, "/docs" in answer.json().get("cure", "")) == (status, True)


def test_the_first_page_is_asked_for_with_head(door: Door) -> None:
    """Load balancers ask for it where nobody names another."""
    assert door.ask("HEAD", "/").status_code == 200


@pytest.mark.parametrize("size", [MAX_BYTES + 1, 10_000_000])
def test_who_sends_too_much_reads_the_answer(door: Door, size: int) -> None:
    """A client that sends all of its body before it reads gets 413, and no reset."""
    content = b"x" * size
    head = ["POST /intake/note HTTP/1.1", "Host: x", f"Content-Length: {size}"]
    head += [f"{name}: {value}" for name, value in signed(FORM).items()]
    with door.connect() as plain:
        plain.sendall("\r\n".join([*head, "", ""]).encode())
        plain.sendall(content)
        answer = plain.recv(65_536)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"too-large" in answer


def test_a_body_that_never_ends_is_not_read_for_ever(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is thrown away is bounded."""
    monkeypatch.setattr(body, "DRAINED", 100_000)
    with door.connect() as plain:
        plain.sendall(f"POST /intake/note HTTP/1.1\r\nHost: x\r\nContent-Length: {10**10}\r\n\r\n".encode())
        with pytest.raises(OSError, match=r"."):  # reset, or a broken pipe
            _send_without_end(plain)
    assert door.form() == 202


def _send_without_end(plain: socket.socket) -> None:
    for _ in range(20_000):
        plain.send(b"x" * 65_536)


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/health/flow", "/metrics"])
def test_load_balancers_ask_with_head(door: Door, path: str) -> None:
    """The same status as GET, without a body."""
    answer = door.ask("HEAD", path)
    assert (answer.status_code, answer.content) == (door.ask("GET", path).status_code, b"")
    assert "head" not in door.ask("GET", "/openapi.json").json()["paths"][path]


def test_the_door_listens_on_ipv6(tmp_path: Path) -> None:
    """``::1`` is an address as any other."""
    made = Door(tmp_path, host="::1")
    try:
        assert made.server.url.startswith("http://[::1]:")
        assert made.ask("GET", "/health/live").status_code == 200
    finally:
        made.close()


@pytest.mark.parametrize(
    ("trouble", "said"),
    [(errno.EADDRINUSE, "another port"), (errno.EADDRNOTAVAIL, "http.host"), (errno.EACCES, "1024")],
)
def test_the_cure_fits_the_address(trouble: int, said: str) -> None:
    """A port that is taken, an address of another machine, a port below 1024."""
    assert said in why_not_listening(OSError(trouble, "no")).en


def test_an_address_of_another_machine_is_no_taken_port() -> None:
    """As the system says it."""
    with pytest.raises(OSError, match=r".") as found:
        listen("192.0.2.1", 0)
    assert "http.host" in why_not_listening(found.value).en
    assert "http.host" in why_not_listening(found.value).zh


def test_both_families_are_served_where_all_addresses_are() -> None:
    """``::`` takes connections over IPv4, too."""
    listening = listen("::", 0)
    with listening, socket.create_connection(("127.0.0.1", listening.getsockname()[1]), 10):
        pass


REFUSED: dict[str, tuple[bytes, str, str]] = {
    "a field": (b'{"id": "1", "text": 5}', "invalid", "text"),
    "two fields": (b"{}", "invalid", "id, text"),
    "no JSON": (b"13800138000", "not-json-object", ""),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_refused_form_leaves_a_trace(door: Door, lines: list[str], case: str) -> None:
    """A line with form, code, field and webhook-id, and a count; nothing of what was sent."""
    content, code, where = REFUSED[case]
    answer = door.ask("POST", "/intake/note", content=content, headers=signed(content))
    code = answer.json()["code"] if case == "no JSON" else code
    (line,) = [json.loads(line) for line in lines if "form-refused" in line]
    assert (line["form"], line["code"], line["where"], line["message"]) == ("note", code, where, "m-1")
    page = door.ask("GET", "/metrics").text
    assert f'bus_forms_total{{center="{MEDIA}",code="{code}",form="note"}} 1.0' in page
    assert "13800138000" not in "".join(lines) + page


def test_a_name_that_the_sender_chose_is_not_logged() -> None:
    """A form that refuses unknown fields names them in its answer; the log has what looks like a name."""
    assert field_of("people.0.name") == "people.0.name"
    assert field_of("tel 13800138000") == "?"
    assert field_of("people.13800138000") == "people.?"


def test_forms_that_are_taken_are_counted_and_not_logged(door: Door, lines: list[str]) -> None:
    """The counter has them under ``taken``."""
    assert door.form() == 202
    assert f'bus_forms_total{{center="{MEDIA}",code="taken",form="note"}} 1.0' in door.ask("GET", "/metrics").text
    assert not [line for line in lines if "form-" in line]


def test_metrics_are_read_while_the_store_is_not(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the process itself knows is told, and that the store cannot be read."""
    assert "bus_store_readable{" in door.ask("GET", "/metrics").text
    door.bare.store.close()
    monkeypatch.setattr(door.bare.store, "reading", _unreadable)
    page = door.ask("GET", "/metrics").text
    assert f'bus_store_readable{{center="{MEDIA}"}} 0.0' in page
    assert "bus_connected{" in page
    assert "bus_outbox_depth{" not in page


def _unreadable() -> None:
    raise StoreUnavailable("it is away", passing=True)
