"""The end of a recovery: every peer has told, one transaction restores the cases, and the center speaks again."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from bus.context import CenterContext
from bus.contract import messages as k
from bus.contract.codec import Undecodable, decode, encode
from bus.contract.envelope import Message, compose
from bus.contract.epochs import epoch_start
from bus.contract.ids import derived_id
from bus.custody import EARLY, Decision, Outgoing, Record, Refusal
from bus.custody.bounds import check_growth, out_of_bounds
from bus.custody.plans import go_on
from bus.custody.strangers import left_out, new_strangers, said_to_others
from bus.recovery.case_history import CaseHistory
from bus.recovery.facts_lane import hear_facts_again, is_of_facts
from bus.recovery.order import in_order
from bus.recovery.rebuild import rebuild
from bus.recovery.reminders import with_reminders
from bus.recovery.resend import commands_were_heard, must_be_heard_again, still_to_say
from bus.recovery.told_messages import ToldMessage, applied_here, archived, heard_here, memory, outbox_row, read_each
from bus.store import archive, inbox, lanes, outbox, parked, recovery
from bus.store.database import Tx
from bus.store.inbox import WorkRow
from bus.store.outbox import OutboxRow
from bus.store.parked import ParkedItem, parked_row, refused_row
from bus.store.timestamps import ms
from bus.store.unit_of_work import UnitOfWork

NOBODY_TOLD = "nobody told what opens this case here: ask its holder or origin too, `bus recover --ask CENTER`"


@dataclass(slots=True)
class _Restoring:
    """The state of one recovery's end."""

    page: UnitOfWork
    waiting: dict[str, OutboxRow]
    """The backup's outbox: unsent, or heard by now."""
    renewed: dict[str, str]
    """Ids under which an earlier recovery from the same backup sent messages again → their original ids."""
    park: list[ParkedItem] = field(default_factory=list)
    counters: dict[str, int] = field(default_factory=dict)

    def owed(self, word: ToldMessage) -> str | None:
        """The id in the backup's outbox of a told message, if it is there."""
        told = word.row.message_id
        found = told if told in self.waiting else self.renewed.get(told)
        return found if found in self.waiting else None


def complete(tx: Tx, context: CenterContext, now: datetime) -> None:
    """End the current recovery. Every later message belongs to the new epoch."""
    epoch = recovery.epoch(tx)
    if epoch.recovery is None:
        return
    waiting = {row.message_id: row for row in outbox.readable(tx)}
    restoring = _Restoring(UnitOfWork(tx, context, now), waiting, {str(_again(known)): known for known in waiting})
    recovery.forget_held(tx)
    recovery.lift_sent(tx, epoch_start(epoch.number))
    for case_id in recovery.cases_told(tx):
        _case(restoring, UUID(case_id), read_each(recovery.told(tx, case_id)))
    _send_again(restoring)
    recovery.lift_counters(tx, restoring.counters)
    parked.park(tx, restoring.park)
    restoring.page.flush()
    recovery.end(tx, epoch.recovery, ms(now))


def _case(restoring: _Restoring, case_id: UUID, told: Sequence[ToldMessage]) -> None:
    """Restore one case without harm to others: messages that cannot be applied are refused and shown to the
    operator."""
    uow = restoring.page
    ours = [w for w in told if w.row.way == archive.SAID]
    theirs = [w for w in told if w.row.way == archive.HEARD]
    if is_of_facts(told):
        _facts(restoring, ours, applied_here(theirs, []))
        return
    try:
        before = uow.record(case_id)
    except Refusal as damaged:
        _remember(restoring, applied_here(theirs, []), unless=damaged)
        return
    said = [w for w in ours if restoring.owed(w) is None]
    heard = heard_here(before, said, theirs)
    _receipted(restoring, ours)
    _keep_said(restoring, said)
    _restore(restoring, before, said, heard)


def _facts(restoring: _Restoring, ours: Sequence[ToldMessage], heard: Sequence[ToldMessage]) -> None:
    """Restore a lane of facts, which is no case's."""
    said = [w for w in ours if restoring.owed(w) is None]
    _receipted(restoring, ours)
    _keep_said(restoring, said)
    hear_facts_again(restoring.page, heard)
    _remember(restoring, heard)


