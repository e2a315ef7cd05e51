"""A running center: what each loop does in a round, and the file that composes all rooms.

Each step has one loop on one thread (``loops``). A loop calls its step, and then waits for a wake-up by another step
that has made work, or for its own short interval. Trouble with the store or the transport stops no loop; it is logged
and the round is retried. The ``watch`` notices a loop that stops all the same.
"""

import gc
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bus.attachments.service import AttachmentService
from bus.context import CenterContext, ledger_of, read_by
from bus.http.app import make_app
from bus.http.forms import Unavailable
from bus.http.rate_limit import RateLimit, rate_limited
from bus.http.server import HttpServer
from bus.log import log
from bus.operations import door
from bus.operations.marks_watch import MarksWatch
from bus.operations.metrics import Metrics
from bus.pipeline.handle import CircuitBreaker, RetryPolicy
from bus.pipeline.intake import IntakeDeps, Reply, Submission
from bus.runtime import round_log
from bus.runtime.auditing import Auditing, journal_of
from bus.runtime.blob_folder import blob_store_of
from bus.runtime.bootstrap import store_of
from bus.runtime.certificate import days_of
from bus.runtime.clock_loop import ClockLoop
from bus.runtime.directory_memory import DirectoryMemory, recall
from bus.runtime.engine import BATCH_LIMIT, Engine
from bus.runtime.health import Health, StoreProof
from bus.runtime.housekeeping import Housekeeping
from bus.runtime.lease import StoreLease
from bus.runtime.loops import Loops
from bus.runtime.operating import Operating
from bus.runtime.polling import LOOP, Polling
from bus.runtime.watch import Supervisor, Unsupervised, Watch
from bus.runtime.worker_pool import SlowHandler, WorkerPool
from bus.sdk import discovery
from bus.sdk.backend import BackendClient
from bus.security.directory import marks_text
from bus.security.errors import KeyUnusable
from bus.security.keyed_security import security_of
from bus.settings import CenterSettings
from bus.store import ledger_cells, schema
from bus.store.database import StoreUnavailable
from bus.store.timestamps import ms
from bus.transports.port import Transport

LONGEST_QUEUE = 2000
"""Forms that may wait for a commit before intake answers "again later"."""


def clock() -> datetime:
    """Now, UTC."""
    return datetime.now(UTC)


GC_THRESHOLD = 50_000
"""New objects before Python's garbage collector looks for cycles; the default is 700, and a batch makes 15,000."""


