"""The client of a center's own system, against a server that answers in every way there is."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from bus.sdk.backend import LONGEST_ANSWER, BackendClient
from bus.sdk.center import Reject, RetryLater


class _Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    seen: list[tuple[str, str, dict[str, str], bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.seen.append((self.command, self.path, dict(self.headers), body))
        what = self.path.rpartition("/")[2]
        if what == "cut-off":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{")
            self.close_connection = True
        elif what == "silent":
            self.server.let_go.wait(5)  # type: ignore[attr-defined]  # set by the fixture
            self.close_connection = True
        elif what == "elsewhere":
            self._answer(302, b"", Location="/taken")
        elif what == "busy":
            self._answer(503, b"", **{"Retry-After": "7"})
        elif what == "huge":
            self._answer(200, b'"' + b"x" * LONGEST_ANSWER + b'"')
        else:
            self._answer(200, json.dumps({"id": what}).encode())

    def _answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class _Served:
    def __init__(self) -> None:
        handler = type("Answers", (_Answers,), {"seen": []})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.let_go = threading.Event()  # type: ignore[attr-defined]  # for the handlers
        self.seen: list[tuple[str, str, dict[str, str], bytes]] = handler.seen  # type: ignore[attr-defined]  # as above
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.let_go.set()  # type: ignore[attr-defined]  # as above
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def served() -> Iterator[_Served]:
    """A vendor's system for one test."""
    one = _Served()
    yield one
    one.close()


def _post(backend: BackendClient, path: str) -> dict[str, Any]:
    return backend.post(path, {"text": "楼道灯不亮"}, key="k-1")


def test_a_call_carries_body_key_and_token_below_the_systems_own_folder(served: _Served) -> None:
    """The path is put behind the folder of the configured URL, and the body is UTF-8 JSON."""
    with BackendClient(f"{served.url}/api/v2/", token="t-1") as backend:
        assert _post(backend, "/orders/42") == {"id": "42"}
    [(method, path, headers, body)] = served.seen
    assert (method, path, json.loads(body.decode())) == ("POST", "/api/v2/orders/42", {"text": "楼道灯不亮"})
    assert headers["Idempotency-Key"] == "k-1"
    assert headers["Authorization"] == "Bearer t-1"
    assert headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/elsewhere", "vendor-302"),
        ("/huge", "vendor-garbage"),
        ("/cut-off", "vendor-broken-off"),
        ("/silent", "vendor-readtimeout"),
    ],
)
def test_an_answer_that_says_nothing_is_asked_for_again(served: _Served, path: str, code: str) -> None:
    """It is called once, nothing of it is followed or believed, and the next call finds a usable connection."""
    with BackendClient(served.url, timeout=0.3) as backend:
        with pytest.raises(RetryLater) as away:
            _post(backend, path)
        assert away.value.code == code
        assert len(served.seen) == 1
        assert _post(backend, "/taken") == {"id": "taken"}


def test_what_the_system_asks_for_is_waited_for(served: _Served) -> None:
    """Its Retry-After goes into the outcome, in seconds."""
    with BackendClient(served.url) as backend, pytest.raises(RetryLater) as away:
        _post(backend, "/busy")
    assert (away.value.code, away.value.after) == ("vendor-503", 7.0)


def test_nobody_at_the_address_is_away_and_never_a_no() -> None:
    """A port where nothing listens: tried a few times, then put off."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with BackendClient(url, timeout=0.3) as backend, pytest.raises(RetryLater) as away:
        _post(backend, "/orders")
    assert not isinstance(away.value, Reject)
    assert away.value.code == "vendor-connecterror"


def test_one_connection_serves_many_calls(served: _Served) -> None:
    """A connection is kept and used again, also after an answer that was not wanted."""
    with BackendClient(served.url) as backend:
        for path in ("/a", "/busy", "/b", "/elsewhere", "/c"):
            with suppress(RetryLater):
                _post(backend, path)
        assert backend._lines.num_connections == 1
