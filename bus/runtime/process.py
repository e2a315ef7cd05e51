"""Running a center: the only loops, and the only file that knows everyone.

Each step has one loop on one thread. A loop calls its step, and then waits: for a bell that another step rings when
it has made work, or for its own short pause. Trouble with the store or the road stops no loop; it is logged and the
round is tried again.
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

from bus import recovery
from bus.attachments.service import Attachments
from bus.context import Rules
from bus.http.app import DoorShut, make_app
from bus.http.rate_limit import Throttle, throttled
from bus.http.server import Serving
from bus.log import log
from bus.operations.erasure import erase_old
from bus.operations.metrics import Metrics
from bus.pipeline.handle import NOT_BEGUN, Gate, Patience
from bus.pipeline.intake import Counter, Reply, Submission
from bus.runtime.bootstrap import folder_of, store_of
from bus.runtime.engine import WINDOW, Turns
from bus.runtime.worker_pool import Hands
from bus.sdk.backend import Vendor
from bus.sdk.discovery import load_adapter
from bus.security.errors import KeyTrouble
from bus.security.keyed_security import notary_of
from bus.settings import CenterSettings
from bus.store import archive, schema
from bus.store.database import StoreTrouble
from bus.store.timestamps import ms
from bus.transports.port import Fate, Transport

UNUSUAL = frozenset({"refused", "parked", "refused-by-peer", "damaged", "other-bytes"})
"""What accept counts that a log should tell."""
ERASED_AT_ONCE = 50
"""Cases in one transaction: nobody waits long for the writer."""
LONGEST_QUEUE = 2000
"""How many forms may wait for a commit before the door answers "again later"."""


def clock() -> datetime:
    """Now, UTC."""
    return datetime.now(UTC)


OBJECTS_BETWEEN_SEARCHES = 50_000
"""New objects after which Python looks for circles among them; of itself it would be 700, and a window makes 15,000."""


def settle_down() -> None:
    """Once all is loaded: the garbage collector need not walk through it again and again, nor through a window's
    messages while they are at work; what they leave in circles is little, and is found a few windows later."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(OBJECTS_BETWEEN_SEARCHES, 10, 10)


@dataclass(frozen=True, slots=True)
class _Waiting:
    submission: Submission
    reply: "Future[Reply]"


