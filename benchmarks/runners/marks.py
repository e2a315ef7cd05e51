"""What a measured process and its coordinator say to each other: one line of JSON each, by the machine's own clock."""

import json
import sys
import time
from dataclasses import dataclass
from typing import Any

QUEUE = "bench"
"""The quorum queue of the bare messages; the coordinator makes it."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a runner of bare messages is told: ``give|take BROKER COUNT BYTES STORE``."""

    gives: bool
    url: str
    count: int
    size: int
    """Bytes of a message's body."""
    store: str
    """The SQLite file of a runner that keeps its messages."""

    @property
    def body(self) -> str:
        """What travels: text, for some of them encode it themselves."""
        return "x" * self.size


def told() -> Told:
    """What stands on the command line."""
    role, url, count, size, store = sys.argv[1:6]
    return Told(role == "give", url, int(count), int(size), store)


def tell(what: str, **more: Any) -> None:
    """One mark, with the time of the clock that all processes of a machine share, in seconds."""
    sys.stdout.write(json.dumps({"mark": what, "at": time.monotonic(), **more}) + "\n")
    sys.stdout.flush()


def wait_for_go() -> None:
    """Say that all is set up, and wait until the other side is too. Raises ``EOFError`` when nobody waits any more."""
    tell("ready")
    if not sys.stdin.readline():
        raise EOFError("the coordinator is gone")


def done() -> None:
    """All is over: what it took, in seconds of the processor, the start included."""
    tell("done", cpu=time.process_time())
