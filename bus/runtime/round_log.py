"""Log lines of a round: only the unusual."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from bus.log import Log
from bus.pipeline.handle import HandlerOutcome, HandlerResult
from bus.pipeline.no_key import NoKey
from bus.pipeline.poll import PollOutcome, PollResult
from bus.pipeline.relay import SentBatch
from bus.pipeline.remind import Reminded
from bus.runtime.worker_pool import SlowHandler
from bus.store import parked, put_off
from bus.store.database import Store
from bus.store.timestamps import ms
from bus.transports.port import SendResult

UNUSUAL = frozenset({"refused", "parked", "refused-by-peer", "damaged", "other-bytes", "digest-missing"})
"""Outcomes of receive that are logged."""


def sent(log: Log, batch: SentBatch) -> None:
    """Log the peers that messages could not be sent to, by reason, with their numbers."""
    for result, word in (
        (SendResult.UNROUTABLE, "nobody-there"),
        (NoKey.NO_KEY, "no-key"),
        (NoKey.CANNOT_BE_BUILT, "cannot-be-built"),
    ):
        for peer, count in sorted(batch.by_peer(result).items()):
            log.warning(word, peer=peer, count=count)


def received(log: Log, counts: Counter[str], store: Store, now: datetime) -> bool:
    """Log what was not applied, and the peers that exceed a quota now. Returns whether anything may have been parked.
    Raises ``StoreUnavailable``."""
    unusual = {name: count for name, count in counts.items() if name in UNUSUAL and count}
    if unusual:
        log.warning("not-applied", counts=unusual)
    if counts["put-off"]:
        with store.reading() as tx:
            for one in put_off.listed(tx, ms(now) - 1000):
                log.warning("quota", peer=one["peer"], code=one["quota"], count=one["times"])
    return bool(unusual)


def handled(log: Log, performed: Iterable[HandlerResult], slow: Iterable[SlowHandler]) -> bool:
    """Log handlers that have been running for long, and tasks that were not done. Returns whether there were any of the
    latter."""
    for one in slow:
        log.warning("slow-handler", case=one.case_id, kind=one.kind, seconds=round(one.seconds, 1))
    undone = False
    for result in performed:
        if result.outcome not in (HandlerOutcome.DONE, HandlerOutcome.NOT_BEGUN):
            task = result.claimed.task
            log.warning(result.outcome, case=task.case_id, kind=task.kind, code=result.code)
            undone = True
    return undone


def polled(log: Log, result: PollResult) -> None:
    """Log a failed poll, and parked forms."""
    if result.outcome is not PollOutcome.READ:
        log.warning("poll", where=result.poll, state=result.outcome, code=result.code)
    elif result.parked:
        log.warning("poll-parked", where=result.poll, count=result.parked)


class ReminderLog:
    """Logs what is unusual about the clocks, each state once."""

    def __init__(self) -> None:
        self._stepped = False

    def tell(self, log: Log, done: Reminded) -> None:
        """Log a wall clock that was set, or is right again, whom nobody reaches, and cases that could not be looked
        at."""
        if done.stepped and not self._stepped:
            log.error("clock-stepped", step="remind")
        elif self._stepped and not done.stepped:
            log.warning("clock-agrees", step="remind")
        self._stepped = done.stepped
        for peer, count in sorted(done.away.items()):
            log.warning("not-urged", peer=peer, count=count, code="nobody-there")
        for code, count in sorted(done.unfit.items()):
            log.warning("not-looked-at", code=code, count=count)


class ParkedLog:
    """Logs each newly parked item once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._last: int | None = None

    def begin(self) -> None:
        """Skip what is parked now: the process before has logged it. Raises ``StoreUnavailable``."""
        with self._store.reading() as tx:
            self._last = parked.newest(tx)

    def tell(self, log: Log) -> None:
        """Log each new item. Raises ``StoreUnavailable``."""
        if self._last is None:
            return
        with self._store.reading() as tx:
            new = parked.newer(tx, self._last)
        for one in new:
            self._last = max(self._last, one.number)
            log.warning(
                "parked", place=one.place, code=one.code, peer=one.peer, case=one.case_id, row=one.number,
                message=one.message_id,
            )  # fmt: skip
