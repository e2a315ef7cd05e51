"""Addresses that a message names (SSRF): none of them makes us knock at a door that the directory does not list."""

import hashlib
import http.server
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bus.attachments.blob_store import BlobStore
from bus.attachments.service import AttachmentService
from bus.contract.case import Attachment
from bus.demo.county_keys import listed
from bus.sdk.center import Reject, RetryLater
from bus.security import directory, key_request
from bus.security.keyed_security import Constant, KeyedSecurity
from bus.security.keyring import new_keyring
from bus.store import Store, schema
from tests.harness.step import NOW

MEDIA, GOVERNMENT = "media_center-150402", "government_service-150402"
PHOTO = b"\xff\xd8\xff\xe0" + b"a photo" * 100
HASH = hashlib.sha256(PHOTO).hexdigest()


@dataclass
class Web:
    """A listed center, and another machine: what each was asked for."""

    center: str = ""
    other: str = ""
    asked: list[tuple[str, str]] = field(default_factory=list)
    redirect: str = ""


@pytest.fixture
def web() -> Iterator[Web]:
    """Two real HTTP servers."""
    made = Web()

    def server(name: str) -> http.server.ThreadingHTTPServer:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # the standard library's own name
                made.asked.append((name, self.path))
                if made.redirect and name == "center":
                    self.send_response(302)
                    self.send_header("Location", made.redirect)
                    self.end_headers()
                    return
                self.send_response(200)
                self.end_headers()
                self.wfile.write(PHOTO)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's own name
                """Nothing."""

        one = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=one.serve_forever, args=(0.02,), daemon=True).start()
        return one

    servers = {name: server(name) for name in ("center", "other")}
    made.center, made.other = (f"http://127.0.0.1:{one.server_address[1]}" for one in servers.values())
    yield made
    for one in servers.values():
        one.shutdown()
        one.server_close()


@pytest.fixture
def files(web: Web, tmp_path: Path) -> Iterator[AttachmentService]:
    """A center's folder; the directory lists one neighbour, and where it serves its files."""
    mine, neighbour = new_keyring(GOVERNMENT, NOW), new_keyring(MEDIA, NOW)
    known = listed(listed(directory.empty(NOW), mine, NOW), neighbour, NOW, f"{web.center}/bus")
    store = Store(f"sqlite:///{tmp_path}/s.db")
    schema.upgrade(store)
    yield AttachmentService(BlobStore(store, tmp_path / "files"), "", KeyedSecurity(Constant(mine), Constant(known)))
    store.close()


def _named(href: str) -> Attachment:
    return Attachment(sha256=HASH, size=len(PHOTO), media_type="image/jpeg", href=href)


def test_the_neighbours_file_is_fetched_from_where_it_serves_it(web: Web, files: AttachmentService) -> None:
    """The one address that is right."""
    assert files.fetch(_named(f"{web.center}/bus/attachments/{HASH}")) == PHOTO
    assert web.asked == [("center", f"/bus/attachments/{HASH}")]


ADDRESSES: dict[str, Callable[[Web], str]] = {
    "another machine": lambda w: f"{w.other}/bus/attachments/{HASH}",
    "another door of this machine": lambda w: f"http://127.0.0.1:15672/bus/attachments/{HASH}",
    "the cloud's own data": lambda _: f"http://169.254.169.254/latest/attachments/{HASH}",
    "a private range": lambda _: f"http://10.0.0.1/bus/attachments/{HASH}",
    "another path of the neighbour": lambda w: f"{w.center}/admin/attachments/{HASH}",
    "up and down again": lambda w: f"{w.center}/bus/../admin/attachments/{HASH}",
    "encoded up and down": lambda w: f"{w.center}/bus/%2e%2e/admin/attachments/{HASH}",
    "another file of the neighbour": lambda w: f"{w.center}/bus/attachments/{'0' * 64}",
    "a query behind it": lambda w: f"{w.center}/bus/attachments/{HASH}?next=http://10.0.0.1",
    "a mark behind it": lambda w: f"{w.center}/bus/attachments/{HASH}#x",
    "the neighbour as a user's name": lambda w: f"http://{w.center[7:]}@{w.other[7:]}/bus/attachments/{HASH}",
    "a user before the neighbour": lambda w: f"http://x@{w.center[7:]}/bus/attachments/{HASH}",
    "the neighbour as a beginning": lambda w: f"{w.center}.evil.example/bus/attachments/{HASH}",
    "the number in another form": lambda w: w.center.replace("127.0.0.1", "2130706433") + f"/bus/attachments/{HASH}",
    "the name in capitals": lambda w: w.center.replace("http", "HTTP") + f"/bus/attachments/{HASH}",
    "another scheme": lambda w: w.center.replace("http", "https") + f"/bus/attachments/{HASH}",
    "a line break": lambda w: f"{w.center}/bus/attachments/{HASH}\nHost: evil.example",
}


@pytest.mark.parametrize("name", ADDRESSES)
def test_no_other_address_is_asked(name: str, web: Web, files: AttachmentService) -> None:
    """Nobody hears a knock; the task waits, or is refused, and says why."""
    href = ADDRESSES[name](web)
    reference = _named(f"{web.center}/bus/attachments/{HASH}").model_copy(update={"href": href})
    with pytest.raises((RetryLater, Reject)) as refused:
        files.fetch(reference)
    assert "attachment-" in str(refused.value)
    assert web.asked == []


def test_a_redirect_leads_nowhere(web: Web, files: AttachmentService) -> None:
    """A neighbour that was broken into sends us on, and we do not go."""
    web.redirect = f"{web.other}/bus/attachments/{HASH}"
    with pytest.raises(RetryLater, match="attachment-302"):
        files.fetch(_named(f"{web.center}/bus/attachments/{HASH}"))
    assert [name for name, _ in web.asked] == ["center"]


def test_a_center_whose_key_is_revoked_is_not_asked_any_more(web: Web, tmp_path: Path) -> None:
    """Its address goes with it."""
    mine, neighbour = new_keyring(GOVERNMENT, NOW), new_keyring(MEDIA, NOW)
    known = listed(listed(directory.empty(NOW), mine, NOW), neighbour, NOW, f"{web.center}/bus")
    known = key_request.revoked(known, neighbour.keys[0].public.kid, NOW)
    store = Store(f"sqlite:///{tmp_path}/s.db")
    schema.upgrade(store)
    gone = AttachmentService(BlobStore(store, tmp_path / "files"), "", KeyedSecurity(Constant(mine), Constant(known)))
    with pytest.raises(RetryLater, match="attachment-stranger"):
        gone.fetch(_named(f"{web.center}/bus/attachments/{HASH}"))
    assert web.asked == []
    store.close()
