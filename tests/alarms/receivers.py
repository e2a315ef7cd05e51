"""Receivers of alarms for tests: a real HTTP server and a small real SMTP server, both on loopback."""

import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HANG, DRIP = "hang", "drip"


@dataclass
class HttpTaker:
    """An HTTP server that answers as it is told."""

    port: int = 0
    answers: list[int | str] = field(default_factory=list)
    """What the next requests get: a status, or to be kept waiting; afterwards 200."""
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/alarms"


@contextmanager
def http_taker() -> Iterator[HttpTaker]:
    """Serve until the end of the test."""
    taker = HttpTaker()

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
    """A mail server without TLS."""

    port: int = 0
    refuses: bool = False
    drips: bool = False
    messages: list[tuple[str, list[str], bytes]] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)


@contextmanager
def mail_taker() -> Iterator[MailTaker]:
    """Serve until the end of the test."""
    taker = MailTaker()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            if taker.drips:
                _keep_waiting(DRIP, taker.released, self.wfile.write)
                return
            self._say("220 test")
            sender, recipients = "", list[str]()
            while line := self.rfile.readline().decode().strip():
                word = line.split(":")[0].split()[0].upper()
                if word == "QUIT":
                    self._say("221 bye")
                    return
                if word == "DATA":
                    self._data(sender, recipients)
                elif word == "MAIL":
                    sender = line.split("<")[1].split(">")[0]
                    self._say("250 ok")
                elif word == "RCPT":
                    recipients.append(line.split("<")[1].split(">")[0])
                    self._say("250 ok")
                else:
                    self._say("250 test")

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
