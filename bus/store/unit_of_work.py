"""The unit of work: one transaction's view of the cases.

Records are read once, decisions are collected in order, and everything is written at the end. Intake, receive and
handle differ only in the source of a command; its effects are all written here.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from bus.context import CenterContext
from bus.contract.codec import encode, remember
from bus.contract.envelope import Message, compose
from bus.contract.ids import derived_id, new_id
from bus.contract.messages import ArbitrationRequested, CaseKind, Escalated, ExtensionRequested, Ruled
from bus.custody import Decision, Outgoing, Record, Refusal, Status, decide, hear_message, register
from bus.custody.bounds import check_growth, out_of_bounds
from bus.custody.commands import Command, Register
from bus.custody.more_time import Granting
from bus.custody.strangers import without_strangers
from bus.store import activities, case_count, cases, facts, inbox, lanes, opinions, outbox, recovery, timers
from bus.store.database import Tx
from bus.store.rows import JournalLine, LinkRow
from bus.store.timestamps import ms


@dataclass(frozen=True, slots=True)
class _Queued:
    outgoing: Outgoing
    case_id: UUID
    cause: UUID | None
    traceparent: str | None


UNREADABLE = "record-unreadable"
"""The code of a case whose record cannot be read, so that nothing is done with it."""


ABOUT_ARBITERS = (ArbitrationRequested, Ruled, ExtensionRequested, Escalated)
"""Kinds that only an arbiter says, or is told."""


class UnitOfWork:
    """Open it on a transaction, collect decisions, ``flush`` it once."""

    def __init__(self, tx: Tx, context: CenterContext, now: datetime) -> None:
        self.tx = tx
        self.context = context
        self.now = now
        self.now_ms = ms(now)
        self._records: dict[UUID, Record | None] = {}
        """None: this center has never had that case."""
        self._unreadable: set[UUID] = set()
        self._changed: dict[UUID, None] = {}
        self._new: set[UUID] = set()
        """Of the changed ones those that this center did not have before."""
        self._queued: list[_Queued] = []
        self._tasks: list[tuple[Message[Any], bytes]] = []
        self._journal: list[JournalLine] = []
        self._opinions: list[opinions.OpinionRow] = []
        self._activities: list[activities.ActivityRow] = []
        self._links: dict[tuple[str, str], str] = {}
        """(system, native id) → case"""
        self._numbers: dict[str, int] = {}
        """The last value given of each running number."""
        self._looks: dict[UUID, int | None] = {}
        """When the clocks look at a case again, where that is known; None: never."""
        self._before: dict[UUID, tuple[Record | None, bool]] = {}
        """Within a savepoint: each changed record as it was before, and whether it was changed already."""

    @cached_property
    def epoch(self) -> recovery.Epoch:
        """The center's own epoch, and whether it recovers. Read once."""
        return recovery.epoch(self.tx)

    @cached_property
    def _settled(self) -> tuple[int, Granting | None]:
        """What the county has settled for commands."""
        return self.context.returns_before_arbiter, self.context.granting()

    def load(self, case_ids: Iterable[UUID]) -> None:
        """Read and lock these cases, all at once."""
        wanted = {case_id for case_id in case_ids if case_id not in self._records}
        self._records.update(dict.fromkeys(wanted))
        loaded = cases.load_each(self.tx, wanted)
        self._records.update(loaded.records)
        self._unreadable |= loaded.unreadable

    def record(self, case_id: UUID) -> Record | None:
        """The record as this unit of work has it. Raises ``Refusal`` for a record that cannot be read: only that case
        is blocked."""
        try:  # UUIDs are hashed in Python, so each dictionary lookup counts
            record = self._records[case_id]
        except KeyError:
            self.load([case_id])
            record = self._records[case_id]
        if self._unreadable and case_id in self._unreadable:
            raise Refusal(UNREADABLE, "the record of this case in the store is damaged: compare with a backup")
        return record

    def new_case_id(self) -> UUID:
        """A new case's id, without asking the store."""
        case_id = new_id()
        self._records[case_id] = None
        return case_id

    def next_number(self, counter: str) -> int:
        """The next value of a running number, from 1. Gaps are possible, repeats are not."""
        given = self._numbers.get(counter)
        self._numbers[counter] = cases.next_number(self.tx, counter) if given is None else given + 1
        return self._numbers[counter]

    def execute(self, command: Command, cause: Message[Any] | None = None) -> None:
        """Carry out a command of this center. Raises ``Refusal``."""
        record = self.record(command.case_id)
        if record is None and not isinstance(command, Register):
            raise Refusal("unknown-case", "this center has never had this case")
        try:
            decision = (
                register(command, self.context.me, self.context.arbiter)
                if record is None and isinstance(command, Register)
                else self._decide(record, command)  # type: ignore[arg-type]  # not None here
            )
        except ValidationError:  # the resulting message would exceed its bounds: no fault of the batch
            raise out_of_bounds() from None
        if decision.opinion is not None:
            opinions.add(self.tx, self._opinions, opinions.row(command.case_id, decision.opinion))
        self._put(decision, "did", type(command).__name__.lower(), self.context.me, cause)

    def _decide(self, record: Record, command: Command) -> Decision:
        return decide(record, command, self.now, *self._settled, masking=self._masking)

    @cached_property
    def _masking(self) -> bool:
        """Whether residents are masked. Asked once, so that one commit keeps to one directory."""
        return self.context.masks_residents()

    def apply(self, message: Message[Any], body: bytes) -> Decision:
        """Apply a peer's message, which came as ``body``. Raises ``Refusal``."""
        case_id: UUID = message.subject  # type: ignore[assignment]  # accept lets none through without a case
        data: CaseKind = message.data
        record, me = self.record(case_id), self.context.me
        arbiters = self.context.arbiters() if isinstance(data, ABOUT_ARBITERS) else None
        try:
            said_at, reads = min(message.time, self.now), self.context.reads
            decision = hear_message(
                record, data, message.source, me, case_id, said_at, arbiters, reads, self.now, masking=self._masking
            )
        except ValidationError:  # as above
            raise out_of_bounds() from None
        if (security := self.context.security).lists_members:
            decision = without_strangers(record, decision, data, security.is_member)
        self._put(decision, "superseded" if decision.superseded else "heard", data.kind, message.source, message)
        if decision.needs_handling and not decision.superseded:
            self._tasks.append((message, body))
        return decision

    def restore(self, record: Record, says: Iterable[Outgoing]) -> None:
        """Write a case as peers have told it after a restore, and the messages that must be sent again."""
        self._put(Decision(record, tuple(says)), "restored", "case", self.context.me, None)

    def amend(self, record: Record, way: str, peer: str, code: str) -> None:
        """Write an operator's change of a record; the journal names the peer and the code."""
        self._put(Decision(record), way, "lane", peer, None, code)

    def remind(self, decision: Decision, clock: str, to: str, code: str) -> None:
        """Write what a clock says of a case, and the first line of the journal about it."""
        self._put(decision, "reminded", clock, to, None, code)

    def look_again(self, case_id: UUID, next_ms: int | None) -> None:
        """Set when the clocks look at a case again; None: not before it changes."""
        self._looks[case_id] = next_ms

    def link(self, case_id: UUID, system: str, native_id: str) -> None:
        """Link a record of the center's own system to the case; an existing link stays."""
        self._links.setdefault((system, native_id), str(case_id))

    def held(self, activity: activities.ActivityRow) -> None:
        """Keep an activity, which is no case."""
        self._activities.append(activity)

    def linked(self, system: str, native_id: str) -> UUID | None:
        """The case that this unit of work itself has linked to a native record."""
        found = self._links.get((system, native_id))
        return UUID(found) if found else None

    def linked_records(self) -> set[tuple[str, str]]:
        """The records (system, native id) that this unit of work has linked to a case."""
        return {*self._links}

    def journal(self, case_id: UUID, way: str, kind: str, peer: str, message_id: UUID | None, code: str = "") -> None:
        """Add a line to the case's journal that no decision makes."""
        unreadable = self._unreadable and case_id in self._unreadable
        self._line(None if unreadable else self.record(case_id), case_id, way, kind, peer, message_id, code)

    def _line(
        self, record: Record | None, case_id: UUID, way: str, kind: str, peer: str, message_id: UUID | None, code: str
    ) -> None:
        holder, version = (record.holder, record.version) if record else ("", 0)
        about = str(message_id) if message_id else None
        line = JournalLine(str(case_id), self.now_ms, way, kind, peer, about, holder, version, code)
        self._journal.append(line)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """All or nothing: if the block raises, the unit of work is as before it, and neighbouring items are
        unharmed."""
        self._before = {}
        lengths, links = [len(kept) for kept in self._kept()], len(self._links)
        try:
            yield
        except BaseException:
            for case_id, (record, changed) in self._before.items():
                self._records[case_id] = record
                if not changed:
                    del self._changed[case_id]
                    self._new.discard(case_id)
            for kept, length in zip(self._kept(), lengths, strict=True):
                del kept[length:]
            while len(self._links) > links:
                self._links.popitem()
            raise

    def _kept(self) -> tuple[list[Any], ...]:
        return self._queued, self._tasks, self._journal, self._opinions, self._activities

    def _put(
        self, decision: Decision, way: str, kind: str, peer: str, cause: Message[Any] | None, code: str = ""
    ) -> None:
        record = decision.record
        case_id = record.case.case_id
        before = self._records.get(case_id)
        check_growth(before, record)
        if case_id not in self._before:
            self._before[case_id] = (before, case_id in self._changed)
        self._records[case_id] = record
        self._changed[case_id] = None
        if before is None:
            self._new.add(case_id)
        self._line(record, case_id, way, kind, peer, cause.id if cause else None, code)
        for outgoing in decision.outgoing:
            self._queued.append(
                _Queued(outgoing, case_id, cause.id if cause else None, cause.traceparent if cause else None)
            )

    @property
    def has_output(self) -> bool:
        """Whether it leaves a message to send or a task to handle."""
        return bool(self._queued or self._tasks)

    def flush(self) -> int:
        """Write everything. Returns how many messages were put into the outbox."""
        changed = (self._records[case_id] for case_id in self._changed)
        cases.keep(self.tx, [record for record in changed if record is not None], self.now_ms)
        sent = self._write_outbox()
        inbox.enqueue_work(self.tx, [self._work_row(*one) for one in self._tasks])
        cases.numbered(self.tx, self._numbers)
        links = self._links.items()
        cases.link(self.tx, [LinkRow(system, native_id, case_id) for (system, native_id), case_id in links])
        cases.note(self.tx, self._journal)
        if self._journal and self.context.tells_facts:
            facts.keep(self.tx, facts.rows_of(self._journal, self._records, self.now, self.context.clocks))
        opinions.keep(self.tx, self._opinions)
        activities.keep(self.tx, self._activities)
        case_count.add(self.tx, len(self._new))
        if self.context.clocks is not None:
            self._write_timers()
        return sent

    def _write_timers(self) -> None:
        """Let the clocks look at each changed case, in the transaction of its change. A closed one waits for nothing
        but at its origin."""
        looks = dict(self._looks)
        for case_id in self._changed:
            record = self._records[case_id]
            ended = record is None or (record.status is Status.CLOSED and record.case.origin != self.context.me)
            looks.setdefault(case_id, None if ended else self.now_ms)
        timers.put(self.tx, [timers.TimerRow(str(one), at_ms) for one, at_ms in looks.items() if at_ms is not None])
        timers.forget(self.tx, [str(one) for one, at_ms in looks.items() if at_ms is None])

    def _write_outbox(self) -> int:
        wanted: dict[tuple[str, str], int] = {}
        for spoken in self._queued:
            if spoken.outgoing.to != self.context.me:
                lane = (spoken.outgoing.to, str(spoken.case_id))
                wanted[lane] = wanted.get(lane, 0) + 1
        last = lanes.next_sequences(self.tx, wanted, self.epoch.number) if wanted else {}
        rows: list[outbox.OutboxRow] = []
        for spoken in self._queued:
            sequence = 0
            if spoken.outgoing.to != self.context.me:
                lane = (spoken.outgoing.to, str(spoken.case_id))
                sequence = last[lane] = last[lane] + 1
            message = compose(
                spoken.outgoing.data,
                source=self.context.me,
                recipient=spoken.outgoing.to,
                now=self.now,
                subject=spoken.case_id,
                sequence=sequence,
                cause=spoken.cause,
                traceparent=spoken.traceparent,
            )
            if not sequence:  # a message to ourselves: its effect must have the same key after a restore
                content = spoken.outgoing.data.model_dump_json()
                message = message.model_copy(update={"id": derived_id(spoken.case_id, content)})
            self.journal(spoken.case_id, "said", spoken.outgoing.data.kind, spoken.outgoing.to, message.id)
            if sequence:
                rows.append(outbox.OutboxRow.of(message, encode(message), self.now_ms))
            else:
                self._tasks.append((message, encode(message)))
        outbox.enqueue(self.tx, rows)
        return len(rows)

    def _work_row(self, message: Message[Any], body: bytes) -> inbox.WorkRow:
        remember(body, message)
        return inbox.WorkRow.of(message, body, self.now_ms)
