"""Handle: inbox tasks go to the center's own system.

Three steps: claim (a transaction), perform (the handler and the vendor's system; no transaction), finish (a
transaction, which may also claim the next tasks). A crash in between repeats the call with the same idempotency key. A
system that is away is retried with backoff; an impossible task is parked. If every task fails at once, the system is
down: then one task probes, and nothing is parked.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from bus.context import CenterContext
from bus.contract.case import Attachment
from bus.contract.codec import Undecodable, recall
from bus.contract.envelope import Message
from bus.contract.messages import LATER_KINDS
from bus.custody import Record, Refusal
from bus.custody.commands import Command
from bus.pipeline import resident_waits
from bus.pipeline.circuit_breaker import CircuitBreaker, HandlerOutcome, RetryPolicy
from bus.sdk.center import Center, HandlerContext, Link, Reject, RetryLater
from bus.store import cases, inbox, parked
from bus.store.database import Store, StoreUnavailable, Tx
from bus.store.resident_waits import AWAITED
from bus.store.timestamps import ms
from bus.store.unit_of_work import UNREADABLE, UnitOfWork

__all__ = ["CircuitBreaker", "HandlerOutcome", "RetryPolicy"]

LEASE_MS = 120_000
"""Lease of a claimed task; longer than any call into a center's own system may take."""
UNWRITABLE = "cannot-be-written"
BY_OWN_SYSTEM = "the center's own system did not take it: mend the cause, then replay"
BY_FILES = "a file that it names cannot be had: ask the center that has it, then replay"


@dataclass(frozen=True, slots=True)
class Claimed:
    """One task with everything its handler needs."""

    task: inbox.Task
    message: Message[Any]
    record: Record
    natives: dict[str, str]


@dataclass(frozen=True, slots=True)
class HandlerResult:
    """The result of a task."""

    claimed: Claimed
    outcome: HandlerOutcome
    commands: tuple[Command | Link, ...] = ()
    code: str = ""
    after: float | None = None
    own: bool = True
    """Whether the result says something about the center's own system. A peer's unavailable files do not, nor does a
    fault of this program."""
    urges: bool = False
    """Whether those who may know the resident are urged (``resident_waits``)."""


def _claim(tx: Tx, context: CenterContext, breaker: CircuitBreaker, now: datetime, limit: int) -> list[Claimed]:
    """Claim up to ``limit`` due tasks, only the first of each case, and a single one while the circuit breaker probes.
    An unreadable task is parked, and blocks only its own case."""
    if limit < 1:
        return []
    tasks = inbox.claim_work(tx, ms(now), 1 if breaker.probing else limit, LEASE_MS)
    ids = [UUID(task.case_id) for task in tasks]
    records, natives = cases.read_each(tx, ids).records, cases.natives(tx, ids)
    claimed, unreadable = [], []
    for task, case_id in zip(tasks, ids, strict=True):
        record, message = records.get(case_id), _message(task)
        if record is None or message is None:
            unreadable.append((task, UNREADABLE if record is None else "message-unreadable"))
        else:
            claimed.append(Claimed(task, message, record, natives.get(case_id, {})))
    _park_unreadable(tx, context, unreadable, now)
    return claimed


def _message(task: inbox.Task) -> Message[Any] | None:
    try:
        return recall(task.body, task.kind)
    except Undecodable:
        return None


def _park_unreadable(tx: Tx, context: CenterContext, tasks: Sequence[tuple[inbox.Task, str]], now: datetime) -> None:
    if not tasks:
        return
    uow = UnitOfWork(tx, context, now)
    uow.load(UUID(task.case_id) for task, _ in tasks)
    for task, code in tasks:
        _set_aside(
            tx, uow, task, code, context.me, "it cannot be read in the store: compare with a backup, then replay"
        )
    uow.flush()


