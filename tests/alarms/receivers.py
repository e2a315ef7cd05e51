"""Receivers of alarms for tests: a real HTTP server and a small real SMTP server, both on loopback."""

import socketserver
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HANG, DRIP = "hang", "drip"


@dataclass
class HttpTaker:
    """An HTTP server that answers as it is told."""

    port: int = 0
    answers: list[int | str] = field(default_factory=list)
    """What the next requests get: a status, or to be kept waiting; afterwards 200."""
    secure: bool = False
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http{'s' if self.secure else ''}://127.0.0.1:{self.port}/alarms"


@contextmanager
def http_taker(context: ssl.SSLContext | None = None) -> Iterator[HttpTaker]:
    """Serve until the end of the test, with a context by TLS."""
    taker = HttpTaker(secure=context is not None)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            taker.requests.append(({name.lower(): value for name, value in self.headers.items()}, body))
            answer = taker.answers.pop(0) if taker.answers else 200
            if isinstance(answer, str):
                _keep_waiting(answer, taker.released, self.wfile.write)
                return
            self.send_response(answer)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_given: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    taker.port = server.server_address[1]
    with _served(server):
        yield taker
        taker.released.set()


def _keep_waiting(how: str, released: threading.Event, write: Callable[[bytes], object]) -> None:
    """Say nothing, or a byte now and then, so that no single read takes long."""
    while not released.wait(0.05):
        if how == DRIP:
            try:
                write(b"H")
            except OSError:
                return


@dataclass
class MailTaker:
    """A mail server."""

    port: int = 0
    context: ssl.SSLContext | None = None
    """How it speaks TLS, if it does."""
    tls_first: bool = False
    """Whether TLS begins at once; otherwise by STARTTLS."""
    logins: list[tuple[str, bool]] = field(default_factory=list)
    """What was given as a login, and whether by TLS."""
    refuses: bool = False
    drips: bytes | None = None
    """What it says before it drips, if it drips."""
    messages: list[tuple[str, list[str], bytes]] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)


@contextmanager
def mail_taker(context: ssl.SSLContext | None = None, *, tls_first: bool = False) -> Iterator[MailTaker]:
    """Serve until the end of the test."""
    taker = MailTaker(context=context, tls_first=tls_first)

    class Handler(socketserver.StreamRequestHandler):
        secured = False

        def handle(self) -> None:
            if taker.drips is not None:
                self.wfile.write(taker.drips)
                _keep_waiting(DRIP, taker.released, self.wfile.write)
                return
            with suppress(OSError):  # the client does not trust our certificate
                if taker.tls_first:
                    self._secure()
                self._say("220 test")
                self._serve()

        def _serve(self) -> None:
            sender, recipients = "", list[str]()
            while line := self.rfile.readline().decode().strip():
                word = line.split(":")[0].split()[0].upper()
                if word == "QUIT":
                    self._say("221 bye")
                    return
                if word == "STARTTLS":
                    self._say("220 go on")
                    self._secure()
                elif word == "EHLO":
                    offers_tls = taker.context is not None and not self.secured
                    self._say("250-test\r\n250 STARTTLS" if offers_tls else "250-test\r\n250 AUTH PLAIN")
                elif word == "AUTH":
                    taker.logins.append((line, self.secured))
                    self._say("235 welcome")
                elif word == "DATA":
                    self._data(sender, recipients)
                elif word == "MAIL":
                    sender = line.split("<")[1].split(">")[0]
                    self._say("250 ok")
                elif word == "RCPT":
                    recipients.append(line.split("<")[1].split(">")[0])
                    self._say("250 ok")
                else:
                    self._say("250 test")

        def _secure(self) -> None:
            assert taker.context is not None
            self.connection = taker.context.wrap_socket(self.connection, server_side=True)
            self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)
            self.secured = True

        def finish(self) -> None:
            super().finish()
            if self.secured:  # the server closes the socket that this one has taken over
                self.connection.close()

        def _data(self, sender: str, recipients: list[str]) -> None:
            self._say("354 go on")
            content = b""
            while (line := self.rfile.readline()) not in (b".\r\n", b""):
                content += line
            if taker.refuses:
                self._say("451 later")
                return
            taker.messages.append((sender, recipients, content))
            self._say("250 taken")

        def _say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    taker.port = server.server_address[1]
    with _served(server):
        yield taker
        taker.released.set()


@contextmanager
def _served(server: socketserver.ThreadingMixIn) -> Iterator[None]:
    assert isinstance(server, socketserver.TCPServer)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


def until(done: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait for something; fails where it does not come."""
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it has not come"
        time.sleep(0.02)
