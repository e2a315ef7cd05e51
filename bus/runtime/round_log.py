"""What the log says of a round of a loop: only what is unusual."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from bus.log import Log
from bus.pipeline.handle import HandlerOutcome, HandlerResult
from bus.pipeline.no_key import NoKey
from bus.pipeline.poll import PollOutcome, PollResult
from bus.pipeline.relay import SentBatch
from bus.runtime.worker_pool import SlowHandler
from bus.store import parked, put_off
from bus.store.database import Store
from bus.store.timestamps import ms
from bus.transports.port import SendResult

UNUSUAL = frozenset({"refused", "parked", "refused-by-peer", "damaged", "other-bytes", "digest-missing"})
"""What receive counts that a log should tell."""


def sent(log: Log, batch: SentBatch) -> None:
    """Which peers messages could not leave for, by the reason, and how many."""
    for result, word in (
        (SendResult.UNROUTABLE, "nobody-there"),
        (NoKey.NO_KEY, "no-key"),
        (NoKey.CANNOT_BE_BUILT, "cannot-be-built"),
    ):
        for peer, count in sorted(batch.by_peer(result).items()):
            log.warning(word, peer=peer, count=count)


def received(log: Log, counts: Counter[str], store: Store, now: datetime) -> bool:
    """What was not applied, and which neighbours want more than their quota now. Returns whether anything may have been
    parked. Raises ``StoreUnavailable``."""
    unusual = {name: count for name, count in counts.items() if name in UNUSUAL and count}
    if unusual:
        log.warning("not-applied", counts=unusual)
    if counts["put-off"]:
        with store.reading() as tx:
            for one in put_off.listed(tx, ms(now) - 1000):
                log.warning("quota", peer=one["peer"], code=one["quota"], count=one["times"])
    return bool(unusual)


def handled(log: Log, performed: Iterable[HandlerResult], slow: Iterable[SlowHandler]) -> bool:
    """Handlers that have been running for long, and tasks that were not done. Returns whether there were any of
    these."""
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
    """That the center's own system was asked in vain, or that forms of it are parked."""
    if result.outcome is not PollOutcome.READ:
        log.warning("poll", where=result.poll, state=result.outcome, code=result.code)
    elif result.parked:
        log.warning("poll-parked", where=result.poll, count=result.parked)


class ParkedLog:
    """Tells each thing that was parked since this process began, once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._last: int | None = None

    def begin(self) -> None:
        """What is parked now was told by the process before. Raises ``StoreUnavailable``."""
        with self._store.reading() as tx:
            self._last = parked.newest(tx)

    def tell(self, log: Log) -> None:
        """A line for each that is new. Raises ``StoreUnavailable``."""
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
