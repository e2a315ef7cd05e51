"""HTTP requests that must be refused: forged, altered, malformed, too large, or sent to the wrong endpoint."""

import base64
import hashlib
import json
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice

from standardwebhooks import Webhook

from bus.attachments.service import LARGEST
from bus.contract.codec import MAX_BYTES
from bus.http.body import DRAINING
from bus.sdk import discovery
from bus.testing.samples import InSample, Samples
from verification.corpus import wire_bytes
from verification.corpus.items import Dealer
from verification.corpus.meter import LONGEST_MS
from verification.corpus.mutations import leaves, variants
from verification.corpus.wire_fields import UNREADABLE

ADAPTERS = tuple(one.kind for one in discovery.known())
"""Every kind with an adapter."""
Headers = dict[str, str]
Sign = Callable[[str, bytes], Headers]
"""(secret, body) → the headers of Standard Webhooks, or a forgery of them."""
NEVER_SENT = {"a length of 18 digits", "a length of a gigabyte", "more than may be, in chunks",
              "a file that is too large"}  # fmt: skip
"""Requests whose body does not end: before it refuses them, the center waits as long as it drains any body."""
STRANGER = "whsec_c3RyYW5nZXItc3RyYW5nZXItc3RyYW5nZXI="


@dataclass(frozen=True, slots=True)
class HttpItem:
    """One request. ``verdict``: ``STATUS:CODE``. ``plain``: the whole request as bytes on a socket, if no client
    library would send it; then the verdict is the status alone, or ``closed``."""

    kind: str
    name: str
    verdict: str
    method: str = "POST"
    path: str = "/"
    body: bytes = b""
    sign: Sign | None = None
    headers: Headers = field(default_factory=dict)
    plain: bytes = b""
    longest_ms: float = LONGEST_MS


def signed(secret: str, body: bytes, *, shift: float = 0, content: str | None = None) -> Headers:
    """An honest vendor's signature; or one ``shift`` seconds off, or over other ``content``."""
    at = datetime.fromtimestamp(math.floor(time.time() + shift), UTC)
    said = body.decode("latin-1") if content is None and not _is_utf8(body) else content or body.decode()
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign("msg_1", at, said),
    }


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def items(deal: Dealer, samples: Samples) -> Iterator[HttpItem]:
    """All items for this adapter."""
    by_form = {sample.form: sample for sample in reversed(samples.ins)}
    for sample in by_form.values():
        yield from _signatures(deal, sample)
        yield from _broken_bytes(deal, sample)
        yield from _bad_fields(sample)
        yield from _sizes(sample)
    yield from _wrong_doors(deal, next(iter(by_form)))
    yield from _files(deal)
    yield from _hashes(deal)
    yield from _requests(next(iter(by_form)))


# -- signatures ------------------------------------------------------------------------------------------------------


def _without(name: str) -> Sign:
    return lambda secret, body: {key: value for key, value in signed(secret, body).items() if key != name}


def _with(name: str, value: str) -> Sign:
    return lambda secret, body: signed(secret, body) | {name: value}


def _turned(change: Callable[[str], str]) -> Sign:
    def sign(secret: str, body: bytes) -> Headers:
        right = signed(secret, body)
        return right | {"webhook-signature": change(right["webhook-signature"])}

    return sign


def _off(shift: float) -> Sign:
    return lambda secret, body: signed(secret, body, shift=shift)


