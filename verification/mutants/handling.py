"""Defects at the handlers and the intake: effects twice or never, forms taken twice, false answers."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import count
from typing import Any

import pytest
from sqlalchemy import delete, select, update

import bus.pipeline.handle
import bus.pipeline.intake
import bus.runtime.engine
from bus.pipeline.handle import HandlerOutcome
from bus.runtime.engine import Engine
from bus.sdk.center import HandlerContext
from bus.store import Store, StoreUnavailable, Tx, cases, inbox, intakes
from bus.store import tables as t
from bus.store.rows import JournalLine
from verification.mutants.defect import simulated


@simulated("幂等键每次不同", "gives the vendor another idempotency key at every attempt", "one effect a message")
def key_of_the_attempt(patch: pytest.MonkeyPatch) -> None:
    plain, numbers = HandlerContext, count(1)

    def desk(me: str, now: datetime, key: str, *more: Any) -> Any:
        return plain(me, now, f"{key}:{next(numbers)}", *more)

    patch.setattr(bus.pipeline.handle, "HandlerContext", desk)


@simulated("不按案件先后办理", "claims work that is not the first of its case", "effects-in-order")
def work_out_of_order(patch: pytest.MonkeyPatch) -> None:
    def claim_work(tx: Tx, now_ms: int, limit: int, lease_ms: int) -> list[inbox.Task]:
        w = t.work.c
        query = select(w.id, w.message_id, w.case_id, w.source, w.kind, w.body, w.attempts, w.said)
        due = query.where(w.state == inbox.WAITING, w.next_ms <= now_ms).order_by(w.id.desc()).limit(limit)
        tasks = [inbox.Task(*row) for row in tx.execute(due)]
        tx.execute(update(t.work).where(w.id.in_([x.row for x in tasks])).values(next_ms=now_ms + lease_ms))
        return tasks

    patch.setattr(inbox, "claim_work", claim_work)


@simulated("先销任务后办理", "finishes the task before its effect", "heard-is-worked", "done-left-its-effect")
def finished_before_the_effect(patch: pytest.MonkeyPatch) -> None:
    plain = inbox.claim_work

    def claim_work(tx: Tx, *how: int) -> list[inbox.Task]:
        tasks = plain(tx, *how)
        tx.execute(delete(t.work).where(t.work.c.id.in_([task.row for task in tasks])))
        for task in tasks:
            cases.note(tx, [JournalLine(task.case_id, how[0], "desk", task.kind, task.source, task.message_id)])
        return tasks

    patch.setattr(inbox, "claim_work", claim_work)


@simulated("业务系统不在也算办妥", "takes a vendor that is away for done", "done-left-its-effect")
def away_is_done(patch: pytest.MonkeyPatch) -> None:
    plain = bus.pipeline.handle.perform

    def perform(*given: Any) -> Any:
        performed = plain(*given)
        return (
            replace(performed, outcome=HandlerOutcome.DONE)
            if performed.outcome == HandlerOutcome.NOT_NOW
            else performed
        )

    patch.setattr(bus.runtime.engine, "perform", perform)


@simulated("不在当作不能", "gives up at once on a vendor that is away", "away is not never")
def away_is_never(patch: pytest.MonkeyPatch) -> None:
    plain = bus.pipeline.handle.perform

    def perform(*given: Any) -> Any:
        performed = plain(*given)
        return (
            replace(performed, outcome=HandlerOutcome.NOT_EVER)
            if performed.outcome == HandlerOutcome.NOT_NOW
            else performed
        )

    patch.setattr(bus.runtime.engine, "perform", perform)


@simulated(
    "任务的领取重启后不释放", "never frees the claimed tasks of a process that died", "nothing-left", "comes to rest"
)
def task_claimed_for_ever(patch: pytest.MonkeyPatch) -> None:
    plain, plain_there = inbox.claim_work, inbox.still_there

    def claim_work(tx: Tx, *how: int) -> list[inbox.Task]:
        tasks = plain(tx, *how)
        tx.execute(update(t.work).where(t.work.c.id.in_([task.row for task in tasks])).values(state="working"))
        return tasks

    def still_there(tx: Tx, rows: Sequence[int]) -> set[int]:
        ours = (t.work.c.id.in_(rows)) & (t.work.c.state == "working")
        tx.execute(update(t.work).where(ours).values(state=inbox.WAITING))
        return plain_there(tx, rows)

    patch.setattr(inbox, "claim_work", claim_work)
    patch.setattr(inbox, "still_there", still_there)


@simulated(
    "流水随下一次提交才写",
    "writes the journal with the next commit",
    "record-as-in-journal",
    "inbox-as-in-journal",
    "outbox-as-in-journal",
)
def journal_written_later(patch: pytest.MonkeyPatch) -> None:
    plain, plain_begin = cases.note, Engine.begin
    later: dict[str, list[JournalLine]] = {}

    def note(tx: Tx, lines: Sequence[JournalLine]) -> None:
        held = later.setdefault(str(tx.engine.url), [])
        for line in held:
            plain(tx, [line])
        held[:] = lines

    def begin(engine: Engine) -> None:
        later.pop(str(engine.store.url), None)
        plain_begin(engine)

    patch.setattr(cases, "note", note)
    patch.setattr(Engine, "begin", begin)


@simulated(
    "受理不记来件",
    "forgets which forms it has taken",
    "taken-was-submitted",
    "told-is-kept",
    "submitted-is-open-plus-closed",
)
def intake_forgets(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bus.pipeline.intake, "_repeated", lambda *_: None)
    patch.setattr(bus.pipeline.intake, "_never_twice", lambda *_: None)
    patch.setattr(intakes, "note", lambda *_: None)


@simulated("未存先答已受理", "answers a form before its commit", "told-is-kept")
def answered_before_commit(patch: pytest.MonkeyPatch) -> None:
    plain = bus.pipeline.intake.intake

    class Hasty:
        def __init__(self, store: Store) -> None:
            self._store = store

        def write(self, change: Any) -> Any:
            answers: list[Any] = []

            def overheard(tx: Tx) -> Any:
                answers[:] = [change(tx)]
                return answers[0]

            try:
                return self._store.write(overheard)
            except StoreUnavailable:
                if answers:
                    return answers[0]
                raise

    patch.setattr(bus.runtime.engine, "intake", lambda store, *more: plain(Hasty(store), *more))  # type: ignore[arg-type]  # all that intake wants of a store
