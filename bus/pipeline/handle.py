"""Work: from the in-tray into the center's own system. Three steps: claim (a transaction), perform (the handler, and
with it the vendor's system; no transaction), finish (a transaction, which may claim what comes next as well).

A crash in between repeats the call with the same idempotency key. Away is tried again with growing pauses; impossible
is parked. When everything fails at once the center's system is down: then one message probes, and nothing is parked.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from bus.backoff import Pauses
from bus.context import Rules
from bus.contract.case import Attachment
from bus.contract.envelope import Message, reread
from bus.custody import Record, Refusal
from bus.custody.commands import Command
from bus.sdk.center import Center, Desk, Link, NotEver, NotNow
from bus.store import cases, inbox, parked
from bus.store.database import Store, StoreTrouble, Tx
from bus.store.timestamps import ms
from bus.store.unit_of_work import Page

LEASE_MS = 120_000
"""For so long no other process works on a claimed task; longer than any call into a center's system may take."""
UNWRITABLE = "cannot-be-written"
NOT_BEGUN = "not-begun"
"""The outcome of a task that was claimed and left to a later round: it is due again at once, and nothing counts."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a center's system may be away before a task is parked."""

    attempts: int = 12
    pauses: Pauses = field(default_factory=lambda: Pauses(1, 900))
    failures_before_probing: int = 5


@dataclass(frozen=True, slots=True)
class Assignment:
    """One task with everything its handler needs."""

    task: inbox.Task
    message: Message[Any]
    record: Record
    natives: dict[str, str]


@dataclass(frozen=True, slots=True)
class Performed:
    """What came of a task: ``done``, ``not-now``, ``not-ever``, or ``NOT_BEGUN``."""

    assignment: Assignment
    outcome: str
    commands: tuple[Command | Link, ...] = ()
    code: str = ""
    after: float | None = None


@dataclass(slots=True)
class Gate:
    """Whether the center's own system seems to be there. One per center; it relearns after a restart."""

    patience: Patience
    failures: int = 0

    @property
    def probing(self) -> bool:
        """Everything has failed lately: one task at a time, and no attempt counts."""
        return self.failures >= self.patience.failures_before_probing

    def after(self, performed: Sequence[Performed]) -> "Gate":
        """What a round teaches: any answer of the system, even a no, shows that it is there."""
        failures = self.failures
        for one in performed:
            if one.outcome != NOT_BEGUN:
                failures = failures + 1 if one.outcome == "not-now" else 0
        return Gate(self.patience, failures)

    def saw(self, performed: Sequence[Performed]) -> None:
        """Learn from a round that is written down."""
        self.failures = self.after(performed).failures


def _claim(tx: Tx, gate: Gate, now: datetime, limit: int) -> list[Assignment]:
    """Up to ``limit`` due tasks, the first of each case only; one alone while the gate is probing."""
    tasks = inbox.claim_work(tx, ms(now), 1 if gate.probing else limit, LEASE_MS)
    ids = [UUID(task.case_id) for task in tasks]
    records, natives = cases.read(tx, ids), cases.natives(tx, ids)
    return [
        Assignment(task, reread(task.body, task.kind), records[case_id], natives.get(case_id, {}))
        for task, case_id in zip(tasks, ids, strict=True)
    ]


def perform(
    center: Center[Any], system: object, fetch: Callable[[Attachment], bytes], assignment: Assignment, now: datetime
) -> Performed:
    """Call the handler. Never raises: a fault of the handler is parked with the fault's name, not with its text."""
    handler = center.handlers.get(assignment.message.data.kind)
    if handler is None:
        return Performed(assignment, "not-ever", code="no-handler")
    me = assignment.message.recipient
    desk = Desk(me, now, assignment.task.message_id, system, assignment.record, assignment.natives, fetch)
    try:
        return Performed(assignment, "done", tuple(handler(desk, assignment.message)))
    except NotNow as away:
        return Performed(assignment, "not-now", code=away.code, after=away.after)
    except NotEver as never:
        return Performed(assignment, "not-ever", code=never.code)
    except ValidationError:
        return Performed(assignment, "not-ever", code="handler-made-invalid-command")
    except Exception as bug:
        return Performed(assignment, "not-ever", code=f"handler-fault-{type(bug).__name__}"[:64])


