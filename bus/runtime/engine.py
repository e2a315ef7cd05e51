"""One round of each step, as a loop calls it: what is taken in, sent, applied and worked on, and in which order it is
committed and settled. No loop, thread, sleep or socket: ``process`` owns those, and a simulation
calls the same rounds under a virtual clock.
"""

import time
from collections import Counter as Counts
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bus.context import CenterContext
from bus.contract.case import Attachment
from bus.pipeline import relay
from bus.pipeline.control import RECEIPTED
from bus.pipeline.handle import (
    CircuitBreaker,
    Claimed,
    HandlerOutcome,
    HandlerResult,
    finish,
    finish_and_claim,
    perform,
)
from bus.pipeline.intake import IntakeDeps, Reply, Submission, intake, noop
from bus.pipeline.receive import receive
from bus.recovery.requester import begin_anew_if_wild
from bus.runtime.batch_size import AdaptiveBatchSize
from bus.sdk.center import Center
from bus.store import inbox, outbox
from bus.store.database import Store, Tx
from bus.store.timestamps import ms
from bus.transports.port import Delivery, Transport

BATCH_LIMIT = 500
"""How many deliveries, messages or forms share one commit at most."""

RunTasks = Callable[[Callable[[Claimed], HandlerResult], Sequence[Claimed]], list[HandlerResult]]
"""Performs tasks side by side, and gives what came of each, in order."""


def one_by_one(task: Callable[[Claimed], HandlerResult], assignments: Sequence[Claimed]) -> list[HandlerResult]:
    """One after the other."""
    return [task(claimed) for claimed in assignments]


def _untimed(_step: str) -> AbstractContextManager[None]:
    return nullcontext()


@dataclass(slots=True)
class Engine:
    """The rounds of one center."""

    center: Center[Any]
    system: object
    """The client of the center's own system."""
    context: CenterContext
    intake_deps: IntakeDeps
    store: Store
    transport: Transport
    breaker: CircuitBreaker
    fetch: Callable[[Attachment], bytes]
    clock: Callable[[], datetime]
    run_tasks: RunTasks = one_by_one
    smallest_batch: int = 1
    """How many tasks a round at the desk takes on at least, if there are so many."""
    timer: Callable[[], float] = time.monotonic
    """Seconds that no wrong clock can turn back."""
    batch_size: AdaptiveBatchSize = field(init=False)
    timed: Callable[[str], AbstractContextManager[None]] = _untimed
    """Observes how long a round of the named step takes; of the desk, without the center's own system."""
    wake: Callable[[], None] = noop
    """Called when a commit has left something to send or to do."""
    received: Counts[str] = field(default_factory=Counts)
    """What the last round of ``receive`` has done."""
    unsettled: list[Delivery] = field(default_factory=list)
    """What has arrived and could not be applied yet."""
    unrecorded: list[HandlerResult] = field(default_factory=list)
    """What was performed at the desk and is not written down yet."""
    sent: relay.SentBatch = relay.NOTHING
    """What was handed to the transport, and what became of it is not written down yet."""

    def __post_init__(self) -> None:
        self.batch_size = AdaptiveBatchSize(
            self.smallest_batch, BATCH_LIMIT, self.breaker.policy.failures_before_probing, self.timer
        )

    def begin(self) -> None:
        """After a start: what a process that died had claimed is due at once."""
        now_ms = ms(self.clock())

        def free(tx: Tx) -> None:
            outbox.free_claims(tx, now_ms)
            inbox.free_claims(tx, now_ms)
            begin_anew_if_wild(tx, self.context, self.clock())

        self.store.write(free)

    def intake(self, submissions: Sequence[Submission]) -> list[Reply]:
        """These forms share one commit. Raises ``StoreUnavailable``: then none was taken."""
        with self.timed("intake"):
            return intake(self.store, self.intake_deps, submissions, self.clock(), self.wake)

    def relay(self, timeout: float = 10) -> relay.SentBatch:
        """What is due goes onto the road; what becomes of it is written down by the next round. Raises
        ``StoreUnavailable``."""
        with self.timed("relay"):
            load = relay.claim(self.store, self.context, self.clock(), self.sent, BATCH_LIMIT)
            self.sent = relay.NOTHING
            self.sent = relay.send(self.transport, self.context, load, self.clock(), timeout)
        return self.sent

    def receive(self, timeout: float) -> int:
        """What has arrived is applied in one commit, and settled only then. Returns how much there was.

        Raises ``StoreUnavailable``: the same deliveries are then tried by the next round. Dropped, they would stay in
        the transport's window, unsettled, until nothing new could be handed out."""
        self.unsettled = self.unsettled or self.transport.receive(BATCH_LIMIT, timeout)
        if not self.unsettled:
            return 0
        with self.timed("receive"):
            self.received = receive(self.store, self.context, self.unsettled, self.clock())
        deliveries, self.unsettled = self.unsettled, []
        self.transport.settle(deliveries)
        if self.received - Counts({RECEIPTED: self.received[RECEIPTED]}):  # receipts alone leave nothing to do
            self.wake()
        return len(deliveries)

    def handle(self) -> tuple[list[HandlerResult], int]:
        """What was performed is written down, and what is due at the desk goes into the center's own system. Returns
        what was written down, and how many messages were said by it. Raises ``StoreUnavailable``: what was performed is
        then written down by a later round, before anything else is claimed."""
        with self.timed("handle"):
            said, tasks = finish_and_claim(
                self.store, self.context, self.unrecorded, self.breaker, self.clock(), self.batch_size.size
            )
        written, self.unrecorded = self.unrecorded, []
        if tasks:
            self.batch_size.begin()
            self.unrecorded = self.run_tasks(self._perform, tasks)
            self.batch_size.end(len(tasks))
        return written, said

    def end(self, timeout: float) -> None:
        """Before the process leaves: write down what was performed, send what is said as far as the road takes it now,
        and write down what became of that. Raises ``StoreUnavailable``: then the next process does it over again."""
        performed, self.unrecorded = self.unrecorded, []
        if performed:
            finish(self.store, self.context, performed, self.breaker, self.clock())
        relay.record(self.store, self.relay(timeout), self.clock())

    def _perform(self, claimed: Claimed) -> HandlerResult:
        if self.batch_size.exhausted():
            return HandlerResult(claimed, HandlerOutcome.NOT_BEGUN)
        done = perform(self.center, self.system, self.fetch, claimed, self.clock())
        self.batch_size.record(failed=done.outcome == HandlerOutcome.NOT_NOW)
        return done
