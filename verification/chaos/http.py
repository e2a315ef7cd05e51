"""A minimal HTTP server and client for the centers' own systems and residents of a chaos run.

A hand-over costs about ten HTTP requests. With FastAPI and httpx on our side of each, the simulators would use the CPU
that the centers are measured on; this speaks the same HTTP/1.1 for a tenth of the time.
"""

import base64
import hashlib
import hmac
import http.client
import json
import socket
import socketserver
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

Json = dict[str, Any]
Answering = Callable[[str, str, Json], tuple[int, Json]]
"""(path, idempotency key, body) → (status, answer)"""
REASONS = {200: "OK", 404: "Not Found", 503: "Service Unavailable"}


class Server(socketserver.ThreadingTCPServer):
    """Answers POST requests on a loopback port, each connection in a thread of its own."""

    daemon_threads = True
    request_queue_size = 128
    allow_reuse_address = True

    def __init__(self, answering: Answering, port: int = 0) -> None:
        self.answering = answering
        super().__init__(("127.0.0.1", port), _Talk)

    @property
    def url(self) -> str:
        """The server's URL."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def start(self) -> None:
        """Serve in the background."""
        threading.Thread(target=self.serve_forever, daemon=True).start()


class _Talk(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True
    server: Server

    def handle(self) -> None:
        """Serve one connection with all its requests."""
        try:
            while (line := self.rfile.readline(8192)) and self._one(line):
                pass
        except (OSError, ValueError):
            return  # the client closed in the middle of a request

    def _one(self, line: bytes) -> bool:
        _method, target, _version = line.decode("ascii").split()
        headers = self._headers()
        length = int(headers.get("content-length", "0"))
        raw = self.rfile.read(length)
        if len(raw) < length:
            return False  # killed between a request's head and its body: no request was made
        status, answer = self.server.answering(target, headers.get("idempotency-key", ""), json.loads(raw or b"{}"))
        body = json.dumps(answer, ensure_ascii=False).encode()
        head = f"HTTP/1.1 {status} {REASONS.get(status, 'Answer')}\r\ncontent-type: application/json\r\n"
        self.request.sendall(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
        return headers.get("connection", "") != "close"

    def _headers(self) -> dict[str, str]:
        found = {}
        while (line := self.rfile.readline(8192)) not in (b"\r\n", b"\n", b""):
            name, _, value = line.decode("latin-1").partition(":")
            found[name.strip().lower()] = value.strip()
        return found


@dataclass(frozen=True, slots=True)
class Told:
    """An intake's answer to one form."""

    status: int
    """HTTP status; 0 if no answer came and the form's fate is unknown."""
    body: Json


class IntakeClient:
    """A client of one center's intake, over one persistent connection. Not thread-safe."""

    def __init__(self, url: str, secret: str, timeout: float = 10) -> None:
        parts = urlsplit(url)
        self._line = http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port, timeout=timeout)
        self._key = base64.b64decode(secret.removeprefix("whsec_"))

    def submit(self, form: str, body: Json) -> Told:
        """Send a form, signed (Standard Webhooks). Never raises: no answer is status 0."""
        raw = json.dumps(body, ensure_ascii=False).encode()
        try:
            self._line.request("POST", f"/intake/{form}", raw, self._headers(raw))
            if self._line.sock is not None:
                self._line.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            answer = self._line.getresponse()
            return Told(answer.status, json.loads(answer.read()))
        except (OSError, http.client.HTTPException, ValueError):
            self._line.close()
            return Told(0, {})

    def _headers(self, raw: bytes) -> dict[str, str]:
        message_id, at = f"msg_{uuid4().hex}", int(datetime.now(UTC).timestamp())
        signed = hmac.new(self._key, f"{message_id}.{at}.".encode() + raw, hashlib.sha256).digest()
        return {
            "content-type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": str(at),
            "webhook-signature": f"v1,{base64.b64encode(signed).decode()}",
        }

    def close(self) -> None:
        """Close the connection."""
        self._line.close()