def perform(
    center: Center[Any], system: object, fetch: Callable[[Attachment], bytes], claimed: Claimed, now: datetime
) -> HandlerResult:
    """Call the handler. Never raises: a faulty handler's task is parked with the name of the exception, not with its
    text."""
    handler = center.handlers.get(claimed.message.data.kind)
    if handler is None or resident_waits.is_wait(claimed.message):
        return _without_handler(claimed, now)
    me, files = claimed.message.recipient, _Fetching(fetch)
    context = HandlerContext(me, now, claimed.task.message_id, system, claimed.record, claimed.natives, files.fetch)
    try:
        return HandlerResult(claimed, HandlerOutcome.DONE, tuple(handler(context, claimed.message)))
    except RetryLater as away:
        own = away is not files.trouble
        return HandlerResult(claimed, HandlerOutcome.NOT_NOW, code=away.code, after=away.after, own=own)
    except Reject as never:
        return HandlerResult(claimed, HandlerOutcome.NOT_EVER, code=never.code, own=never is not files.trouble)
    except ValidationError:
        return HandlerResult(claimed, HandlerOutcome.NOT_EVER, code="handler-made-invalid-command", own=False)
    except Exception as bug:
        code = f"handler-fault-{type(bug).__name__}"[:64]
        return HandlerResult(claimed, HandlerOutcome.NOT_EVER, code=code, own=False)


def _without_handler(claimed: Claimed, now: datetime) -> HandlerResult:
    """The result of a wait for the resident, or of a kind that the adapter does not handle: one that v0.1.0 did not
    have is journaled, another is parked."""
    if resident_waits.is_wait(claimed.message):
        wait = resident_waits.look(claimed.record, claimed.message.time, claimed.task.attempts, now)
        return HandlerResult(claimed, wait.outcome, code=wait.code, own=False, urges=wait.urges)
    noted = claimed.message.data.kind in LATER_KINDS
    outcome = HandlerOutcome.DONE if noted else HandlerOutcome.NOT_EVER
    return HandlerResult(claimed, outcome, code="no-handler", own=False)


@dataclass(slots=True)
class _Fetching:
    """Records that a file was unavailable, as opposed to the center's own system."""

    plain: Callable[[Attachment], bytes]
    trouble: Exception | None = None

    def fetch(self, reference: Attachment) -> bytes:
        """See ``HandlerContext.fetch``."""
        try:
            return self.plain(reference)
        except (RetryLater, Reject) as trouble:
            self.trouble = trouble
            raise


def finish_and_claim(
    store: Store,
    context: CenterContext,
    performed: Sequence[HandlerResult],
    breaker: CircuitBreaker,
    now: datetime,
    limit: int,
) -> tuple[int, list[Claimed]]:
    """``finish``, and ``_claim`` the next tasks, in one transaction if the results can be written together."""

    def change(tx: Tx) -> tuple[int, list[Claimed]]:
        said = _finish(tx, context, performed, breaker, now) if performed else 0
        return said, _claim(tx, context, breaker.after(performed), now, limit)

    try:
        done = store.write(change)
    except StoreUnavailable as trouble:
        if trouble.passing or not performed:
            raise
        return finish(
            store, context, performed, breaker, now
        ), []  # each result was written alone; the next round claims
    breaker.record(performed)
    return done


def finish(
    store: Store, context: CenterContext, performed: Sequence[HandlerResult], breaker: CircuitBreaker, now: datetime
) -> int:
    """Write the results of tasks. Returns how many messages were put into the outbox.

    Raises ``StoreUnavailable`` when nothing can be written now: call it again with the same results. A task whose own
    result can never be written is parked, without harm to the others."""
    try:
        said = _finish_together(store, context, performed, breaker, now)
    except StoreUnavailable as trouble:
        if trouble.passing or (len(performed) == 1 and performed[0].code == UNWRITABLE):
            raise
        if len(performed) == 1:
            hopeless = replace(performed[0], outcome=HandlerOutcome.NOT_EVER, commands=(), code=UNWRITABLE)
            return _finish_together(store, context, [hopeless], breaker, now)
        return sum(finish(store, context, [one], breaker, now) for one in performed)
    breaker.record(performed)
    return said


def _finish_together(
    store: Store, context: CenterContext, performed: Sequence[HandlerResult], breaker: CircuitBreaker, now: datetime
) -> int:
    return store.write(lambda tx: _finish(tx, context, performed, breaker, now))


