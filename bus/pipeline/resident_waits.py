"""The task of a new holder that waits for the resident's details (居民信息待移交).

It is no fault of the center's own system, and holds up no other task of the case. It urges after an hour, then at
longer intervals, and is parked after a day.
"""

from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from bus.contract.envelope import Message
from bus.contract.messages import Handed
from bus.custody import Decision, Record
from bus.custody.handing import ask, waits
from bus.pipeline.circuit_breaker import HandlerOutcome
from bus.store import inbox, parked, resident_waits
from bus.store.database import Tx
from bus.store.resident_waits import AWAITED
from bus.store.unit_of_work import UnitOfWork

HINT = "nobody who knows the resident has told it: ring up the center that handed the case over, or the origin"
FIRST, LAST = timedelta(hours=1), timedelta(days=1)
PAUSE_MS = 900_000
"""Milliseconds between two looks; the store takes a longer pause for the work of a wrong clock."""


class Wait(NamedTuple):
    """What becomes of the task now."""

    outcome: HandlerOutcome
    code: str = ""
    urges: bool = False
    """Whether those who may know the resident are urged now."""


def is_wait(message: Message[Any]) -> bool:
    """Whether this task is a wait: the message by which a center tells itself what it knows."""
    return isinstance(message.data, Handed) and message.source == message.recipient


def ends_wait(message: Message[Any]) -> bool:
    """Whether this task is another center's word of who the resident is: what waited for it is done."""
    return isinstance(message.data, Handed) and message.source != message.recipient


def look(record: Record, begun: datetime, urged: int, now: datetime) -> Wait:
    """What becomes of a wait that began at ``begun`` and has ``urged`` so often. One that was replayed urges anew."""
    if not waits(record):
        return Wait(HandlerOutcome.DONE)
    age = now - begun
    if age >= LAST and urged:
        return Wait(HandlerOutcome.NOT_EVER, AWAITED)
    urges = age >= FIRST * (2 ** (urged + 1) - 1)  # after 1, 3, 7 and 15 hours
    return Wait(HandlerOutcome.NOT_NOW, AWAITED, urges)


def wait_on(tx: Tx, uow: UnitOfWork, task: inbox.Task, *, urges: bool) -> None:
    """Look again later; and now urge those who may know the resident, if ``urges`` and it is still awaited."""
    record = uow.record(UUID(task.case_id))
    if urges and record is not None and waits(record):
        uow.remind(Decision(record, ask(record)), "resident", record.case.origin, AWAITED)
    inbox.retry_work(tx, task.row, uow.now_ms + PAUSE_MS, AWAITED, counts=urges)


def end(tx: Tx, uow: UnitOfWork, case_id: str) -> None:
    """The resident has come: what waited for it is done, also where it was parked."""
    ended = resident_waits.end(tx, case_id)
    for message_id in ended:
        uow.journal(UUID(case_id), "desk", Handed.kind, uow.context.me, UUID(message_id))
    parked.take_messages(tx, parked.DESK, ended)
