"""Harm for a broker and for the way to it, and the patience to see what comes of it."""

import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit, urlunsplit

from bus.testing.services import RabbitNode
from bus.testing.services.private_rabbitmq import PROGRAMS, PrivateRabbit

PATIENCE = 60.0
"""Seconds until what must happen counts as never happening."""


def eventually(holds: Callable[[], object], what: str) -> None:
    """Wait until ``holds``; fail with ``what`` when it never does."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.05)


@contextmanager
def frozen(node: RabbitNode) -> Iterator[None]:
    """The broker's process is stopped (SIGSTOP): connections stay, nobody answers."""
    node.pause()
    try:
        yield
    finally:
        node.resume()


@contextmanager
def memory_alarm(node: RabbitNode) -> Iterator[None]:
    """The broker thinks its memory is full, and takes no more messages."""
    ctl(node, "set_vm_memory_high_watermark", "absolute", "1MB")
    try:
        yield
    finally:
        ctl(node, "set_vm_memory_high_watermark", "absolute", "1GB")


def ctl(node: RabbitNode, *arguments: str) -> None:
    """Run rabbitmqctl against a private node or inside a container."""
    server = node.server
    if isinstance(server, PrivateRabbit):
        env = server._env() | {"RABBITMQ_CTL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1} +S 1:1"}
        subprocess.run([PROGRAMS / "rabbitmqctl", *arguments], env=env, check=True, capture_output=True, timeout=60)
    else:
        code, said = server._container.exec(["rabbitmqctl", *arguments])  # type: ignore[attr-defined] # Container
        assert code == 0, said


class Proxy:
    """A TCP road to the broker that can be cut with resets, as often as wanted."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lock = threading.Lock()
        self._ends: list[socket.socket] = []
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, url: str) -> str:
        """The same URL, through the proxy."""
        parts = urlsplit(url)
        return urlunsplit(parts._replace(netloc=f"{parts.netloc.rpartition(':')[0]}:{self.port}"))

    def reset(self) -> int:
        """Cut every connection with RST; how many there were."""
        with self._lock:
            ends, self._ends = self._ends, []
        for end in ends:
            with suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                end.shutdown(socket.SHUT_RD)  # wakes the pump, which closes it: a close here would not
        return len(ends) // 2

    def close(self) -> None:
        """No way through any more."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.reset()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._target), 10)
                far.settimeout(None)
                with self._lock:
                    self._ends += [near, far]
                for source, target in ((near, far), (far, near)):
                    threading.Thread(target=self._pump, args=(source, target), daemon=True).start()

    @staticmethod
    def _pump(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        for end in (target, source):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
