"""The worker pool: concurrent calls into the center's own system.

No task waits for another one: ended tasks are handed over to be recorded, and slow ones go on. Each has a deadline
below its lease. A handler that needs a peer's file leaves its worker until the file is here.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from bus.contract.case import Attachment
from bus.pipeline.handle import LEASE_MS, Claimed, HandlerOutcome, HandlerResult
from bus.runtime.batch_size import LONGEST
from bus.runtime.downloads import Downloads, Failure
from bus.sdk.center import Reject, RetryLater

DEADLINE = LEASE_MS / 1000 - 20
"""Seconds after its claim at which a task is given up: it is retried before its lease would have ended."""
SLOW = 10.0
"""Seconds after which a running handler is reported."""
LATE = "handler-deadline"

Fetch = Callable[[Attachment], bytes]
Perform = Callable[[Claimed, Fetch], HandlerResult]
"""Calls the handler of one task; ``Fetch`` reads files for it."""


class Files(Protocol):
    """Access to attachments (``AttachmentService``)."""

    def here(self, reference: Attachment) -> bytes | None:
        """The bytes of a file that is kept here."""

    def bring(self, reference: Attachment) -> bytes:
        """Fetch a file from a peer, and keep it."""


class _FileAwaited(BaseException):
    """The handler is called again when a file is here. It is no ``Exception``, so no adapter catches it by mistake."""

    def __init__(self, reference: Attachment) -> None:
        self.reference = reference


@dataclass(frozen=True, slots=True)
class SlowHandler:
    """A handler that has been running for long."""

    case_id: str
    kind: str
    seconds: float


@dataclass(slots=True, eq=False)
class _Run:
    """One started task."""

    claimed: Claimed
    perform: Perform
    claimed_at: float
    round: int
    began: float | None = None
    """When its handler was called; None: the task waits."""
    told: bool = False
    over: bool = False
    missing: set[str] = field(default_factory=set)
    """Files that are on their way."""
    failed: dict[str, Failure] = field(default_factory=dict)
    """Files that did not come, with the reason: the handler gets it when it asks again."""

    def slow(self) -> SlowHandler | None:
        """Its handler, where that has been running for long."""
        seconds = 0.0 if self.began is None else time.monotonic() - self.began
        task = self.claimed.task
        return SlowHandler(task.case_id, task.kind, seconds) if seconds > SLOW else None


class WorkerPool:
    """A pool of threads, as many as calls may run at once."""

    def __init__(
        self,
        count: int,
        name: str,
        files: Files,
        timed: Callable[[str, float], None] = lambda _kind, _seconds: None,
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        """``timed``: gets the kind and seconds of each call. ``wake``: called when a task has ended."""
        self._count, self._name, self._files, self._timed, self._wake = count, name, files, timed, wake
        self._downloads = Downloads(files.bring, name)
        self._changed = threading.Condition()
        self._waiting: deque[_Run] = deque()
        self._runs: dict[int, _Run] = {}
        """All started tasks that are not over, by row."""
        self._late: dict[int, _Run] = {}
        """Tasks given up while their handlers go on."""
        self._ended: list[HandlerResult] = []
        self._threads = 0
        self._idle = 0
        self._round, self._of_round = 0, 0
        self._leaving = False

    @property
    def busy(self) -> int:
        """Tasks that wait for a worker or are on one."""
        with self._changed:
            return sum(not run.missing for run in self._runs.values())

    def begin(self, perform: Perform, tasks: Sequence[Claimed]) -> None:
        """Start these tasks: a round."""
        with self._changed:
            self._round, self._of_round = self._round + 1, 0
            unwritten = {one.claimed.task.row for one in self._ended}
            for claimed in tasks:
                row = claimed.task.row
                if row in self._runs or row in unwritten:  # the clock was put forward beyond its lease
                    continue
                run = self._runs[row] = _Run(claimed, perform, time.monotonic(), self._round)
                self._of_round += 1
                if row in self._late:  # an earlier call of the same task still runs: a second would not help
                    self._end(run, HandlerResult(claimed, HandlerOutcome.NOT_NOW, code=LATE, own=False))
                else:
                    self._waiting.append(run)
            self._hire()
            self._changed.notify_all()

    def ended(self, timeout: float = 0) -> list[HandlerResult]:
        """The results not handed over yet. Waits up to ``timeout`` seconds for the tasks of the last round, and for no
        other."""
        with self._changed:
            self._changed.wait_for(lambda: not self._of_round, timeout)
            self._give_up_late()
            ended, self._ended = self._ended, []
            return ended

    def slow(self) -> list[SlowHandler]:
        """The handlers that have been running for longer than ``SLOW``, also those given up."""
        with self._changed:
            running = [*self._runs.values(), *self._late.values()]
        return [slow for run in running if (slow := run.slow()) is not None]

    def newly_slow(self) -> list[SlowHandler]:
        """Those of ``slow`` that were not reported before."""
        found = []
        with self._changed:
            for run in self._runs.values():
                if not run.told and (slow := run.slow()) is not None:
                    run.told = True
                    found.append(slow)
        return found

    def leave(self, timeout: float) -> None:
        """Begin nothing more, and wait for running handlers. Tasks that were not begun are given back."""
        with self._changed:
            self._leaving = True
            self._downloads.leave()
            for run in [run for run in self._runs.values() if run.began is None]:
                self._end(run, HandlerResult(run.claimed, HandlerOutcome.NOT_BEGUN))
            self._waiting.clear()
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._runs, timeout)

    # -- on the workers ----------------------------------------------------------------------------------------------

    def _hire(self) -> None:
        """Start one more thread, if needed and allowed. Threads on given-up calls are replaced, at most once per
        worker: a system that hangs on every call must not be called without end."""
        allowed = self._count + min(len(self._late), self._count)
        for _ in range(min(allowed - self._threads, len(self._waiting) - self._idle)):
            self._threads += 1
            threading.Thread(target=self._work, name=f"{self._name}-worker", daemon=True).start()

    def _work(self) -> None:
        while (run := self._next()) is not None:
            try:
                result = run.perform(run.claimed, lambda reference, run=run: self._fetch(run, reference))  # type: ignore[misc]  # bound to this run
            except _FileAwaited as awaited:
                self._await(run, awaited.reference)
            except BaseException as fault:  # for example a handler that ends the process
                code = f"handler-fault-{type(fault).__name__}"[:64]
                self._over(run, HandlerResult(run.claimed, HandlerOutcome.NOT_EVER, code=code, own=False))
            else:
                self._over(run, result)

    def _next(self) -> _Run | None:
        """The next task; None when this worker is not needed any more."""
        with self._changed:
            self._idle += 1
            try:
                while not self._leaving:
                    if self._threads > self._count + min(len(self._late), self._count):
                        break
                    if self._waiting:
                        run = self._waiting.popleft()
                        if run.over:
                            continue
                        if not run.failed and time.monotonic() - run.claimed_at > LONGEST:
                            self._end(run, HandlerResult(run.claimed, HandlerOutcome.NOT_BEGUN))
                            continue
                        run.began = time.monotonic()
                        return run
                    self._changed.wait()
                self._threads -= 1
                return None
            finally:
                self._idle -= 1

    def _over(self, run: _Run, result: HandlerResult) -> None:
        seconds = time.monotonic() - (run.began or 0)
        self._timed(run.claimed.task.kind, seconds)
        with self._changed:
            self._late.pop(run.claimed.task.row, None)
            self._end(run, result)

    def _end(self, run: _Run, result: HandlerResult) -> None:
        """Record a task's result, once: a result after giving up is dropped, and the repeat has the same key."""
        if run.over:
            return
        run.over = True
        del self._runs[run.claimed.task.row]
        self._ended.append(result)
        self._left(run)
        self._wake()

    def _left(self, run: _Run) -> None:
        """Remove the task from its round."""
        if run.round == self._round and self._of_round:
            self._of_round -= 1
            if not self._of_round:
                self._changed.notify_all()
        run.round = 0

    def _give_up_late(self) -> None:
        now = time.monotonic()
        for row, run in list(self._runs.items()):
            if now - run.claimed_at > DEADLINE:
                code = "attachment-slow" if run.missing else LATE
                if run.began is not None:
                    self._late[row] = run
                self._end(run, HandlerResult(run.claimed, HandlerOutcome.NOT_NOW, code=code, own=False))
                self._hire()

    # -- files of peers ----------------------------------------------------------------------------------------------

    def _fetch(self, run: _Run, reference: Attachment) -> bytes:
        content = self._files.here(reference)
        if content is not None:
            return content
        if reference.sha256 in run.failed:
            raise run.failed[reference.sha256]
        raise _FileAwaited(reference)

    def _await(self, run: _Run, reference: Attachment) -> None:
        """Take the task off its worker; all files of its case are requested at once, so that its handler restarts only
        once."""
        known = {one.sha256: one for one in (*run.claimed.record.case.attachments, reference)}
        wanted = [one for sha256, one in known.items() if sha256 == reference.sha256 or self._lacks(run, one)]
        with self._changed:
            self._timed(run.claimed.task.kind, time.monotonic() - (run.began or 0))
            self._late.pop(run.claimed.task.row, None)
            run.began, run.missing = None, {one.sha256 for one in wanted}
            self._left(run)
            if self._leaving and not run.over:
                self._end(run, HandlerResult(run.claimed, HandlerOutcome.NOT_BEGUN))
        for one in wanted:
            self._downloads.ask(one, lambda sha256, failure: self._arrived(run, sha256, failure))

    def _lacks(self, run: _Run, reference: Attachment) -> bool:
        if reference.href is None or reference.sha256 in run.failed:
            return False
        try:
            return self._files.here(reference) is None
        except (RetryLater, Reject):
            return False

    def _arrived(self, run: _Run, sha256: str, failure: Failure | None) -> None:
        with self._changed:
            if failure is not None:
                run.failed[sha256] = failure
            run.missing.discard(sha256)
            if not run.missing and not run.over:
                self._waiting.append(run)
                self._hire()
                self._changed.notify()
