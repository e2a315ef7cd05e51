"""One round of each step, as a loop calls it: what is read, and in which order it is committed and settled.

It has no loop, thread, sleep or socket: ``process`` owns those, and a simulation calls the same rounds under a virtual
clock.
"""

import time
from collections import Counter as Counts
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from bus.context import CenterContext
from bus.pipeline import relay
from bus.pipeline.claim_cycle import ClaimCycle
from bus.pipeline.control import ControlOutcome
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
from bus.pipeline.poll import PollResult, poll
from bus.pipeline.receive import receive
from bus.pipeline.remind import Reminded
from bus.recovery.hooks import RECOVERY
from bus.runtime.batch_size import QUICK, AdaptiveBatchSize
from bus.runtime.reminding import Reminding
from bus.runtime.worker_pool import Fetch
from bus.sdk.center import Center
from bus.sdk.polls import Poll
from bus.store import inbox, outbox, timers
from bus.store.database import Store, Tx
from bus.store.timestamps import ms
from bus.transports.port import Delivery, Transport

BATCH_LIMIT = 500
"""Most deliveries, messages or forms that share one commit."""

ROUND = QUICK
"""Seconds that a round waits for its tasks, to write them together; a slower task is written by a later round."""


class Workers(Protocol):
    """The executor of tasks (``WorkerPool``)."""

    @property
    def busy(self) -> int:
        """Tasks that were started and occupy a worker."""

    def begin(self, perform: Callable[[Claimed, Fetch], HandlerResult], tasks: Sequence[Claimed]) -> None:
        """Start these tasks."""

    def ended(self, timeout: float = 0) -> list[HandlerResult]:
        """The results of ended tasks; waits up to ``timeout`` seconds for the tasks started last."""