FORGED: dict[str, Sign] = {
    "unsigned": lambda _secret, _body: {},
    "signed by a stranger": lambda _secret, body: signed(STRANGER, body),
    "over other words": lambda secret, body: signed(secret, body, content=body.decode() + " "),
    "over nothing": lambda secret, body: signed(secret, body, content=" "),
    **{f"without {name}": _without(name) for name in ("webhook-id", "webhook-timestamp", "webhook-signature")},
    **{f"{shift:+} s": _off(shift) for shift in (-301, -3600, -86400, -1e9, 302, 3600, 86400, 1e9)},
    **{f"time {value[:12]}": _with("webhook-timestamp", value) for value in (
        "", "0", "-1", "NaN", "inf", "1e999999", "1e308", "9" * 400, "now", "0x10", "1_0", "2026-11-23T09:00:00Z")},
    **{f"id {value[:12]}": _with("webhook-id", value) for value in ("", "msg_2", "msg_1.1", "x" * 4000)},
    **{f"signature {value[:12]}": _with("webhook-signature", value) for value in (
        "", "v1", "v1,", ",", "v1,v1,v1", "v1,====", "v1,é", "v2,AAAA", "v1a,AAAA", "v1," + "A" * 6000, "v1,AA AA")},
    "many wrong signatures": _with("webhook-signature", " ".join(["v1,AAAA"] * 800)),
    "one sign changed": _turned(lambda right: right[:9] + ("A" if right[9] != "A" else "B") + right[10:]),
    "cut": _turned(lambda right: right[:-8]),
    "as another version": _turned(lambda right: right.replace("v1,", "v1a,")),
    "in capitals": _turned(str.upper),
    "without its version": _turned(lambda right: right.partition(",")[2]),
    "another hash": lambda _secret, body: {**signed(STRANGER, body), "webhook-signature": "v1," + base64.b64encode(
        hashlib.sha256(body).digest()).decode()},
    "an empty secret": lambda _secret, body: signed("whsec_AA==", body),
}  # fmt: skip


def _signatures(deal: Dealer, sample: InSample) -> Iterator[HttpItem]:
    body = json.dumps(sample.body | {"extra": deal.canary().word}, ensure_ascii=False).encode()
    for name, sign in FORGED.items():
        yield HttpItem(
            "http: a forged signature", f"{sample.form} {name}", "401:signature", path=f"/intake/{sample.form}",
            body=body, sign=sign,
        )  # fmt: skip


# -- bodies ----------------------------------------------------------------------------------------------------------


def _broken_bytes(deal: Dealer, sample: InSample) -> Iterator[HttpItem]:
    """Every 23rd of the broken message bytes, rightly signed; bytes that are not UTF-8 cannot be signed as text at
    all."""
    for item in islice(wire_bytes.items(deal), 0, None, 23):
        code = item.verdict.removeprefix("parked:")
        verdict = {"too-large": "413:too-large"}.get(code, f"400:{code}")
        yield HttpItem(
            f"http: {item.kind}", f"{sample.form} {item.name}", verdict, path=f"/intake/{sample.form}",
            body=item.body, sign=signed,
        )  # fmt: skip


def _bad_fields(sample: InSample) -> Iterator[HttpItem]:
    for path in leaves(sample.body):
        for name, body, never in variants(sample.body, path):
            if never:
                verdict = f"400:{UNREADABLE[name]}" if name in UNREADABLE else "422:invalid"
                where = f"{sample.name}: {'.'.join(map(str, path))}"
                yield HttpItem(
                    f"http: {name}", where, verdict, path=f"/intake/{sample.form}", body=body, sign=signed
                )  # fmt: skip


def _sizes(sample: InSample) -> Iterator[HttpItem]:
    path = f"/intake/{sample.form}"
    yield HttpItem("http: nothing", sample.form, "400:not-json", path=path, sign=signed)
    for more in (1, 1000, 2_000_000):
        body = b"{}" + b" " * (MAX_BYTES - 2 + more)
        yield HttpItem("http: too large", f"{sample.form} +{more}", "413:too-large", path=path, body=body, sign=signed)


# -- the wrong door --------------------------------------------------------------------------------------------------


