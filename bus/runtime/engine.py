"""One round of each step, as a loop calls it: what is taken in, sent, applied and worked on, and in which order it is
committed and settled. No loop, thread, sleep or socket: ``run`` owns those, and a simulation
calls the same rounds under a virtual clock.
"""

import time
from collections import Counter as Counts
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bus.context import Rules
from bus.contract.case import Attachment
from bus.pipeline import relay
from bus.pipeline.control import RECEIPTED
from bus.pipeline.handle import NOT_BEGUN, Assignment, Gate, Performed, finish, finish_and_claim, perform
from bus.pipeline.intake import Counter, Reply, Submission, intake, nobody
from bus.pipeline.receive import accept
from bus.runtime.batch_size import Pace
from bus.sdk.center import Center
from bus.store import inbox, outbox
from bus.store.database import Store, Tx
from bus.store.timestamps import ms
from bus.transports.port import Delivery, Transport

WINDOW = 500
"""How many deliveries, messages or forms share one commit at most."""

Hands = Callable[[Callable[[Assignment], Performed], Sequence[Assignment]], list[Performed]]
"""Performs tasks side by side, and gives what came of each, in order."""


def one_hand(task: Callable[[Assignment], Performed], assignments: Sequence[Assignment]) -> list[Performed]:
    """One after the other."""
    return [task(assignment) for assignment in assignments]


def _untimed(_step: str) -> AbstractContextManager[None]:
    return nullcontext()


@dataclass(slots=True)
class Turns:
    """The rounds of one center."""

    center: Center[Any]
    system: object
    """The client of the center's own system."""
    rules: Rules
    counter: Counter
    store: Store
    transport: Transport
    gate: Gate
    fetch: Callable[[Attachment], bytes]
    clock: Callable[[], datetime]
    hands: Hands = one_hand
    at_once: int = 1
    """How many tasks a round at the desk takes on at least, if there are so many."""
    timer: Callable[[], float] = time.monotonic
    """Seconds that no wrong clock can turn back."""
    pace: Pace = field(init=False)
    timed: Callable[[str], AbstractContextManager[None]] = _untimed
    """Observes how long a round of the named step takes; of the desk, without the center's own system."""
    ring: Callable[[], None] = nobody
    """Called when a commit has left something to send or to do."""
    heard: Counts[str] = field(default_factory=Counts)
    """What the last round of ``accept`` has done."""
    unsettled: list[Delivery] = field(default_factory=list)
    """What has arrived and could not be applied yet."""
    unwritten: list[Performed] = field(default_factory=list)
    """What was performed at the desk and is not written down yet."""
    sent: relay.Sent = relay.NOTHING
    """What was handed to the transport, and what became of it is not written down yet."""

    def __post_init__(self) -> None:
        self.pace = Pace(self.at_once, WINDOW, self.gate.patience.failures_before_probing, self.timer)

    def begin(self) -> None:
        """After a start: what a process that died had claimed is due at once."""
        now_ms = ms(self.clock())

        def free(tx: Tx) -> None:
            outbox.free_claims(tx, now_ms)
            inbox.free_claims(tx, now_ms)

        self.store.write(free)

    def take_in(self, submissions: Sequence[Submission]) -> list[Reply]:
        """These forms share one commit. Raises ``StoreTrouble``: then none was taken."""
        with self.timed("intake"):
            return intake(self.store, self.counter, submissions, self.clock(), self.ring)

    def send(self, timeout: float = 10) -> relay.Sent:
        """What is due goes onto the road; what becomes of it is written down by the next round. Raises
        ``StoreTrouble``."""
        with self.timed("relay"):
            load = relay.claim(self.store, self.rules, self.clock(), self.sent, WINDOW)
            self.sent = relay.NOTHING
            self.sent = relay.send(self.transport, self.rules, load, self.clock(), timeout)
        return self.sent

    def receive(self, timeout: float) -> int:
        """What has arrived is applied in one commit, and settled only then. Returns how much there was.

        Raises ``StoreTrouble``: the same deliveries are then tried by the next round. Dropped, they would stay in the
        transport's window, unsettled, until nothing new could be handed out."""
        self.unsettled = self.unsettled or self.transport.receive(WINDOW, timeout)
        if not self.unsettled:
            return 0
        with self.timed("accept"):
            self.heard = accept(self.store, self.rules, self.unsettled, self.clock())
        deliveries, self.unsettled = self.unsettled, []
        self.transport.settle(deliveries)
        if self.heard - Counts({RECEIPTED: self.heard[RECEIPTED]}):  # receipts alone leave nothing to do
            self.ring()
        return len(deliveries)

    def work(self) -> tuple[list[Performed], int]:
        """What was performed is written down, and what is due at the desk goes into the center's own system. Returns
        what was written down, and how many messages were said by it. Raises ``StoreTrouble``: what was performed is
        then written down by a later round, before anything else is claimed."""
        with self.timed("work"):
            said, tasks = finish_and_claim(
                self.store, self.rules, self.unwritten, self.gate, self.clock(), self.pace.size
            )
        written, self.unwritten = self.unwritten, []
        if tasks:
            self.pace.begin()
            self.unwritten = self.hands(self._perform, tasks)
            self.pace.end(len(tasks))
        return written, said

    def end(self, timeout: float) -> None:
        """Before the process leaves: write down what was performed, send what is said as far as the road takes it now,
        and write down what became of that. Raises ``StoreTrouble``: then the next process does it over again."""
        performed, self.unwritten = self.unwritten, []
        if performed:
            finish(self.store, self.rules, performed, self.gate, self.clock())
        relay.write_down(self.store, self.send(timeout), self.clock())

    def _perform(self, assignment: Assignment) -> Performed:
        if self.pace.enough():
            return Performed(assignment, NOT_BEGUN)
        done = perform(self.center, self.system, self.fetch, assignment, self.clock())
        self.pace.saw(failed=done.outcome == "not-now")
        return done
