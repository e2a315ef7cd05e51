"""Harm for a broker and for the way to it, and the patience to see what comes of it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from verification.faults import TcpProxy, memory_alarm
from verification.services import RabbitNode

__all__ = ["PATIENCE", "Proxy", "eventually", "frozen", "memory_alarm"]

PATIENCE = 300.0
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


class Proxy(TcpProxy):
    """A TCP road to the broker on loopback that can be cut with resets, as often as wanted."""

    def __init__(self, port: int) -> None:
        super().__init__("127.0.0.1", port)
