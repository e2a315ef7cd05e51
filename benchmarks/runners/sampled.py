"""A sampling profile of the steps of two centers: ``sampled WINDOWS`` prints microseconds of CPU for each hand-over.

The two centers are those of ``growing``, with small stores. The process's timer interrupts them regularly, and the
running code is recorded by step and by layer.
"""

import signal
import sqlite3
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from benchmarks.county import TEXT
from benchmarks.ground import folder
from benchmarks.runners.growing import hand_over, stand
from benchmarks.runners.marks import done, tell
from benchmarks.runners.ours import GIVER, TAKER
from bus.runtime.engine import BATCH_LIMIT, Engine
from bus.runtime.process import tune_garbage_collector
from bus.transports.port import Delivery

STEPS = {"intake": "intake", "relay": "relay", "receive": "receive", "handle": "handle"}
LAYERS = (
    ("/pydantic/", "models (pydantic)"),
    ("/sqlalchemy/", "store (SQLite)"),
    ("/bus/store/", "store (SQLite)"),
    ("/uuid", "ids"),
    ("/json/", "messages (JSON, envelope)"),
    ("/bus/contract/envelope.py", "messages (JSON, envelope)"),
    ("/bus/custody/", "custody"),
    ("/benchmarks/center/", "the adapter's handlers"),
    ("/bus/", "the steps' own code"),
)
"""The layers by path: the innermost match counts."""


class Samples:
    """Counts of samples by step and layer."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        self.all = 0

    def take(self, _signal: int, frame: FrameType | None) -> None:
        """Record the running code, if it belongs to a step."""
        stack = list(_outwards(frame))
        step = next(
            (f for f in stack if f.f_code.co_filename.endswith("/bus/runtime/engine.py") and _name(f) in STEPS), None
        )
        if step is None:
            return
        engine: Engine = step.f_locals["self"]
        self.all += 1
        side = "giver" if engine.context.me == GIVER else "taker"
        self.seen[f"step: {side}, {STEPS[_name(step)]}"] += 1
        files = [f.f_code.co_filename for f in stack]
        layer = next(name for file in files for part, name in LAYERS if part in file)
        self.seen[f"layer: {layer}"] += 1


def _outwards(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _name(frame: FrameType) -> str:
    return frame.f_code.co_name


def main() -> None:
    """Hand over, and print the counts."""
    windows, samples = int(sys.argv[1]), Samples()
    boxes: dict[str, list[Delivery]] = defaultdict(list)
    signal.signal(signal.SIGPROF, samples.take)
    with folder() as path:
        giver, taker, numbers = stand(GIVER, path, boxes), stand(TAKER, path, boxes), iter(range(10**9))
        hand_over(giver, [taker], TEXT, numbers)
        tune_garbage_collector()
        busy = time.process_time()
        signal.setitimer(signal.ITIMER_PROF, 0.001, 0.001)
        for _ in range(windows):
            hand_over(giver, [taker], TEXT, numbers)
        signal.setitimer(signal.ITIMER_PROF, 0)
        each = (time.process_time() - busy) / windows / BATCH_LIMIT * 1e6
        parts = {name: each * count / samples.all for name, count in samples.seen.items()}
        disk = {
            who: _kept(engine) / (windows + 1) / BATCH_LIMIT for who, engine in (("giver", giver), ("taker", taker))
        }
        tell("ended", all=each, parts=parts, disk=disk)


def _kept(engine: Engine) -> int:
    """Bytes of the store's file after a checkpoint and a vacuum."""
    engine.store.close()
    path = Path(engine.store.url.database or "")
    file = sqlite3.connect(path, isolation_level=None)
    file.execute("VACUUM")
    file.close()
    return path.stat().st_size


if __name__ == "__main__":
    main()
    done()
