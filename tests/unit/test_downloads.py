"""A neighbour that serves a file may lie, swell, drip or hang: it costs what was announced, for a bounded time."""

import gzip
import hashlib
import resource
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bus.attachments import download
from bus.attachments.blob_store import BlobStore
from bus.attachments.service import AttachmentService
from bus.contract.case import Attachment
from bus.sdk.center import Reject, RetryLater
from tests.harness.step import BareCenter

MEDIA = "media_center-150402"
PHOTO = b"\xff\xd8\xff" + b"a photo" * 1000
Answer = Callable[[BaseHTTPRequestHandler], None]


def _plain(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(PHOTO)))
    handler.end_headers()
    handler.wfile.write(PHOTO)


def _bomb(handler: BaseHTTPRequestHandler) -> None:
    """Some kilobytes that two unpackings make 256 MiB of (the bound is that nothing unpacks at all)."""
    packed = gzip.compress(gzip.compress(bytes(256 * 1024 * 1024)))
    handler.send_response(200)
    handler.send_header("Content-Encoding", "gzip, gzip")
    handler.send_header("Content-Length", str(len(packed)))
    handler.end_headers()
    handler.wfile.write(packed)


def _endless(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    with suppress(OSError):
        for _ in range(10_000):
            handler.wfile.write(bytes(65536))


def _dripping_body(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(PHOTO)))
    handler.end_headers()
    _drip(handler)


def _dripping_head(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Drip: ")
    _drip(handler)


def _drip(handler: BaseHTTPRequestHandler) -> None:
    with suppress(OSError):
        for _ in range(600):
            handler.wfile.write(b"x")
            time.sleep(0.05)


class Neighbour:
    """A real HTTP server that answers as a test says."""

    def __init__(self) -> None:
        self.answer: Answer = _plain
        self.asked: list[dict[str, str]] = []
        mine = self

        class Handler(BaseHTTPRequestHandler):
            """Every file alike."""

            def do_GET(self) -> None:
                mine.asked.append({name.lower(): value for name, value in self.headers.items()})
                mine.answer(self)

            def log_message(self, *_: object) -> None:
                """Be quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"


@pytest.fixture
def neighbour() -> Iterator[Neighbour]:
    """The center that has the photo."""
    made = Neighbour()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def files(tmp_path: Path) -> Iterator[AttachmentService]:
    """A center that lacks it."""
    center = BareCenter(MEDIA, tmp_path)
    yield AttachmentService(BlobStore(center.store, tmp_path / "files"), "http://here")
    center.close()


def _named(neighbour: Neighbour, content: bytes = PHOTO) -> Attachment:
    sha256 = hashlib.sha256(content).hexdigest()
    href = f"{neighbour.url}/attachments/{sha256}"
    return Attachment(sha256=sha256, size=len(content), media_type="image/jpeg", href=href)


def test_a_file_is_asked_for_as_it_is(neighbour: Neighbour, files: AttachmentService) -> None:
    """No encoding is offered: the bytes that come are the bytes that were announced."""
    assert files.fetch(_named(neighbour)) == PHOTO
    assert neighbour.asked[0]["accept-encoding"] == "identity"


def test_an_encoded_answer_is_refused_and_never_unpacked(neighbour: Neighbour, files: AttachmentService) -> None:
    """Gzip within gzip makes gigabytes of kilobytes; none of it reaches this center's memory."""
    neighbour.answer = _bomb
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    reference = _named(neighbour).model_copy(update={"size": 20 * 1024 * 1024})
    with pytest.raises(Reject, match="attachment-encoded"):
        files.fetch(reference)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 40 * 1024, "KiB"


def test_more_bytes_than_announced_are_not_read(neighbour: Neighbour, files: AttachmentService) -> None:
    """An answer without an end is cut off at the announced size."""
    neighbour.answer = _endless
    with pytest.raises(Reject, match="attachment-altered"):
        files.fetch(_named(neighbour))


@pytest.mark.parametrize("answer", [_dripping_body, _dripping_head])
def test_a_dripping_neighbour_is_left_at_the_deadline(
    neighbour: Neighbour, files: AttachmentService, monkeypatch: pytest.MonkeyPatch, answer: Answer
) -> None:
    """The deadline is of the whole download: a byte now and then, of head or body, does not move it."""
    monkeypatch.setattr(download, "DEADLINE", 0.5)
    neighbour.answer = answer
    with pytest.raises(RetryLater, match="attachment-slow"):
        files.fetch(_named(neighbour))


def test_a_neighbour_that_takes_the_connection_and_says_nothing_is_left_too(
    files: AttachmentService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one that drips."""
    monkeypatch.setattr(download, "DEADLINE", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        href = f"http://127.0.0.1:{silent.getsockname()[1]}/attachments/{'0' * 64}"
        reference = Attachment(sha256="0" * 64, size=3, media_type="image/jpeg", href=href)
        with pytest.raises(RetryLater, match="attachment-slow"):
            files.fetch(reference)


def test_a_damaged_file_here_is_fetched_anew(neighbour: Neighbour, files: AttachmentService) -> None:
    """The neighbour's good copy heals it."""
    reference = _named(neighbour)
    files.fetch(reference)
    (place,) = (path for path in files.blobs.path.rglob("*") if path.is_file())
    place.write_bytes(b"damaged")
    assert files.fetch(reference) == PHOTO
    assert files.read(reference.sha256) == PHOTO
    assert len(neighbour.asked) == 2


def test_a_damaged_file_that_nobody_else_has_is_told_by_its_own_code(files: AttachmentService) -> None:
    """It is parked until it is put back from a backup: not a fault of the handler."""
    sha256 = hashlib.sha256(PHOTO).hexdigest()
    files.blobs.put(sha256, PHOTO)
    (place,) = (path for path in files.blobs.path.rglob("*") if path.is_file())
    place.write_bytes(b"damaged")
    with pytest.raises(Reject, match="attachment-damaged"):
        files.fetch(Attachment(sha256=sha256, size=len(PHOTO), media_type="image/jpeg"))