def _restore(
    restoring: _Restoring, before: Record | None, said: Sequence[ToldMessage], heard: Sequence[ToldMessage]
) -> None:
    """Restore the record, its tasks for the center's own system, and the messages to be heard again."""
    uow = restoring.page
    words = [w.message for w in said if w.readable]
    whole = CaseHistory(uow.context.me, before, words, _of(heard, k.Verdict.APPLIED))
    again = [one for one in whole.heard if must_be_heard_again(whole, one)]
    history = replace(whole, heard=[one for one in whole.heard if one not in again])
    try:
        record, says = _rebuilt(uow, history)
    except Refusal as hopeless:
        _remember(restoring, heard, unless=hopeless)
        return
    _remember(restoring, heard)
    uow.restore(record, says)
    _name(restoring, record)
    _enqueue_work(uow, whole, record, [w for w in heard if w.message in history.heard])
    for message in in_order([*again, *_of(heard, k.Verdict.SUPERSEDED)]):
        _hear_again(uow, message)


def _of(heard: Iterable[ToldMessage], verdict: k.Verdict) -> list[Message[Any]]:
    """The readable messages with this verdict."""
    return [w.message for w in heard if w.readable and w.verdict == verdict.value]


def _rebuilt(uow: UnitOfWork, history: CaseHistory) -> tuple[Record, Iterable[Outgoing]]:
    """The record, and the messages to send again. Raises ``Refusal``: the told messages yield no case of ours."""
    try:
        record = rebuild(history, uow.context.arbiter)
        says = [] if record is None else still_to_say(history, record, uow.now)
    except ValidationError:
        raise out_of_bounds() from None
    if record is None:
        raise Refusal("unknown-case", NOBODY_TOLD)
    reminded = with_reminders(history, record, uow.context.clocks)
    decision = go_on(Decision(reminded, tuple(says)), uow.now)
    record, says = decision.record, list(decision.outgoing)
    check_growth(history.before, record)
    strangers = new_strangers(history.before, record, uow.context.security.is_member)
    return (left_out(record, strangers), said_to_others(says, strangers)) if strangers else (record, says)


def _receipted(restoring: _Restoring, told: Iterable[ToldMessage]) -> None:
    """Settle messages in the backup's outbox that their recipient has heard."""
    uow = restoring.page
    for word in told:
        known = restoring.owed(word)
        if known is None:
            continue
        row, message_id = restoring.waiting.pop(known), word.row.message_id
        if message_id != known:
            row = row.reworded(word.message, word.row.body)
            outbox.change(uow.tx, row)
        if word.verdict == k.Verdict.REFUSED.value:
            code = word.row.code or "refused"
            outbox.receipted(uow.tx, row.recipient, [], [(message_id, code)])
            restoring.park.append(refused_row(row, uow.context, code, uow.now))
        else:
            archive.keep_said(uow.tx, row.recipient, [message_id], word.verdict, uow.now_ms)
            outbox.receipted(uow.tx, row.recipient, [message_id], [])


def _keep_said(restoring: _Restoring, said: Sequence[ToldMessage]) -> None:
    """Put forgotten own messages where they belong: into the archive, or to the refused ones in the outbox."""
    uow, kept = restoring.page, []
    mark = epoch_start(uow.epoch.number)  # as `lift_sent` does for lanes of the backup; nothing is newer yet
    lanes.set_lanes(uow.tx, "sent", {(w.row.peer, w.row.case_id): mark for w in said}, uow.epoch.number)
    for told in said:
        row = outbox_row(told, uow.now_ms)
        if told.verdict == k.Verdict.REFUSED.value:
            outbox.enqueue(uow.tx, [row])
            restoring.park.append(refused_row(row, uow.context, row.trouble, uow.now))
        else:
            kept.append(archived(told, archive.SAID, row.recipient, uow.now_ms))
    archive.keep(uow.tx, kept)


