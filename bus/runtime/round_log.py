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
from bus.store import put_off
from bus.store.database import Store
from bus.store.timestamps import ms
from bus.transports.port import SendResult

UNUSUAL = frozenset({"refused", "parked", "refused-by-peer", "damaged", "other-bytes", "digest-missing"})
"""What receive counts that a log should tell."""


def sent(log: Log, batch: SentBatch) -> None:
    """How many messages could not leave, by the reason."""
    for result, word in (
        (SendResult.UNROUTABLE, "nobody-there"),
        (NoKey.NO_KEY, "no-key"),
        (NoKey.CANNOT_BE_BUILT, "cannot-be-built"),
    ):
        if batch.count(result):
            log.warning(word, count=batch.count(result))


def received(log: Log, counts: Counter[str], store: Store, now: datetime) -> None:
    """What was not applied, and which neighbours want more than their quota now. Raises ``StoreUnavailable``."""
    unusual = {name: count for name, count in counts.items() if name in UNUSUAL and count}
    if unusual:
        log.warning("not-applied", counts=unusual)
    if counts["put-off"]:
        with store.reading() as tx:
            for one in put_off.listed(tx, ms(now) - 1000):
                log.warning("quota", peer=one["peer"], code=one["quota"], count=one["times"])


def handled(log: Log, performed: Iterable[HandlerResult], slow: Iterable[SlowHandler]) -> None:
    """Handlers that have been running for long, and tasks that were not done."""
    for one in slow:
        log.warning("slow-handler", case=one.case_id, kind=one.kind, seconds=round(one.seconds, 1))
    for result in performed:
        if result.outcome not in (HandlerOutcome.DONE, HandlerOutcome.NOT_BEGUN):
            task = result.claimed.task
            log.warning(result.outcome, case=task.case_id, kind=task.kind, code=result.code)


def polled(log: Log, result: PollResult) -> None:
    """That the center's own system was asked in vain, or that forms of it are parked."""
    if result.outcome is not PollOutcome.READ:
        log.warning("poll", where=result.poll, state=result.outcome, code=result.code)
    elif result.parked:
        log.warning("poll-parked", where=result.poll, count=result.parked)
