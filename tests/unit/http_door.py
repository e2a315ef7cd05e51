"""A real server whose forms are all taken at once, and the signatures that it asks for."""

import base64
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from standardwebhooks import Webhook

from bus.attachments.service import AttachmentService
from bus.http.app import make_app
from bus.http.server import HttpServer
from bus.operations.metrics import Metrics
from bus.pipeline.intake import Reply
from bus.settings import Http
from tests.harness.step import MEDIA, BareCenter
from tests.unit.test_intake_and_handle import center

SECRET = "whsec_" + base64.b64encode(b"d" * 32).decode()
FORM = b'{"id": "1", "text": "x"}'


class Door:
    """A real server, whose forms are all taken at once."""

    def __init__(
        self,
        folder: Path,
        places: int = 320,
        host: str = "127.0.0.1",
        *,
        strict: bool = False,
        flow: Callable[[], dict[str, Any]] = lambda: {"flow": True, "faults": []},
    ) -> None:
        self.bare = BareCenter(MEDIA, folder)
        self.files = AttachmentService(self.bare.blobs, "http://here")

        def submit(_: object) -> Future[Reply]:
            taken: Future[Reply] = Future()
            taken.set_result(Reply("taken"))
            return taken

        metrics = Metrics(MEDIA, self.bare.store, self.bare.transport)
        app = make_app(
            center, MEDIA, submit, SECRET, self.files, metrics, lambda: {"ready": True}, lambda: datetime.now(UTC),
            flow, strict=strict,
        )  # fmt: skip
        self.server = HttpServer(app, Http(host=host, port=0, connections=places))
        self._thread = threading.Thread(target=self.server.run, daemon=True)
        self._thread.start()
        self.port = int(self.server.url.rpartition(":")[2])

    def ask(self, method: str, path: str, **how: Any) -> httpx.Response:
        """One honest request."""
        return httpx.request(method, f"{self.server.url}{path}", timeout=60, trust_env=False, **how)

    def form(self) -> int:
        """One honest form."""
        return self.ask("POST", "/intake/note", content=FORM, headers=signed(FORM)).status_code

    def connect(self, source: str = "127.0.0.1") -> socket.socket:
        """A connection on which nothing is said yet."""
        return socket.create_connection(("127.0.0.1", self.port), 30, (source, 0))

    def close(self) -> None:
        """End it."""
        self.server.stop()
        self._thread.join(20)
        self.bare.close()


def signed(content: bytes | str, when: float | None = None) -> dict[str, str]:
    """The headers of a right signature, made now or then."""
    at = datetime.fromtimestamp(time.time() if when is None else when, UTC)
    text = content if isinstance(content, str) else content.decode()
    return {
        "webhook-id": "m-1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(SECRET).sign("m-1", at, text),
    }
