"""Vendors as they are: envelopes, charsets, marks, dates, tokens that end, lists, forms; and what is kept of calls."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from bus.pipeline.circuit_breaker import RetryPolicy
from bus.sdk.answers import LONGEST_PAUSE, Envelope, retry_after
from bus.sdk.backend import BackendClient
from bus.sdk.center import Reject, RetryLater
from bus.sdk.codes import RetryCode

CANARY = "13800138000"


class Vendor:
    """A server whose next answers a test lays down: (status, headers, content)."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, dict[str, str], bytes]] = []
        self.next: list[tuple[int, dict[str, str], bytes]] = []
        self.good = ""
        """The token that is taken; any, where there is none."""
        vendor = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                vendor.seen.append((self.command, self.path, dict(self.headers), body))
                status, headers, content = vendor.answer(self.path, self.headers.get("Authorization", ""))
                self.send_response(status)
                for name, value in {"Content-Length": str(len(content)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_PUT = do_POST  # noqa: N815 - names of the base class

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.client = BackendClient(f"http://127.0.0.1:{self.server.server_address[1]}", token="t-0", timeout=5)

    def answer(self, path: str, authorization: str) -> tuple[int, dict[str, str], bytes]:
        """What was laid down, or that it is well; a token that ended is refused."""
        if path == "/token":
            assert authorization == ""
            self.good = "t-1"
            return 200, {}, b'{"token": "t-1"}'
        if self.good and authorization != f"Bearer {self.good}":
            return 401, {}, b""
        return self.next.pop(0) if self.next else (200, {}, b"{}")

    def close(self) -> None:
        """End it."""
        self.client.close()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    """One for a test."""
    made = Vendor()
    yield made
    made.close()


# -- bodies ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b'\xef\xbb\xbf{"id": "77", "\xe7\x8a\xb6\xe6\x80\x81": "\xe5\xb7\xb2\xe6\x94\xb6"}', "application/json"),
        ('{"id": "77", "状态": "已收"}'.encode("gbk"), "application/json;charset=GBK"),
        ('{"id": "77", "状态": "已收"}'.encode("gb18030"), "application/json; charset=gb2312"),
        ('{"id": "77", "状态": "已收"}'.encode(), 'text/plain; charset="utf-8"'),
        ('{"id": "77", "状态": "已收"}'.encode("utf-16"), "application/json; charset=UTF-16"),
    ],
    ids=["mark", "gbk", "gb2312", "utf-8", "utf-16"],
)
def test_a_body_is_read_in_its_charset(vendor: Vendor, content: bytes, kind: str) -> None:
    """And a mark before it is no fault."""
    vendor.next = [(200, {"Content-Type": kind}, content)]
    assert vendor.client.post("/x", {}, key="k") == {"id": "77", "状态": "已收"}


@pytest.mark.parametrize(
    ("content", "kind"),
    [(b"\xff\xfe\x00", ""), ("已收".encode("gbk"), "charset=utf-8"), (b"{}", "x/y; charset=klingon"), (b"<html>", "")],
)
def test_what_cannot_be_read_is_garbage(vendor: Vendor, content: bytes, kind: str) -> None:
    """It may be otherwise later."""
    vendor.next = [(200, {"Content-Type": f"text/plain; {kind}"}, content)]
    with pytest.raises(RetryLater) as later:
        vendor.client.post("/x", {}, key="k")
    assert later.value.code == RetryCode.VENDOR_GARBAGE


def test_answers_of_up_to_a_mebibyte_are_read(vendor: Vendor) -> None:
    """As promised; a list is an answer as well."""
    many = [{"id": str(number), "text": "灯" * 100} for number in range(2500)]
    content = json.dumps(many, ensure_ascii=False).encode()
    assert 700_000 < len(content) < 1024 * 1024
    vendor.next = [(200, {}, content), (200, {}, b"[]"), (200, {}, b""), (200, {}, b"[]")]
    assert vendor.client.request("GET", "/list") == many
    assert vendor.client.request("GET", "/list") == []
    assert vendor.client.request("GET", "/list") is None
    with pytest.raises(RetryLater):
        vendor.client.get("/list")  # which promises an object


def test_a_call_is_what_the_adapter_says(vendor: Vendor) -> None:
    """Method, query, a form or bytes as the body; an odd answer is the adapter's to read."""
    vendor.client.request("GET", "/list", query={"since": "2021-06-01 09:30", "kind": ["a", "b"]})
    vendor.client.request("POST", "/form", form={"text": "楼道灯 & 门"}, key="k-1")
    vendor.next = [(200, {"Content-Type": "text/xml"}, b"<ok/>")]
    answer = vendor.client.answer("PUT", "/file", content=b"\x00\x01")
    assert (answer.status, answer.content) == (200, b"<ok/>")
    (_, query, _, _), (_, _, form, body), (method, _, _, raw) = vendor.seen
    assert query == "/list?since=2021-06-01+09%3A30&kind=a&kind=b"
    assert (form["Content-Type"], form["Idempotency-Key"]) == ("application/x-www-form-urlencoded", "k-1")
    assert body == b"text=%E6%A5%BC%E9%81%93%E7%81%AF+%26+%E9%97%A8"
    assert (method, raw) == ("PUT", b"\x00\x01")


# -- pauses ----------------------------------------------------------------------------------------------------------


