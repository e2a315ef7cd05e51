"""The protocol between a measured process and its coordinator: one line of JSON each, with the machine's clock."""

import json
import sys
import time
from dataclasses import dataclass
from typing import Any

QUEUE = "bench"
"""The quorum queue of the bare messages; the coordinator makes it."""


@dataclass(frozen=True, slots=True)
class Told:
    """The arguments of a runner of bare messages: ``give|take BROKER COUNT BYTES STORE``."""

    gives: bool
    url: str
    count: int
    size: int
    """Bytes of a message's body."""
    store: str
    """The SQLite file of a runner that stores its messages."""

    @property
    def body(self) -> str:
        """A message's body, as text: some libraries encode it themselves."""
        return "x" * self.size


def told() -> Told:
    """The arguments on the command line."""
    role, url, count, size, store = sys.argv[1:6]
    return Told(role == "give", url, int(count), int(size), store)


def tell(what: str, **more: Any) -> None:
    """Print one mark, with the time of the clock that all processes of a machine share, in seconds."""
    sys.stdout.write(json.dumps({"mark": what, "at": time.monotonic(), **more}) + "\n")
    sys.stdout.flush()


def wait_for_go() -> None:
    """Print that all is set up, and wait until the other side is too. Raises ``EOFError`` if the coordinator is
    gone."""
    tell("ready")
    if not sys.stdin.readline():
        raise EOFError("the coordinator is gone")


def done() -> None:
    """Print the CPU seconds used, the start included."""
    tell("done", cpu=time.process_time())
