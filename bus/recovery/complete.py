"""Everybody has told: in one transaction the cases become what they were, and the center speaks again."""

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
from bus.custody import EARLY, Outgoing, Record, Refusal
from bus.custody.bounds import check_growth, out_of_bounds
from bus.custody.strangers import left_out, new_strangers, said_to_others
from bus.recovery.case_history import CaseHistory
from bus.recovery.order import in_order
from bus.recovery.rebuild import rebuild
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
    """One recovery's end."""

    page: UnitOfWork
    waiting: dict[str, OutboxRow]
    """What the backup's outbox has: unsent, or heard by now."""
    renewed: dict[str, str]
    """The id under which an earlier recovery from the same backup said it again → its id."""
    park: list[ParkedItem] = field(default_factory=list)
    counters: dict[str, int] = field(default_factory=dict)

    def owed(self, word: ToldMessage) -> str | None:
        """The id in the backup's outbox of what was told here, if it is there."""
        told = word.row.message_id
        found = told if told in self.waiting else self.renewed.get(told)
        return found if found in self.waiting else None


def complete(tx: Tx, context: CenterContext, now: datetime) -> None:
    """End the recovery that goes on. Everything said from here on is of the new era."""
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
    """One case, which harms no other: what cannot be made of what was told is refused, and seen by the operator."""
    uow = restoring.page
    ours = [w for w in told if w.row.way == archive.SAID]
    theirs = [w for w in told if w.row.way == archive.HEARD]
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


def _restore(
    restoring: _Restoring, before: Record | None, said: Sequence[ToldMessage], heard: Sequence[ToldMessage]
) -> None:
    """The record as it was, its work for our own system, and what must be heard once more."""
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
    """Those that can be read, and of which this became."""
    return [w.message for w in heard if w.readable and w.verdict == verdict.value]


def _rebuilt(uow: UnitOfWork, history: CaseHistory) -> tuple[Record, Iterable[Outgoing]]:
    """The record, and what must be said of it again. Raises ``Refusal``: what was told makes no case of ours."""
    try:
        record = rebuild(history, uow.context.arbiter)
        says = [] if record is None else still_to_say(history, record, uow.now)
    except ValidationError:
        raise out_of_bounds() from None
    if record is None:
        raise Refusal("unknown-case", NOBODY_TOLD)
    check_growth(history.before, record)
    strangers = new_strangers(history.before, record, uow.context.security.is_member)
    return (left_out(record, strangers), said_to_others(says, strangers)) if strangers else (record, says)


def _receipted(restoring: _Restoring, told: Iterable[ToldMessage]) -> None:
    """What the backup's outbox still has, and its recipient has heard."""
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
    """What we said and have forgotten goes where it would be: into the archive, or to the refused in the outbox."""
    uow, kept = restoring.page, []
    mark = epoch_start(uow.epoch.number)  # as `lift_sent` does for lanes that the backup has; nothing is newer yet
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
    """A repeat gets the same receipt as before. Refused ones are seen by the operator again; and what cannot be
    applied since nobody told what opens the case is refused too, so that it can be replayed once that is known."""
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
    """A case that was registered here: its record in our own system is known again, its number is not given twice."""
    if record.case.origin != record.me:
        return
    restoring.page.link(record.case.case_id, record.case.source.system, record.case.source.record)
    counter, _, number = record.case.number.rpartition("-")
    if counter and number.isascii() and number.isdecimal() and len(number) < 18:
        restoring.counters[counter] = max(restoring.counters.get(counter, 0), int(number))


def _enqueue_work(uow: UnitOfWork, history: CaseHistory, record: Record, heard: Sequence[ToldMessage]) -> None:
    """What was applied since the backup is worked into our own system again: by the same key its effect stays one.

    Of what others have heard the answer to, only the links are still wanted."""
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
    """What we told our own desk with it: nobody else has heard that copy, but it can be made again, key and all."""
    mine: dict[UUID, Message[Any]] = {}
    for one in history.said:
        replies = isinstance(one.data, k.Resolved) and record.case.origin == record.me
        if replies or (isinstance(one.data, k.Ruled) and one.data.holder == record.me):
            key = derived_id(record.case.case_id, one.data.model_dump_json())
            own = compose(one.data, source=record.me, recipient=record.me, now=one.time, subject=one.subject)
            mine.setdefault(key, own.model_copy(update={"id": key, "causeid": one.causeid}))
    return list(mine.values())


def _hear_again(uow: UnitOfWork, message: Message[Any]) -> None:
    """By the ordinary rules: nobody has heard what became of it, so nothing has."""
    try:
        with uow.savepoint():
            uow.apply(message, encode(message))
    except Refusal as refusal:
        uow.journal(message.subject, "restored", message.data.kind, message.source, message.id, refusal.code)  # type: ignore[arg-type]  # it has a case: asking keeps no other


def _again(message_id: str) -> UUID:
    """The id under which a message of the backup's outbox is said in a new era: the same after each recovery from the
    same backup, so that it is known which of them was heard; another than before, so that no late receipt ends it."""
    return derived_id(UUID(message_id), "again")


def _send_again(restoring: _Restoring) -> None:
    """What nobody has heard is said in the new era, with an id and a place of its own: its old copies count no more."""
    uow = restoring.page
    for row in restoring.waiting.values():
        lane = (row.recipient, row.case_id)
        sequence = lanes.next_sequences(uow.tx, {lane: 1}, uow.epoch.number)[lane] + 1
        values = {"id": _again(row.message_id), "time": uow.now, "sequence": sequence}
        message = decode(row.body).model_copy(update=values)
        outbox.change(uow.tx, row.said_anew(message, encode(message), uow.now_ms))
        uow.journal(UUID(row.case_id), "said", row.kind, row.recipient, message.id)
