"""The judge of HTTP: sends requests to a running center over real HTTP, and reports each answer."""

import json
import socket
from collections.abc import Iterable, Iterator

import httpx

from bus.store import tables as t
from bus.testing.adapter_harness import AdapterHarness
from verification.corpus.http_items import HttpItem
from verification.corpus.items import SIGN

STORED = (t.intakes, t.cases, t.outbox, t.links, t.journal)
"""The tables that a taken form changes."""
PATIENCE = 60
"""Seconds until an unanswered request is a fault."""


def judge(harness: AdapterHarness, items: Iterable[HttpItem]) -> Iterator[str]:
    """Send all items, and report every fault: a wrong answer, a stored row, a leak."""
    before = [harness.count(table) for table in STORED]
    for item in items:
        got, told = send(harness, item)
        if got != item.verdict:
            yield f"{item.kind}: {item.name}: {got}, expected {item.verdict}"
        if not got.startswith("2") and (found := SIGN.search(told)):
            yield f"{item.kind}: {item.name}: told outside: {found[0]}"
    if [harness.count(table) for table in STORED] != before:
        yield "something bad was stored"
    if found := SIGN.search(harness.logged.getvalue()) or SIGN.search(harness.http.get("/metrics").text):
        yield f"told outside: {found[0]}"


def send(harness: AdapterHarness, item: HttpItem) -> tuple[str, str]:
    """(verdict, the whole answer)."""
    if item.kind == "http: a malformed request":
        return _send_plain(harness, item)
    headers = {name.encode(): value.encode("latin-1") for name, value in _signature(harness, item).items()}
    for name, value in item.headers.items():
        headers[name.encode()] = value.encode()
    try:
        url = httpx.URL(harness.url).copy_with(raw_path=item.path.encode())
        answer = harness.http.request(item.method, url, content=item.body, headers=headers)
    except httpx.HTTPError as broken:
        return f"broken:{type(broken).__name__}", ""
    return f"{answer.status_code}:{_code(answer)}", answer.text + str(answer.headers)


def _signature(harness: AdapterHarness, item: HttpItem) -> dict[str, str]:
    return item.sign(harness.secret, item.body) if item.sign else {}


def _code(answer: httpx.Response) -> str:
    try:
        said = answer.json()
    except ValueError:
        return ""
    return str(said.get("code", "")) if isinstance(said, dict) else json.dumps(said)


def _send_plain(harness: AdapterHarness, item: HttpItem) -> tuple[str, str]:
    """Write the bytes, and read the status of the first answer; if the connection must be cut, the sending side is
    closed."""
    address = harness.url.removeprefix("http://").split(":")
    told = b""
    with socket.create_connection((address[0], int(address[1])), PATIENCE) as line:
        try:
            line.sendall(item.plain)
            if item.verdict == "closed":
                line.shutdown(socket.SHUT_WR)
            told = line.recv(65536)
        except (BrokenPipeError, ConnectionResetError):
            told = told or _what_was_said(line)
    return (told.split(b" ", 2)[1].decode() if told.startswith(b"HTTP/") else "closed"), told.decode("latin-1")


def _what_was_said(line: socket.socket) -> bytes:
    """The server closed with our bytes unread; its answer may lie before that."""
    try:
        return line.recv(65536)
    except ConnectionResetError:
        return b""
