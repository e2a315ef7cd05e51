"""Two centers of ours on one broker, as processes of their own: one gives, one takes."""

import base64
import os
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.ground import Ground, folder
from benchmarks.process import Process, process
from benchmarks.runners.ours import GIVER, TAKER

TEXT = 105
"""Letters of a case's text: they make the offer 1,300 bytes long."""


@dataclass(slots=True)
class County:
    """Both are ready."""

    giver: Process
    taker: Process
    intake: str
    """Where the giver takes forms."""
    secret: str
    folder: Path
    urls: dict[str, str]
    """Center → its URL of the broker."""
    ready_after: float
    """Seconds from the giver's start until it was ready."""

    def hand_over(self, count: int) -> float:
        """So many cases, from the door to the receipt. Seconds."""
        self.giver.say(f"hand-in {count}")
        begun: float = self.giver.hear("begun")["at"]
        ended: float = self.giver.hear("ended")["at"]
        return ended - begun


@contextmanager
def county(
    ground: Ground, *, letters: int = TEXT, stores: Sequence[str] = (), watched: bool = False, warm: bool = True
) -> Iterator[County]:
    """``stores``: URLs of the giver's and the taker's store; SQLite in a folder of their own if there are none."""
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    with folder() as path, ground.county([GIVER, TAKER]) as urls, ExitStack() as stack:
        more = ["watched"] if watched else []
        environment = {
            **os.environ,
            **{f"BENCH_STORE_{me[-1]}": s for me, s in zip((GIVER, TAKER), stores, strict=False)},
        }
        began: list[float] = []

        def begin(me: str) -> tuple[Process, str, float]:
            began.append(time.monotonic())
            made = stack.enter_context(
                process("ours", me, urls[me], path, secret, letters, *more, environment=environment)
            )
            told = made.hear("ready")
            return made, told["url"], told["at"] - began[-1]

        taker, _, _ = begin(TAKER)
        giver, url, ready_after = begin(GIVER)
        made = County(giver, taker, f"{url}/intake/matter", secret, path, urls, ready_after)
        if warm:
            made.hand_over(200)
        yield made
