"""What a measured process and its coordinator say to each other: one line of JSON each, by the machine's own clock."""

import json
import sys
import time
from typing import Any


def tell(what: str, **more: Any) -> None:
    """One mark, with the time of the clock that all processes of a machine share, in seconds."""
    sys.stdout.write(json.dumps({"mark": what, "at": time.monotonic(), **more}) + "\n")
    sys.stdout.flush()


def wait_for_go() -> None:
    """Say that all is set up, and wait until the other side is too. Raises ``EOFError`` when nobody waits any more."""
    tell("ready")
    if not sys.stdin.readline():
        raise EOFError("the coordinator is gone")