def test_a_pause_may_be_a_date(vendor: Vendor) -> None:
    """In seconds or as a date, never longer than the longest pause of a task; what is neither is none."""
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    assert 80 < (retry_after(soon) or 0) <= 90
    assert retry_after("Wed, 21 Oct 2099 07:28:00 GMT") == LONGEST_PAUSE
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert (retry_after("7"), retry_after("99999999"), retry_after("soon"), retry_after("")) == (
        7, LONGEST_PAUSE, None, None,
    )  # fmt: skip
    vendor.next = [(503, {"Retry-After": "Wed, 21 Oct 2099 07:28:00 GMT"}, b"")]
    with pytest.raises(RetryLater) as later:
        vendor.client.post("/x", {}, key="k")
    assert (later.value.code, later.value.after) == ("vendor-503", LONGEST_PAUSE)
    assert RetryPolicy().backoff.longest == LONGEST_PAUSE


# -- envelopes -------------------------------------------------------------------------------------------------------

RULE = Envelope("code", done=(0, 200), busy=(503, "BUSY"), data="data")


@pytest.mark.parametrize(
    ("body", "ends"),
    [
        ({"code": 0, "data": {"id": "7"}}, {"id": "7"}),
        ({"code": "200", "data": [1]}, [1]),
        ({"code": 0}, None),
        ({"code": 503, "msg": CANARY}, RetryLater("vendor-code-503")),
        ({"code": "BUSY"}, RetryLater("vendor-code-BUSY")),
        ({"code": 500, "msg": "系统异常"}, Reject("vendor-code-500")),
        ({"code": f"电话 {CANARY}"}, Reject("vendor-code")),
        ({"message": "ok"}, RetryLater("vendor-garbage")),
        ([1], RetryLater("vendor-garbage")),
    ],
)
def test_the_envelopes_code_decides(vendor: Vendor, body: Any, ends: Any) -> None:
    """A 200 that says in its body that it failed is not done; the system's words are told to nobody."""
    vendor.client.speaks(envelope=RULE)
    vendor.next = [(200, {}, json.dumps(body, ensure_ascii=False).encode())]
    if not isinstance(ends, Exception):
        assert vendor.client.request("POST", "/x", json={}, key="k") == ends
        return
    with pytest.raises(type(ends)) as raised:
        vendor.client.request("POST", "/x", json={}, key="k")
    assert raised.value.code == ends.code  # type: ignore[attr-defined]  # both have one
    assert CANARY not in f"{raised.value}{getattr(raised.value, 'cure', '')}"


def test_an_envelope_may_lie_deep() -> None:
    """Names from the outside in."""
    rule = Envelope("head.result.code", done=("ok",), data="body")
    assert rule.opened({"head": {"result": {"code": "ok"}}, "body": {"id": 1}}) == {"id": 1}
    with pytest.raises(RetryLater):
        rule.opened({"head": "x"})


# -- tokens ----------------------------------------------------------------------------------------------------------


def test_a_token_that_ended_is_renewed_once_for_all(vendor: Vendor) -> None:
    """The call goes on with the new one, and many threads get it by one renewal."""
    renewals: list[None] = []

    def renew(client: BackendClient) -> str:
        renewals.append(None)
        return str(client.post("/token", {"user": "u"}, key="")["token"])

    vendor.client.speaks(renew=renew)
    vendor.good = "t-9"
    with ThreadPoolExecutor(8) as threads:
        done = list(threads.map(lambda number: vendor.client.post(f"/x/{number}", {}, key="k"), range(8)))
    assert done == [{}] * 8
    assert len(renewals) == 1


def test_where_nobody_renews_it_an_operator_must(vendor: Vendor) -> None:
    """As ever: later, until the settings have a right one; and a renewal that fails is no loop."""
    vendor.good = "t-9"
    with pytest.raises(RetryLater, match="vendor-401"):
        vendor.client.post("/x", {}, key="k")
    calls: list[None] = []

    def renew(client: BackendClient) -> str:
        calls.append(None)
        client.post("/refused", {}, key="")
        return "never"

    vendor.client.speaks(renew=renew)
    with pytest.raises(RetryLater, match="vendor-401"):
        vendor.client.post("/x", {}, key="k")
    assert len(calls) == 1


# -- what is kept ----------------------------------------------------------------------------------------------------


def test_the_last_calls_are_kept_without_a_body_or_a_number(vendor: Vendor) -> None:
    """When, what, how it ended, how long it took; no resident's data."""
    vendor.next = [(200, {}, b"{}"), (503, {}, b"")]
    vendor.client.post("/orders/GD-77/notes", {"phone": CANARY}, key="k")
    with pytest.raises(RetryLater):
        vendor.client.request("GET", "/people", query={"phone": CANARY})
    second, first = vendor.client.calls.last()
    assert (first.method, first.path, first.outcome) == ("POST", "/orders/…/notes", "200")
    assert (second.method, second.path, second.outcome) == ("GET", "/people", "503")
    assert first.seconds < 5
    assert CANARY not in str(vendor.client.calls.told())


def test_only_the_last_of_them_are_kept(vendor: Vendor) -> None:
    """And one that reached nobody is among them."""
    for _ in range(60):
        vendor.client.post("/x", {}, key="k")
    assert len(vendor.client.calls.last()) == 50
    vendor.server.shutdown()
    vendor.server.server_close()
    with BackendClient("http://127.0.0.1:1", timeout=1) as nobody, pytest.raises(RetryLater):
        nobody.post("/x", {}, key="k")
    assert nobody.calls.last()[0].outcome == RetryCode.VENDOR_CONNECT_ERROR