def finish_and_claim(
    store: Store, rules: Rules, performed: Sequence[Performed], gate: Gate, now: datetime, limit: int
) -> tuple[int, list[Assignment]]:
    """``finish``, and take up to ``limit`` due tasks, the first of each case only and one alone while the gate is
    probing: in one transaction, where what was performed can be written together."""

    def change(tx: Tx) -> tuple[int, list[Assignment]]:
        said = _finish(tx, rules, performed, gate, now) if performed else 0
        return said, _claim(tx, gate.after(performed), now, limit)

    try:
        done = store.write(change)
    except StoreTrouble as trouble:
        if trouble.passing or not performed:
            raise
        return finish(store, rules, performed, gate, now), []  # the one at fault is parked alone; claimed is next time
    gate.saw(performed)
    return done


def finish(store: Store, rules: Rules, performed: Sequence[Performed], gate: Gate, now: datetime) -> int:
    """Write down what came of the tasks. Returns how many messages were said.

    Raises ``StoreTrouble`` when nothing can be written now: call it again with the same. A task whose own outcome can
    never be written is parked, and its neighbours are not harmed."""
    try:
        said = _finish_together(store, rules, performed, gate, now)
    except StoreTrouble as trouble:
        if trouble.passing or (len(performed) == 1 and performed[0].code == UNWRITABLE):
            raise
        if len(performed) == 1:
            hopeless = replace(performed[0], outcome="not-ever", commands=(), code=UNWRITABLE)
            return _finish_together(store, rules, [hopeless], gate, now)
        return sum(finish(store, rules, [one], gate, now) for one in performed)
    gate.saw(performed)
    return said


def _finish_together(store: Store, rules: Rules, performed: Sequence[Performed], gate: Gate, now: datetime) -> int:
    return store.write(lambda tx: _finish(tx, rules, performed, gate, now))


def _finish(tx: Tx, rules: Rules, performed: Sequence[Performed], gate: Gate, now: datetime) -> int:
    page = Page(tx, rules, now)
    page.load(UUID(one.assignment.task.case_id) for one in performed)
    ours = inbox.still_there(tx, [one.assignment.task.row for one in performed])
    done, left = [], []
    for one in performed:
        if one.assignment.task.row not in ours:
            continue  # its lease ended and another process finished it: the effect was one, by its key
        if one.outcome == "done":
            if _carried_out(tx, page, one, gate.patience):
                done.append(one.assignment.task)
        elif one.outcome == "not-now":
            _try_again(tx, page, one, gate.patience, counts=not gate.probing)
        elif one.outcome == NOT_BEGUN:
            left.append(one.assignment.task.row)
        else:
            _park(tx, page, one, one.code)
    inbox.give_back(tx, left, ms(now))
    inbox.finish_work(tx, [task.row for task in done])
    parked.take_messages(tx, parked.DESK, [task.message_id for task in done])
    return page.write()


def _carried_out(tx: Tx, page: Page, one: Performed, patience: Patience) -> bool:
    task, message = one.assignment.task, one.assignment.message
    try:
        with page.attempt():
            for item in one.commands:
                if isinstance(item, Link):
                    page.link(item.case_id, item.system, item.native_id)
                elif not task.said:  # carried out and heard by others, before this store was put back to a backup
                    page.do(item, cause=message)
            page.note(UUID(task.case_id), "desk", task.kind, task.source, message.id)
    except Refusal as refusal:
        if page.record(UUID(task.case_id)) == one.assignment.record:
            _park(tx, page, one, refusal.code)
        else:  # the case has moved on while the handler worked: it is asked again, with what is known now
            _try_again(tx, page, replace(one, code=refusal.code), patience, counts=True)
        return False
    return True


def _try_again(tx: Tx, page: Page, one: Performed, patience: Patience, *, counts: bool) -> None:
    task = one.assignment.task
    if counts and task.attempts + 1 >= patience.attempts:
        _park(tx, page, one, one.code)
        return
    asked = min(one.after or 0, patience.pauses.longest)  # what the system asks for, within reason
    pause = max(patience.pauses.after_ms(task.attempts), int(asked * 1000))
    inbox.retry_work(tx, task.row, page.now_ms + pause, one.code, counts=counts)


def _park(tx: Tx, page: Page, one: Performed, code: str) -> None:
    """Out of the row, into an operator's sight; the case keeps its owner and its clock."""
    task = one.assignment.task
    inbox.park_work(tx, task.row, code)
    page.note(UUID(task.case_id), "parked", task.kind, task.source, one.assignment.message.id, code)
    row = parked.row(
        parked.DESK,
        code,
        "the center's own system did not take it: mend the cause, then replay",
        known_by=task.message_id.encode(),
        owner=one.assignment.record.holder,
        now_ms=page.now_ms,
        peer=task.source,
        case_id=task.case_id,
        message_id=task.message_id,
    )
    parked.park(tx, [row])
