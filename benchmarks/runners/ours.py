"""``give`` or ``take``: a whole center as ``bus run`` runs it, with its store, loops, transport and door; only that no
HTTP client stands before the door."""

import base64
import logging
import os
import sys
import time
from collections import deque
from concurrent.futures import Future
from pathlib import Path

from benchmarks.center.handlers import Matter
from benchmarks.runners.marks import done, tell, wait_for_go
from bus.intake import Reply, Submission
from bus.log import set_up
from bus.run import Running, settle_down
from bus.settings import load
from bus.store import outbox
from bus.transports.rabbitmq import RabbitTransport

OPEN_FORMS = 1000
"""So many forms may wait for their answer at once."""
GIVER, TAKER = "bench-150402", "bench-150403"


def main() -> None:
    """``ours give|take BROKER FOLDER COUNT TEXT-LENGTH``"""
    role, broker, path, number, letters = sys.argv[1:6]
    folder, count, length = Path(path), int(number), int(letters)
    me = GIVER if role == "give" else TAKER
    settings = load(
        None,
        center=me,
        adapter="benchmarks.center",
        store=os.environ.get("BENCH_STORE", f"sqlite:///{folder / me}.db"),
        broker=broker,
        data=str(folder / me),
        intake_secret="whsec_" + base64.b64encode(bytes(32)).decode(),
        vendor={"url": "http://127.0.0.1:9"},
        http={"port": 0},
    )
    set_up(me, sys.stderr, logging.WARNING)
    running = Running(settings, RabbitTransport(me, broker))
    running.start()
    settle_down()
    while not running.ready()["ready"]:
        time.sleep(0.05)
    if role == "give":
        _hand_in(running, "w", 200, length)
        _until_receipted(running)
        wait_for_go()
        tell("begun")
        _hand_in(running, "m", count, length)
        tell("said")
        _until_receipted(running)
        tell("ended")
    else:
        wait_for_go()
        sys.stdin.readline()  # until the coordinator shuts it
    running.stop()
    done()


def _hand_in(running: Running, prefix: str, count: int, length: int) -> None:
    form, text = running.center.forms["matter"], "暖" * length
    open_forms: deque[Future[Reply]] = deque()
    for number in range(count):
        body = Matter(native_id=f"{prefix}-{number}", text=text, to=TAKER)
        open_forms.append(running.door(Submission(form, body)))
        if len(open_forms) >= OPEN_FORMS:
            assert open_forms.popleft().result(60).status == "taken"
    while open_forms:
        assert open_forms.popleft().result(60).status == "taken"


def _until_receipted(running: Running) -> None:
    while True:
        with running.store.reading() as tx:
            if outbox.figures(tx)["waiting"] == 0:
                return
        time.sleep(0.02)


if __name__ == "__main__":
    main()