class Running:
    """One center at work: ``start``, then ``stop``. Everything it promised is in the store, so it may also just die."""

    def __init__(self, settings: CenterSettings, transport: Transport) -> None:
        """Raises ``KeyTrouble`` when its keys or the directory cannot be read."""
        self.settings = settings
        self.transport = transport
        self.center = load_adapter(settings.adapter_package)
        notary = notary_of(settings.trust)
        self.rules = Rules(settings.center, settings.arbiter, settings.returns_before_arbiter, notary)
        self.store = store_of(settings)
        self.attachments = Attachments(folder_of(settings, self.store), settings.http.public_url, notary)
        self.vendor = Vendor(settings.vendor.url, settings.vendor.token.get_secret_value(), settings.vendor.timeout)
        self.system = self.center.connect(self.vendor)
        self.metrics = Metrics(settings.center, self.store, transport)
        self._hands = Hands(settings.hands, settings.center)
        self.turns = Turns(
            self.center,
            self.system,
            self.rules,
            Counter(self.rules, settings, self.attachments.named),
            self.store,
            transport,
            Gate(Patience(attempts=settings.park_after)),
            self.attachments.fetch,
            clock,
            self._hands.side_by_side,
            at_once=settings.hands * 4,
            timed=self.metrics.timed,
            ring=self._ring,
        )
        self._door: queue.SimpleQueue[_Waiting] = queue.SimpleQueue()
        self._shut = threading.Event()
        self._leaving = threading.Event()
        self._relay_bell, self._desk_bell = threading.Event(), threading.Event()
        self._threads: list[threading.Thread] = []
        self._serving: Serving | None = None
        self.log = log().bind(center=settings.center)

    # -- life --------------------------------------------------------------------------------------------------------

    def start(self) -> str:
        """Bring the store up to date, open the road and the door. Returns the URL of the center's HTTP server."""
        schema.upgrade(self.store)
        self.turns.begin()
        self.transport.open()
        for name, turn in (
            ("intake", self._intake),
            ("relay", self._relay),
            ("accept", self._accept),
            ("work", self._work),
            ("prune", self._prune),
        ):
            self._thread(name, self._loop(name, turn))
        url = self._serve()
        self.log.info("started", host=self.settings.http.host, port=int(url.rpartition(":")[2]))
        return url

    def stop(self, timeout: float = 20) -> None:
        """Leave in order: shut the door, finish what came in, send what is said, leave the road. ``timeout``: seconds
        for all loops together to end; whoever wants us gone waits no longer for six than for one."""
        deadline = time.monotonic() + timeout
        self._shut.set()
        if self._serving is not None:
            self._serving.leave()
        self._leaving.set()
        self._relay_bell.set()
        self._desk_bell.set()
        for thread in self._threads:
            thread.join(max(0.1, deadline - time.monotonic()))
        self._hands.rest(wait=time.monotonic() < deadline)
        self._last_round()
        self.transport.close(5)
        self.vendor.close()
        self.store.close()
        self.log.info("stopped")

    def _last_round(self) -> None:
        """Send what the last transactions have put into the outbox, as far as the road takes it now."""
        try:
            self.turns.end(timeout=3)
        except (StoreTrouble, KeyTrouble) as trouble:
            self.log.warning("store", trouble=str(trouble))

    # -- loops -------------------------------------------------------------------------------------------------------

    def _thread(self, name: str, task: Callable[[], None]) -> None:
        thread = threading.Thread(target=task, name=f"{self.settings.center}-{name}", daemon=True)
        thread.start()
        self._threads.append(thread)

    def _loop(self, name: str, turn: Callable[[], None]) -> Callable[[], None]:
        """``turn`` again and again until the center leaves; no fault ends it."""

        def run() -> None:
            while not self._leaving.is_set():
                try:
                    turn()
                except (StoreTrouble, KeyTrouble) as trouble:
                    what = "store" if isinstance(trouble, StoreTrouble) else "keys"
                    self.log.error(what, step=name, trouble=str(trouble))
                    self._leaving.wait(1)
                except Exception as fault:
                    self.log.error("fault", step=name, fault=type(fault).__name__)
                    self._leaving.wait(1)

        return run

    def _intake(self) -> None:
        """Everything that waits at the door shares one commit."""
        try:
            waiting = [self._door.get(timeout=0.2)]
        except queue.Empty:
            return
        while len(waiting) < WINDOW and not self._door.empty():
            waiting.append(self._door.get_nowait())
        waiting = [one for one in waiting if one.reply.set_running_or_notify_cancel()]
        if not waiting:  # nobody waits for them any more
            return
        try:
            replies = self.turns.take_in([w.submission for w in waiting])
        except BaseException as fault:
            for one in waiting:
                one.reply.set_exception(
                    fault if isinstance(fault, StoreTrouble) else StoreTrouble("intake failed", passing=False)
                )
            raise
        for one, reply in zip(waiting, replies, strict=True):
            one.reply.set_result(reply)

    def _relay(self) -> None:
        self._relay_bell.clear()
        sent = self.turns.send()
        for fate, word in ((Fate.NOBODY, "nobody-there"), (Fate.KEYLESS, "no-key")):
            if sent.count(fate):
                self.log.warning(word, count=sent.count(fate))
        if len(sent.fates) < WINDOW:  # else more may wait
            self._relay_bell.wait(0.25)

    def _accept(self) -> None:
        there = self.turns.receive(0.5)
        if not there:
            return
        unusual = {n: count for n, count in self.turns.heard.items() if n in UNUSUAL and count}
        if unusual:
            self.log.warning("not-applied", counts=unusual)

    def _work(self) -> None:
        self._desk_bell.clear()
        performed, said = self.turns.work()
        if not performed and not self.turns.unwritten:
            self._desk_bell.wait(0.25)
            return
        for one in performed:
            if one.outcome not in ("done", NOT_BEGUN):
                self.log.warning(
                    one.outcome, case=one.assignment.task.case_id, kind=one.assignment.task.kind, code=one.code
                )
        if said:
            self._relay_bell.set()
        if self.turns.gate.probing:
            self._leaving.wait(1)

    def _prune(self) -> None:
        """What has been kept long enough goes, a little at a time, so that nobody waits for it."""
        before_ms = ms(clock()) - self.settings.keep_days * 86_400_000
        gone = self.store.write(lambda tx: archive.prune(tx, before_ms, WINDOW))
        erased = self._erase_old()
        self._leaving.wait(1 if gone == WINDOW or erased == ERASED_AT_ONCE else 3600)

    def _erase_old(self) -> int:
        """What the settings no longer allow to be kept."""
        now, folder, most = clock(), self.attachments.folder, 0
        for days, sensitive in self.settings.retention.terms if self.settings.retention else ():
            before_ms = ms(now) - days * 86_400_000
            done = erase_old(folder, self.rules, before_ms, ERASED_AT_ONCE, now, sensitive=sensitive)
            most = max(most, done)
        return most

    def _ring(self) -> None:
        self._relay_bell.set()
        self._desk_bell.set()

    # -- the door ----------------------------------------------------------------------------------------------------

    def door(self, submission: Submission) -> Future[Reply]:
        """Hand in one form; the reply comes with its commit, or ``StoreTrouble`` instead. Raises ``DoorShut``."""
        if self._shut.is_set() or self._door.qsize() >= LONGEST_QUEUE:
            raise DoorShut
        waiting = _Waiting(submission, Future())
        self._door.put(waiting)
        return waiting.reply

    def ready(self) -> dict[str, Any]:
        """Whether forms are taken and messages flow, and what is wrong if not."""
        road = self.transport.state()
        state = {
            "ready": road.connected and road.consuming and not self._shut.is_set(),
            "broker": road.connected,
            "consuming": road.consuming,
            "blocked": road.blocked,
            "trouble": road.trouble,
            "vendor": "away" if self.turns.gate.probing else "ok",
        }
        keys = self.rules.notary.trouble(clock())
        if keys is not None:
            state |= {"ready": False, "keys": keys.en}
        try:
            schema.current(self.store)
            if recovery.going_on(self.store):
                state |= {"ready": False, "recovering": True}
        except StoreTrouble as trouble:
            state |= {"ready": False, "store": str(trouble)}
        return state

    def _serve(self) -> str:
        http = self.settings.http
        app = make_app(
            self.center,
            self.settings.center,
            self.door,
            self.settings.intake_secret.get_secret_value(),
            self.attachments,
            self.metrics,
            self.ready,
            clock,
        )
        served = throttled(app, Throttle(http.requests_per_second), self.metrics.turned_away)
        self._serving = Serving(served, http)
        self._thread("http", self._serving.run)
        return self._serving.url