def _finish(
    tx: Tx, context: CenterContext, performed: Sequence[HandlerResult], breaker: CircuitBreaker, now: datetime
) -> int:
    uow = UnitOfWork(tx, context, now)
    uow.load(UUID(one.claimed.task.case_id) for one in performed)
    ours = inbox.still_there(tx, [one.claimed.task.row for one in performed])
    told = {one.claimed.message.subject for one in performed if resident_waits.ends_wait(one.claimed.message)}
    done, left = [], []
    for one in performed:
        if one.claimed.task.row not in ours:
            continue  # its lease ended and another process finished it: the idempotency key kept the effect single
        if one.claimed.message.subject in told and resident_waits.is_wait(one.claimed.message):
            continue  # it ends in this round with what it waited for
        if one.outcome == HandlerOutcome.DONE:
            if _carried_out(tx, uow, one, breaker.policy):
                done.append(one.claimed.task)
        elif one.outcome == HandlerOutcome.NOT_NOW:
            _try_again(tx, uow, one, breaker.policy, counts=not (one.own and breaker.probing))
        elif one.outcome == HandlerOutcome.NOT_BEGUN:
            left.append(one.claimed.task.row)
        else:
            _park(tx, uow, one, one.code)
    inbox.give_back(tx, left, ms(now))
    inbox.finish_work(tx, [task.row for task in done])
    parked.take_messages(tx, parked.DESK, [task.message_id for task in done])
    return uow.flush()


def _carried_out(tx: Tx, uow: UnitOfWork, one: HandlerResult, policy: RetryPolicy) -> bool:
    task, message = one.claimed.task, one.claimed.message
    try:
        with uow.savepoint():
            for item in one.commands:
                if isinstance(item, Link):
                    uow.link(item.case_id, item.system, item.native_id)
                elif not task.said:  # otherwise carried out and heard by others before a restore from a backup
                    uow.execute(item, cause=message)
            uow.journal(UUID(task.case_id), "desk", task.kind, task.source, message.id, one.code)
            if resident_waits.ends_wait(message):
                resident_waits.end(tx, uow, task.case_id)
    except Refusal as refusal:
        if refusal.code == UNREADABLE or uow.record(UUID(task.case_id)) == one.claimed.record:
            _park(tx, uow, one, refusal.code)
        else:  # the case has moved on while the handler worked: handle it again, with the newest record
            _try_again(tx, uow, replace(one, code=refusal.code), policy, counts=True)
        return False
    return True


def _try_again(tx: Tx, uow: UnitOfWork, one: HandlerResult, policy: RetryPolicy, *, counts: bool) -> None:
    task = one.claimed.task
    if one.code == AWAITED:
        resident_waits.wait_on(tx, uow, task, urges=one.urges)
        return
    if counts and task.attempts + 1 >= policy.attempts:
        _park(tx, uow, one, one.code)
        return
    asked = min(one.after or 0, policy.backoff.longest)  # the delay that the system asks for, within reason
    pause = max(policy.backoff.delay_ms(task.attempts), int(asked * 1000))
    inbox.retry_work(tx, task.row, uow.now_ms + pause, one.code, counts=counts)


def _park(tx: Tx, uow: UnitOfWork, one: HandlerResult, code: str) -> None:
    """Park the task for an operator; the case keeps its holder and its clock."""
    hint = BY_FILES if code.startswith("attachment-") else BY_OWN_SYSTEM
    if code == AWAITED:
        hint = resident_waits.HINT
    _set_aside(tx, uow, one.claimed.task, code, one.claimed.record.holder, hint)


def _set_aside(tx: Tx, uow: UnitOfWork, task: inbox.Task, code: str, owner: str, hint: str) -> None:
    inbox.park_work(tx, task.row, code)
    uow.journal(UUID(task.case_id), "parked", task.kind, task.source, UUID(task.message_id), code)
    row = parked.row(
        parked.DESK,
        code,
        hint,
        known_by=task.message_id.encode(),
        owner=owner,
        now_ms=uow.now_ms,
        peer=task.source,
        case_id=task.case_id,
        message_id=task.message_id,
    )
    parked.park(tx, [row])