class OneByOne:
    """Runs each task at once, one after the other."""

    busy = 0

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._ended: list[HandlerResult] = []

    def begin(self, perform: Callable[[Claimed, Fetch], HandlerResult], tasks: Sequence[Claimed]) -> None:
        """See the port."""
        self._ended += [perform(claimed, self._fetch) for claimed in tasks]

    def ended(self, timeout: float = 0) -> list[HandlerResult]:
        """See the port."""
        ended, self._ended = self._ended, []
        return ended


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
    fetch: Fetch
    """The bytes of an attachment, for tasks without workers of their own."""
    clock: Callable[[], datetime]
    workers: Workers | None = None
    """The executor of tasks; without one, tasks run one by one within the round."""
    smallest_batch: int = 1
    """The least number of tasks that a round of handle claims, if there are so many."""
    timer: Callable[[], float] = time.monotonic
    """A monotonic clock in seconds."""
    batch_size: AdaptiveBatchSize = field(init=False)
    _workers: Workers = field(init=False)
    timed: Callable[[str], AbstractContextManager[None]] = _untimed
    """Observes the duration of the named step's round; for handle, without the center's own system."""
    wake: Callable[[], None] = noop
    """Called when a commit has left messages to send or tasks to handle."""
    reminding: Reminding | None = None
    """The clocks; None: they are off."""
    changes: int = field(default=0, init=False)
    """The commits of intake, poll and receive, counted."""
    received: Counts[str] = field(default_factory=Counts)
    """The counts of the last round of ``receive``."""
    unsettled: list[Delivery] = field(default_factory=list)
    """Deliveries that could not be applied yet."""
    _sending: ClaimCycle[relay.SentBatch, relay.ClaimedBatch] = field(
        default_factory=lambda: ClaimCycle(relay.SentBatch)
    )
    _working: ClaimCycle[list[HandlerResult], tuple[int, list[Claimed]]] = field(
        default_factory=lambda: ClaimCycle(list)
    )

    def __post_init__(self) -> None:
        self._workers = self.workers or OneByOne(self.fetch)
        self.batch_size = AdaptiveBatchSize(
            self.smallest_batch, BATCH_LIMIT, self.breaker.policy.failures_before_probing, self.timer
        )

    def begin(self) -> None:
        """Make a dead process' claims due, after a start."""
        now_ms = ms(self.clock())

        def free(tx: Tx) -> None:
            outbox.free_claims(tx, now_ms)
            inbox.free_claims(tx, now_ms)
            RECOVERY.before_start(tx, self.context, self.clock())
            if self.context.clocks is None:
                timers.switched_off(tx)

        self.store.write(free)

    def intake(self, submissions: Sequence[Submission]) -> list[Reply]:
        """Take these forms in with one commit. Raises ``StoreUnavailable``: then none was taken."""
        with self.timed("intake"):
            return intake(self.store, self.intake_deps, submissions, self.clock(), self._changed)

    def poll(self, asked: Poll) -> PollResult:
        """Poll the center's own system once. Raises ``StoreUnavailable``."""
        with self.timed("poll"):
            forms = self.center.forms
            return poll(self.store, self.intake_deps, forms, asked, self.system, self.clock(), self._changed)

    def relay(self, timeout: float = 10) -> relay.SentBatch:
        """Send what is due; the next round records the results. Raises ``StoreUnavailable``."""
        with self.timed("relay"):
            _, load = self._sending.next(
                lambda sent: relay.claim(self.store, self.context, self.clock(), sent, BATCH_LIMIT)
            )
            sent = self._sending.unrecorded = relay.send(self.transport, self.context, load, self.clock(), timeout)
        return sent

    def receive(self, timeout: float) -> int:
        """Apply the waiting deliveries in one commit, and settle them only then. Returns their number.

        Raises ``StoreUnavailable``: the next round then tries the same deliveries. Dropped, they would stay unsettled
        in the transport's window, until no new one could be delivered."""
        self.unsettled = self.unsettled or self.transport.receive(BATCH_LIMIT, timeout)
        if not self.unsettled:
            return 0
        with self.timed("receive"):
            self.received = receive(self.store, self.context, self.unsettled, self.clock())
        deliveries, self.unsettled = self.unsettled, []
        self.transport.settle(deliveries)
        receipted = ControlOutcome.RECEIPTED
        if self.received - Counts({receipted: self.received[receipted]}):  # receipts alone leave nothing to do
            self._changed()
        return len(deliveries)

    def handle(self) -> tuple[list[HandlerResult], int]:
        """Record ended tasks, and start the tasks that are due. Returns the recorded results, and the number of
        messages put into the outbox.

        Raises ``StoreUnavailable``: a later round then records the results, before anything else is claimed."""
        self._working.unrecorded += self._workers.ended()
        with self.timed("handle"):
            room = self.batch_size.size - self._workers.busy
            written, (said, tasks) = self._working.next(
                lambda done: finish_and_claim(self.store, self.context, done, self.breaker, self.clock(), room)
            )
        if tasks:
            self.batch_size.begin()
            self._workers.begin(self._perform, tasks)
            self._working.unrecorded = self._workers.ended(ROUND)
            self.batch_size.end(len(tasks))
        return written, said

    def remind(self) -> Reminded:
        """Remind whoever is waited for; nothing where the clocks are off. Raises ``StoreUnavailable``."""
        if self.reminding is None:
            return Reminded()
        with self.timed("remind"):
            done = self.reminding.round()
        if done.said or done.told:
            self.wake()
        return done

    @property
    def unrecorded(self) -> list[HandlerResult]:
        """Results of tasks that are not recorded yet."""
        return self._working.unrecorded

    def end(self, timeout: float) -> None:
        """Before the process ends: record results, send what the transport takes now, and record that too. Raises
        ``StoreUnavailable``: then the next process does it again."""
        performed = self._working.take() + self._workers.ended()
        if performed:
            finish(self.store, self.context, performed, self.breaker, self.clock())
        relay.record(self.store, self.relay(timeout), self.clock())

    def _changed(self) -> None:
        self.changes += 1
        self.wake()

    def _perform(self, claimed: Claimed, fetch: Fetch) -> HandlerResult:
        if self.batch_size.exhausted():
            return HandlerResult(claimed, HandlerOutcome.NOT_BEGUN)
        done = perform(self.center, self.system, fetch, claimed, self.clock())
        self.batch_size.record(failed=done.own and done.outcome == HandlerOutcome.NOT_NOW)
        return done
