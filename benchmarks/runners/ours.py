"""A whole center as ``bus run`` runs it, with its store, loops, transport and HTTP server.

It reads orders from its standard input, one a line: ``hand-in COUNT`` (submit forms without HTTP, and wait until all
are receipted), ``await COUNT`` (wait until COUNT cases are known and no receipt is owed), ``times``.
"""

import json
import logging
import re
import sys
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from sqlalchemy import exists, select

from benchmarks.center.handlers import Matter, arrived
from benchmarks.runners.marks import done, tell
from bus.contract.codec import decode
from bus.contract.facts import FactsTold, is_ledger
from bus.contract.messages import Receipt
from bus.log import set_up
from bus.pipeline.intake import Reply, Submission
from bus.runtime.process import CenterProcess, tune_garbage_collector
from bus.settings import load
from bus.store import case_count
from bus.store.outbox import WAITING
from bus.store.tables import outbox
from bus.transports.port import Delivery, Parcel, SendResult
from bus.transports.rabbitmq.transport import RabbitTransport

OPEN_FORMS = 1000
"""Most forms that wait for their answer at once."""
GIVER, TAKER = "bench-150402", "bench-150403"
OWED = select(exists().where(outbox.c.state == WAITING, outbox.c.kind != FactsTold.kind))
"""What another center has not receipted; a ledger is nobody's hand-over."""
_RECORD = re.compile(rb'"record":"([^"]+)"')


class Watched(RabbitTransport):
    """A transport that records when the receipt of each message was committed; used only if that is measured."""

    def __init__(self, center: str, url: str) -> None:
        super().__init__(center, url)
        self.receipted: dict[str, float] = {}
        self._records: dict[str, str] = {}

    def send(self, parcels: Sequence[Parcel], timeout: float) -> list[SendResult]:
        """Send, as RabbitTransport does."""
        for parcel in parcels:
            found = _RECORD.search(parcel.body)
            if found is not None:
                self._records[parcel.message_id] = found[1].decode()
        return super().send(parcels, timeout)

    def settle(self, deliveries: Sequence[Delivery]) -> None:
        """Settle, and record the time: settled deliveries are committed."""
        now = time.monotonic()
        for delivery in deliveries:
            data = decode(delivery.body).data
            if isinstance(data, Receipt):
                self.receipted |= {self._records[str(item.message_id)]: now for item in data.items}
        super().settle(deliveries)


def started(
    me: str, broker: str, store: str, folder: Path, secret: str, secrecy: dict[str, Any], *, watched: bool
) -> tuple[CenterProcess, str]:
    """A running center, and the URL of its HTTP server."""
    settings = load(
        None,
        center=me,
        adapter="" if is_ledger(me) else "benchmarks.center",
        store=store,
        broker=broker,
        data=str(folder / me),
        intake_secret=secret,
        backend={"url": "http://127.0.0.1:9"},
        http={"port": 0, "requests_per_second": 1_000_000},
        **secrecy,
    )
    set_up(me, sys.stderr, logging.ERROR)
    process = CenterProcess(settings, (Watched if watched else RabbitTransport)(me, broker))
    url = process.start()
    tune_garbage_collector()
    while not (process.ready()["ready"] and process.flow()["flow"]):
        time.sleep(0.01)
    return process, url


def hand_in(process: CenterProcess, prefix: str, count: int, letters: int) -> None:
    """Submit ``count`` forms, as quickly as they are answered."""
    form, text = process.center.forms["matter"], "暖" * letters
    open_forms: deque[Future[Reply]] = deque()
    for number in range(count):
        body = Matter(native_id=f"{prefix}-{number}", text=text, to=TAKER)
        open_forms.append(process.submit(Submission(form, body)))
        if len(open_forms) >= OPEN_FORMS:
            assert open_forms.popleft().result(60).status == "taken"
    while open_forms:
        assert open_forms.popleft().result(60).status == "taken"


def until_receipted(process: CenterProcess, known: int = 0) -> None:
    """Wait until ``known`` cases are known here, and no message or receipt is owed."""
    while True:
        with process.store.reading() as tx:  # one index lookup: a count would cost what is being measured
            if not tx.execute(OWED).scalar() and (known == 0 or sum(case_count.by_status(tx).values()) >= known):
                return
        time.sleep(0.02)


def obey(process: CenterProcess, word: str, number: int, letters: int) -> None:
    """Carry out one order, and print when it is done."""
    if word == "hand-in":
        tell("begun")
        hand_in(process, f"m{time.monotonic_ns()}", number, letters)
        tell("said")
        until_receipted(process)
        tell("ended")
    elif word == "await":
        until_receipted(process, number)
        tell("awaited")
    elif word == "times":
        receipted = process.transport.receipted if isinstance(process.transport, Watched) else {}
        tell("times", arrived=arrived, receipted=receipted)


def main() -> None:
    """``ours CENTER BROKER STORE FOLDER SECRET LETTERS SECRECY [watched]``; it exits when its standard input ends."""
    me, broker, store, folder, secret, letters, secrecy = sys.argv[1:8]
    watched = "watched" in sys.argv[8:]
    process, url = started(me, broker, store, Path(folder), secret, json.loads(secrecy), watched=watched)
    tell("ready", url=url)
    for line in sys.stdin:
        word, _, number = line.strip().partition(" ")
        obey(process, word, int(number or 0), int(letters))
    process.stop()


if __name__ == "__main__":
    main()
    done()