def tune_garbage_collector() -> None:
    """Tune the garbage collector, once all is loaded. It need not scan the loaded program repeatedly, nor a batch's
    messages while they are in use. They leave few cycles, which are found a few batches later."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD, 10, 10)


UNSUPERVISED = Unsupervised()


@dataclass(frozen=True, slots=True)
class _Waiting:
    submission: Submission
    reply: "Future[Reply]"


class CenterProcess:
    """One running center: ``start``, then ``stop``. Everything it promised is in the store, so it may also just die."""

    def __init__(self, settings: CenterSettings, transport: Transport, supervisor: Supervisor = UNSUPERVISED) -> None:
        """Raises ``KeyUnusable`` when its keys or the directory cannot be read, ``AdapterUnusable`` where there is no
        adapter. ``supervisor``: restarts the process when it gives up."""
        self.settings = settings
        self.transport = transport
        self.adapter = discovery.find(settings.kind, settings.adapter)
        self.center = self.adapter.center()
        self.center.check()
        security = security_of(settings.trust)
        self.context = CenterContext(
            settings.center,
            settings.arbiter,
            settings.returns_before_arbiter,
            security,
            settings.quotas,
            settings.clocks.rules(),
            read_by(security),
            ledger_of(settings.facts),
            settings.figures.reckoning(),
            settings.operations,
        )
        self.store = store_of(settings)
        self._directories = DirectoryMemory(security, self.store)
        self.lease = StoreLease(self.store)
        self.store.may_write = self.lease.held
        self.attachments = AttachmentService(blob_store_of(settings, self.store), settings.http.public_url, security)
        self.backend = BackendClient(
            settings.backend.url, settings.backend.token.get_secret_value(), settings.backend.timeout
        )
        self.system = self.center.connect(self.backend)
        self.marks = MarksWatch(self.store, security)
        self.metrics = Metrics(settings.center, self.store, transport, security.is_member)
        self._workers = WorkerPool(
            settings.concurrency, settings.center, self.attachments, self.metrics.handled, self._task_ended
        )
        deps = IntakeDeps(self.context, settings, self.attachments.named, self.center.forms)
        self.engine = Engine(
            self.center,
            self.system,
            self.context,
            deps,
            self.store,
            transport,
            CircuitBreaker(RetryPolicy(attempts=settings.park_after)),
            self.attachments.fetch,
            clock,
            self._workers,
            smallest_batch=settings.concurrency * 4,
            timed=self.metrics.timed,
            wake=self._wake,
        )
        self._polling = Polling()
        self._operating = Operating(self.store, self.context, clock, self._wake)
        self._housekeeping = Housekeeping(settings, self.context, self.attachments.blobs, clock, deps)
        self._forms: queue.SimpleQueue[_Waiting] = queue.SimpleQueue()
        self._shut = threading.Event()
        self._leaving = threading.Event()
        self._relay_due, self._handle_due = threading.Event(), threading.Event()
        self._threads: list[threading.Thread] = []
        self._server: HttpServer | None = None
        self.log = log().bind(center=settings.center)
        self._clocks = ClockLoop(self.engine, self.metrics.reminders, self.log)
        self._auditing = Auditing(self.store, clock, self.log, journal_of(settings))
        self._parked = round_log.ParkedLog(self.store)
        self._supervisor = supervisor
        self._loops = Loops(self._thread, self._leaving, self.log)
        self._watch = Watch(self._loops, supervisor, self._shut, self.log)
        self._proof = StoreProof(self.store, clock, settings.center)
        self.health = Health(
            self._loops,
            self._proof,
            transport,
            self.context,
            clock,
            lambda: self.engine.breaker.probing,
            self._shut,
            self.marks,
            self._polling.faults,
            self._clocks.stepped,
            lambda: days_of(settings.tls, clock()),
        )
        self.metrics.loop_ages = self._loops.ages

    # -- life --------------------------------------------------------------------------------------------------------

    def start(self) -> str:
        """Take the lease, upgrade the store, open transport and intake. Returns the URL of the center's HTTP server.
        Raises ``StoreUnfit`` before anything is opened where this process must not use the store."""
        self.store.require_fit()
        self.lease.acquire()
        schema.upgrade(self.store)
        self.lease.renew()
        if self.context.keeps_facts:
            ledger_cells.recount(self.store, self.context.keeping, lambda _counted: self.lease.renew())
        recall(self.context.security, self.store)
        self.attachments.blobs.sweep()
        self.engine.begin()
        self._parked.begin()
        self.transport.open()
        for name, turn in (
            ("intake", self._intake),
            ("relay", self._relay),
            ("receive", self._receive),
            ("handle", self._handle),
            ("prune", lambda: self._loops.pause("prune", self._housekeeping.round())),
            ("directory", self._directory),
            ("operations", lambda: self._loops.pause("operations", self._operating.round())),
        ):
            self._loops.start(name, turn)
        if self._polling.begin(self.center.asked.values()):
            self._loops.start(LOOP, self._poll)
        if self._clocks.begin():
            self._loops.start("remind", lambda: self._loops.pause("remind", self._clocks.turn()))
        if self.context.keeps_facts:
            self._loops.start("audit", lambda: self._loops.pause("audit", self._auditing.audit()))
            if self._auditing.read is not None:
                self._loops.start("journal", lambda: self._loops.pause("journal", self._auditing.watch()))
        url = self._serve()
        self._thread("watch", self._watch.run)
        self._supervisor.tell("READY=1")
        self.log.info("started", host=self.settings.http.host, port=int(url.rpartition(":")[2]))
        self._tell_adapter()
        self._tell_routes()
        return url

    def stop(self, timeout: float = 20) -> None:
        """Stop in order: close intake, finish what came in, send the outbox, close the transport. ``timeout``: seconds
        for all loops together to end."""
        deadline = time.monotonic() + timeout
        self._shut.set()
        self._supervisor.tell("STOPPING=1")
        if self._server is not None:
            self._server.stop()
        self._leaving.set()
        self._relay_due.set()
        self._handle_due.set()
        for thread in self._threads:
            thread.join(max(0.1, deadline - time.monotonic()))
        self._workers.leave(max(0.0, deadline - time.monotonic()))
        self._last_round()
        self.transport.close(5)
        self.backend.close()
        self.lease.release()
        self.store.close()
        self.log.info("stopped")

    def _tell_adapter(self) -> None:
        """Log the adapter's package and version, and whether it is for another kind of center."""
        self.log.info("adapter", adapter=self.adapter.package, version=self.adapter.installed)
        if self.center.kind != self.settings.kind:
            self.log.warning("adapter-of-another-kind", adapter=self.adapter.package, kind=self.center.kind)

    def _tell_routes(self) -> None:
        """Warn of routes to a center that the county's directory does not list: cases for it stay here."""
        for center in sorted({route.to for route in self.settings.routes}):
            if not self.context.security.is_member(center):
                self.log.warning("route-to-nobody", peer=center)

    def _last_round(self) -> None:
        """Send what the last transactions have put into the outbox, as far as the transport takes it now."""
        try:
            self.engine.end(timeout=3)
        except (StoreUnavailable, KeyUnusable) as trouble:
            self.log.warning("store", trouble=str(trouble))

    # -- loops -------------------------------------------------------------------------------------------------------

    def _thread(self, name: str, task: Callable[[], None]) -> threading.Thread:
        thread = threading.Thread(target=task, name=f"{self.settings.center}-{name}", daemon=True)
        thread.start()
        self._threads.append(thread)
        return thread

    def _intake(self) -> None:
        """Take in all waiting forms with one commit."""
        try:
            waiting = [self._forms.get(timeout=0.2)]
        except queue.Empty:
            self._proof.renew()
            return
        while len(waiting) < BATCH_LIMIT and not self._forms.empty():
            waiting.append(self._forms.get_nowait())
        waiting = [one for one in waiting if one.reply.set_running_or_notify_cancel()]
        if not waiting:  # their submitters have stopped waiting
            return
        try:
            replies = self.engine.intake([w.submission for w in waiting])
        except BaseException as fault:
            for one in waiting:
                one.reply.set_exception(
                    fault if isinstance(fault, StoreUnavailable) else StoreUnavailable("intake failed", passing=False)
                )
            raise
        for one, reply in zip(waiting, replies, strict=True):
            one.reply.set_result(reply)
        self._proof.renew()

    def _poll(self) -> None:
        asked = self._polling.due()
        if asked is None:
            self._loops.pause(LOOP, self._polling.wait())
            return
        result = self.engine.poll(asked)
        self._polling.record(result)
        self.metrics.polled(result.poll, result.outcome)
        round_log.polled(self.log, result)
        if result.parked:
            self._parked.tell(self.log)

    def _relay(self) -> None:
        self._relay_due.clear()
        sent = self.engine.relay()
        round_log.sent(self.log, sent)
        if len(sent.results) < BATCH_LIMIT:  # otherwise more may wait
            self._relay_due.wait(0.25)

    def _receive(self) -> None:
        if self.engine.receive(0.5) and round_log.received(self.log, self.engine.received, self.store, clock()):
            self._parked.tell(self.log)

    def _handle(self) -> None:
        self._handle_due.clear()
        performed, said = self.engine.handle()
        if round_log.handled(self.log, performed, self._workers.newly_slow()):
            self._parked.tell(self.log)
        if not performed and not self.engine.unrecorded:
            self._handle_due.wait(0.25)
            return
        if said:
            self._relay_due.set()
        if self.engine.breaker.probing:
            self._leaving.wait(1)

    def _directory(self) -> None:
        """Remember the newest directory; warn of an older one, and of one that lacks marks."""
        trouble = self._directories.keep(ms(clock()))
        if trouble:
            self.log.error("directory", trouble=trouble)
        before = self.marks.hindering
        if self.marks.look():
            self.log.warning("marks-lost", trouble=marks_text(self.marks.lost))
        if self.marks.hindering and self.marks.hindering != before:
            self.log.warning("masking-off", peer=", ".join(self.marks.hindering))
        self._leaving.wait(1)

    def _task_ended(self) -> None:
        self._handle_due.set()

    def _wake(self) -> None:
        self._relay_due.set()
        self._handle_due.set()

    # -- intake ------------------------------------------------------------------------------------------------------

    def submit(self, submission: Submission) -> Future[Reply]:
        """Submit one form; the future gives the reply after its commit, or ``StoreUnavailable`` instead. Raises
        ``Unavailable``."""
        if self._shut.is_set() or self._forms.qsize() >= LONGEST_QUEUE:
            raise Unavailable
        waiting = _Waiting(submission, Future())
        self._forms.put(waiting)
        return waiting.reply

    def slow_handlers(self) -> list[SlowHandler]:
        """The calls into the center's own system that have been running for long."""
        return self._workers.slow()

    def ready(self) -> dict[str, Any]:
        """Whether forms can be durably taken, and the reason if not."""
        return self.health.ready()

    def flow(self) -> dict[str, Any]:
        """Whether all loops and the transport move, and what does not."""
        return self.health.flow()

    def _serve(self) -> str:
        http = self.settings.http
        app = make_app(
            self.center,
            self.settings.center,
            self.submit,
            self.settings.intake_secret.get_secret_value(),
            self.attachments,
            self.metrics,
            self.ready,
            clock,
            self.flow,
            calls=self.backend.calls.told,
            strict=self.settings.strict,
            operate=lambda raw: door.answer(self.store, self.context, raw, clock()),
        )
        served = rate_limited(app, RateLimit(http.requests_per_second), self.metrics.rate_limited)
        self._server = HttpServer(served, http, lambda: self._loops.mark("http"))
        self._loops.watch("http", self._server.run)
        return self._server.url
