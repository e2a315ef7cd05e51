"""The attacks, each as a context manager: while it is open the center is attacked.

They use only loopback, and end with the block. Attackers come from another loopback address than honest clients, as
they would in a county.
"""

import base64
import gzip
import resource
import socket
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from bus.attachments.service import LARGEST

GZIP = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
"""The head of a gzip file without optional fields."""
ATTACKER = "127.0.0.2"
NONSENSE = "v1," + base64.b64encode(b"n" * 32).decode()
Offer = Callable[[str, int], None]
"""Lets a peer offer ``count`` cases whose photos are at a URL."""
Reached = Callable[[], int]
"""The number of the attack's requests or connections that have reached their target: an attack that misses proves
nothing."""


def bomb(size: int) -> bytes:
    """Some kilobytes that two decompressions turn into ``size`` bytes: one compressed block of zeros, again and
    again."""
    block, count = bytes(1024 * 1024), size // (1024 * 1024)
    packer = zlib.compressobj(9, wbits=-15)
    packed = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    check = 0
    for _ in range(count):
        check = zlib.crc32(block, check)
    trailer = struct.pack("<II", check, size % 2**32)
    return gzip.compress(GZIP + packed * count + packer.flush() + trailer)


@contextmanager
def bombs(offer: Offer, packed: bytes, count: int) -> Iterator[Reached]:
    """A peer answers each photo with the bomb."""

    def answer(handler: BaseHTTPRequestHandler, _leaving: threading.Event) -> None:
        handler.send_response(200)
        handler.send_header("Content-Encoding", "gzip, gzip")
        handler.send_header("Content-Length", str(len(packed)))
        handler.end_headers()
        handler.wfile.write(packed)

    with _neighbour(answer) as (url, reached):
        offer(url, count)
        yield reached


@contextmanager
def dripping(offer: Offer, count: int) -> Iterator[Reached]:
    """A peer sends a byte of each photo now and then."""

    def answer(handler: BaseHTTPRequestHandler, leaving: threading.Event) -> None:
        handler.send_response(200)
        handler.end_headers()
        while not leaving.wait(1):
            handler.wfile.write(b"x")

    with _neighbour(answer) as (url, reached):
        offer(url, count)
        yield reached


@contextmanager
def big_bodies(port: int, count: int) -> Iterator[Reached]:
    """Files one byte below the limit, each with a fresh time and an invalid signature."""
    signed = f"webhook-id: x\r\nwebhook-timestamp: {int(time.time())}\r\nwebhook-signature: {NONSENSE}\r\n"
    head = f"PUT /attachments HTTP/1.1\r\nHost: x\r\nContent-Length: {LARGEST}\r\n{signed}\r\n".encode()

    begun: list[socket.socket] = []

    def send(line: socket.socket) -> None:
        with suppress(OSError):
            line.sendall(head + bytes(65536))
            begun.append(line)
            for _ in range(LARGEST // 65536 - 2):
                line.sendall(bytes(65536))
            line.sendall(bytes(65535))

    with _lines(port, count) as lines:
        senders = [threading.Thread(target=send, args=(line,), daemon=True) for line in lines]
        for one in senders:
            one.start()
        yield lambda: len(begun)


@contextmanager
def silent(port: int, count: int) -> Iterator[Reached]:
    """Connections that send nothing."""
    with _lines(port, count) as lines:
        yield lambda: len(lines)


@contextmanager
def _lines(port: int, count: int) -> Iterator[list[socket.socket]]:
    most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count + 200
    if most[0] < wanted <= most[1]:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most[1]))
    with ExitStack() as held:
        lines = []
        for _ in range(count):
            with suppress(OSError):  # a refused connection is no failure of the siege
                lines.append(held.enter_context(socket.create_connection(("127.0.0.1", port), 5, (ATTACKER, 0))))
        yield lines
        for line in lines:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)


@contextmanager
def _neighbour(answer: Callable[[BaseHTTPRequestHandler, threading.Event], None]) -> Iterator[tuple[str, Reached]]:
    leaving, asked = threading.Event(), []

    class Handler(BaseHTTPRequestHandler):
        """Answers every photo alike."""

        def do_GET(self) -> None:
            asked.append(self.path)
            with suppress(OSError):
                answer(self, leaving)

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", lambda: len(asked)
    finally:
        leaving.set()
        server.shutdown()
        server.server_close()