def _wrong_doors(deal: Dealer, form: str) -> Iterator[HttpItem]:
    for method in ("GET", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE"):
        verdict = "405:" if method == "HEAD" else "405:method-not-allowed"
        yield HttpItem("http: a wrong method", f"{method} {form}", verdict, method, f"/intake/{form}")
    for method, path in (("POST", "/attachments"), ("DELETE", "/metrics"), ("POST", "/health/live"),
                         ("PUT", "/openapi.json")):  # fmt: skip
        yield HttpItem("http: a wrong method", f"{method} {path}", "405:method-not-allowed", method, path)
    for path in (
        f"/intake/{form}/", f"/intake//{form}", f"/intake/{form}%00", f"/intake/{form}.json", f"/INTAKE/{form}",
        "/intake/", "/intake", "/intake/no-such-form", "/intake/..%2fmetrics", f"/intake/%2e%2e/{form}", "/.env",
        "/admin", "/intake/{form}", f"/intake/{form};a=b", "/%c0%af", f"/intake/{deal.canary().phone}", "/a" * 3000,
    ):  # fmt: skip
        yield HttpItem("http: no such door", path[:40], "404:not-found", path=path, body=b"{}", sign=signed)


# -- attachments -----------------------------------------------------------------------------------------------------

JPEG = b"\xff\xd8\xff\xe0"


def _signed_file(secret: str, body: bytes) -> Headers:
    return signed(secret, body, content=_hash(body))


def _hash(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _file(kind: str, name: str, body: bytes, verdict: str, sign: Sign = _signed_file, query: str = "") -> HttpItem:
    return HttpItem(f"attachment: {kind}", name, verdict, "PUT", f"/attachments{query}", body, sign)


NOT_KEPT = {
    "nothing": (b"", "empty"), "text": (b"hello", "media-type"), "HTML": (b"<html><script>", "media-type"),
    "a program": (b"MZ\x90\x00", "media-type"), "ELF": (b"\x7fELF", "media-type"), "SVG": (b"<svg/>", "media-type"),
    "GIF": (b"GIF89a", "media-type"), "a JPEG later": (b"\x00" + JPEG, "media-type"), "rar": (b"Rar!\x1a\x07",
    "media-type"), "half a mark": (b"\xff\xd8", "media-type"), "an empty zip": (b"PK\x05\x06" + b"\x00" * 18,
    "media-type"), "a shell script": (b"#!/bin/sh\n", "media-type"), "pdf in small": (b"%pdf-1.4", "media-type"),
}  # fmt: skip
NAMES = (
    "../../../etc/passwd", "..\\..\\windows\\system32", "/etc/passwd", "C:\\a.jpg", "a\x00b.jpg", "a\nb.jpg", ".", "..",
    "...", " ", "\u202egpj.exe", "长" * 3000, "a/../../b", "%2e%2e%2f", "con", "-rf", "a" * 4000 + ".jpg", "\x1b[2J",
    "\u2066a\u2069", "<img src=x>", "'; DROP TABLE attachments; --", "${jndi:ldap://x}", "a.jpg/", "\ufeffa.jpg",
)  # fmt: skip


def _files(deal: Dealer) -> Iterator[HttpItem]:
    for name, (start, code) in NOT_KEPT.items():
        yield _file("not kept", name, start + (deal.canary().word.encode() if start else b""), f"415:{code}")
    photo = JPEG + deal.canary().word.encode()
    for name, sign in FORGED.items():
        if "over other" not in name:  # that one reads the body as text
            yield _file("a forged signature", name, photo, "401:signature", sign)
    yield _file("a forged signature", "over the file itself", photo, "401:signature", signed)
    yield _file("a forged signature", "over another hash", photo, "401:signature",
                lambda secret, body: signed(secret, body, content=_hash(body + b"x")))  # fmt: skip
    yield _file("a forged signature", "over its hash in capitals", photo, "401:signature",
                lambda secret, body: signed(secret, body, content=_hash(body).upper()))  # fmt: skip
    for name in NAMES:
        query = "?name=" + "".join(f"%{byte:02x}" for byte in name.encode())
        yield _file("a name with tricks", repr(name[:20]), JPEG + deal.canary().word.encode(), "201:", query=query)


HASHES = ("", "x", "A" * 64, "0" * 63, "0" * 65, "g" * 64, "..%2f" * 3, "%2e%2e", "0" * 64, "%00" * 64,
    "%ef%bc%90" * 64,     "0" * 63 + "%0a", "0" * 64 + "?x=1", "0" * 64 + "%20", "*", "0" * 4000)  # fmt: skip


def _hashes(deal: Dealer) -> Iterator[HttpItem]:
    unknown = [f"{deal.random.getrandbits(256):064x}" for _ in range(10)]
    for text in (*HASHES, *unknown):
        verdict = "404:no-attachment" if text and "%2f" not in text else "404:not-found"
        yield HttpItem("attachment: no such hash", text[:20], verdict, "GET", f"/attachments/{text}")


# -- what no client library sends ------------------------------------------------------------------------------------


def _requests(form: str) -> Iterator[HttpItem]:
    mark = "webhook-id: a\r\nwebhook-timestamp: 1\r\nwebhook-signature: v1,AAAA\r\n"
    head = f"POST /intake/{form} HTTP/1.1\r\nHost: a\r\n{mark}"
    for name, plain, verdict in (
        ("nonsense", b"nonsense\r\n\r\n", "400"),
        ("NUL", b"\x00" * 64 + b"\r\n\r\n", "400"),
        ("a greeting of TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 64 + b"\r\n\r\n", "400"),
        ("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "404"),
        ("HTTP/9.9", b"GET /nothing HTTP/9.9\r\nHost: a\r\n\r\n", "404"),
        ("no version", b"GET /\r\n\r\n", "400"),
        ("no host", b"GET /metrics HTTP/1.1\r\n\r\n", "400"),
        ("two hosts", b"GET /metrics HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"),
        ("a header without a colon", f"{head}nonsense\r\n\r\n".encode(), "400"),
        ("a blank in a header's name", f"{head}X Y: 1\r\n\r\n".encode(), "400"),
        ("NUL in a header", head.encode() + b"X: a\x00b\r\n\r\n", "400"),
        ("a line end in a header", head.encode() + b"X: a\rb\r\n\r\n", "400"),
        ("a header of 200 KB", head.encode() + b"X: " + b"a" * 200_000 + b"\r\n\r\n", "400"),
        ("5,000 headers", head.encode() + b"X: 1\r\n" * 5_000 + b"\r\n", "401"),
        ("length -1", f"{head}Content-Length: -1\r\n\r\n".encode(), "400"),
        ("length in words", f"{head}Content-Length: ten\r\n\r\n".encode(), "400"),
        ("length in hex", f"{head}Content-Length: 0x10\r\n\r\n".encode(), "400"),
        ("two lengths", f"{head}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{{}}".encode(), "400"),
        ("a length of 400 digits", f"{head}Content-Length: {'9' * 400}\r\n\r\n".encode(), "400"),
        ("a length of 18 digits", f"{head}Content-Length: {'9' * 18}\r\n\r\n".encode(), "413"),
        ("a length of a gigabyte", f"{head}Content-Length: {2**30}\r\n\r\n".encode(), "413"),
        ("a chunk of no size", f"{head}Transfer-Encoding: chunked\r\n\r\nzz\r\n".encode(), "400"),
        ("a negative chunk", f"{head}Transfer-Encoding: chunked\r\n\r\n-1\r\n".encode(), "400"),
        ("a chunk of 30 digits", f"{head}Transfer-Encoding: chunked\r\n\r\n{'f' * 30}\r\n".encode(), "400"),
        ("a chunk longer than it says", f"{head}Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n".encode(), "400"),
        ("an encoding that is none", f"{head}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n".encode(), "400"),
        ("more than may be, in chunks", head.encode() + b"Transfer-Encoding: chunked\r\n\r\n"
            + (b"8000\r\n" + b"a" * 0x8000 + b"\r\n") * 10, "401"),  # no signature is so; body unread
        ("a large file that is not signed, in chunks", b"PUT /attachments HTTP/1.1\r\nHost: a\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n" + (b"100000\r\n" + b"a" * 0x100000 + b"\r\n") * 21, "401"),
        ("a file that is too large", f"PUT /attachments HTTP/1.1\r\nHost: a\r\n{mark}"
            f"Content-Length: {LARGEST + 1}\r\n\r\n".encode(), "413"),
        ("half a request", head.encode(), "closed"),
        ("half a body", f"{head}Content-Length: 100\r\n\r\n{{".encode(), "closed"),
        ("nothing", b"", "closed"),
    ):  # fmt: skip
        waited = DRAINING * 1000 if name in NEVER_SENT else 0
        yield HttpItem("http: a malformed request", name, verdict, plain=plain, longest_ms=waited + LONGEST_MS)