def _remember(restoring: _Restoring, heard: Sequence[ToldMessage], *, unless: Refusal | None = None) -> None:
    """Restore the memory of applied messages, so that a repeat gets the same receipt. Refused ones are shown to the
    operator again. Messages of a case that no told message opens are refused too, so that they can be replayed
    later."""
    uow, now_ms = restoring.page, restoring.page.now_ms
    rows: list[inbox.AppliedRow] = []
    marks: dict[inbox.Lane, int] = {}
    for told in heard:
        row = memory(told, now_ms)
        if unless is not None:
            row = row._replace(verdict=k.Verdict.REFUSED.value, code=unless.code)
        rows.append(row)
        lane = (row.peer, row.case_id)
        marks[lane] = max(marks.get(lane, 0), row.sequence)
        if row.verdict == k.Verdict.REFUSED.value:
            hint, code = ("" if unless is None else unless.cure), row.code or "refused"
            item = parked_row(parked.WIRE, uow.context, told.row.body, told.message, code, hint, uow.now)
            restoring.park.append(item)
    inbox.remember(uow.tx, rows)
    lanes.set_lanes(uow.tx, "applied", marks, uow.epoch.number)
    archive.keep(uow.tx, [archived(w, archive.HEARD, w.message.source, now_ms) for w in heard])
    parked.take_coded(uow.tx, parked.WIRE, EARLY, [row.message_id for row in rows] if unless is None else [])


def _name(restoring: _Restoring, record: Record) -> None:
    """Restore the link and the number of a case that was registered here, so that no number is given twice."""
    if record.case.origin != record.me:
        return
    restoring.page.link(record.case.case_id, record.case.source.system, record.case.source.record)
    counter, _, number = record.case.number.rpartition("-")
    if counter and number.isascii() and number.isdecimal() and len(number) < 18:
        restoring.counters[counter] = max(restoring.counters.get(counter, 0), int(number))


def _enqueue_work(uow: UnitOfWork, history: CaseHistory, record: Record, heard: Sequence[ToldMessage]) -> None:
    """Repeat the tasks of messages applied since the backup: the same idempotency key keeps each effect single. If
    others have heard the answer, only the links are missing."""
    now_ms = uow.now_ms
    bodies = {told.message.id: told.row.body for told in heard}
    messages = in_order([*(told.message for told in heard), *_to_ourselves(history, record)])
    rows = [
        WorkRow.of(one, bodies.get(one.id) or encode(one), now_ms, said=commands_were_heard(history, one))
        for one in messages
    ]
    there = []
    for body in inbox.bodies(uow.tx, str(record.case.case_id)):
        with suppress(Undecodable):
            there.append(decode(body))
    recovery.mark_said(uow.tx, [str(one.id) for one in there if commands_were_heard(history, one)], now_ms)
    inbox.enqueue_work(uow.tx, rows)


def _to_ourselves(history: CaseHistory, record: Record) -> list[Message[Any]]:
    """The copies of these messages to this center itself: they were never sent, but can be made again with the same
    key."""
    mine: dict[UUID, Message[Any]] = {}
    for one in history.said:
        replies = isinstance(one.data, k.Resolved) and record.case.origin == record.me
        if replies or (isinstance(one.data, k.Ruled) and one.data.holder == record.me):
            key = derived_id(record.case.case_id, one.data.model_dump_json())
            own = compose(one.data, source=record.me, recipient=record.me, now=one.time, subject=one.subject)
            mine.setdefault(key, own.model_copy(update={"id": key, "causeid": one.causeid}))
    return list(mine.values())


def _hear_again(uow: UnitOfWork, message: Message[Any]) -> None:
    """Apply the message again by the ordinary rules: no peer has heard an answer, so there was none."""
    try:
        with uow.savepoint():
            uow.apply(message, encode(message))
    except Refusal as refusal:
        uow.journal(message.subject, "restored", message.data.kind, message.source, message.id, refusal.code)  # type: ignore[arg-type]  # it has a case: asking keeps no other


def _again(message_id: str) -> UUID:
    """The id of an outbox message that is sent again in a new epoch. It is the same after each recovery from the same
    backup, so that a heard one is recognised. It differs from the old id, so that no late receipt settles it."""
    return derived_id(UUID(message_id), "again")


def _send_again(restoring: _Restoring) -> None:
    """Send unheard messages in the new epoch, with new ids and sequences: their old copies no longer count."""
    uow = restoring.page
    for row in restoring.waiting.values():
        lane = (row.recipient, row.case_id)
        sequence = lanes.next_sequences(uow.tx, {lane: 1}, uow.epoch.number)[lane] + 1
        values = {"id": _again(row.message_id), "time": uow.now, "sequence": sequence}
        message = decode(row.body).model_copy(update=values)
        outbox.change(uow.tx, row.said_anew(message, encode(message), uow.now_ms))
        uow.journal(UUID(row.case_id), "said", row.kind, row.recipient, message.id)
