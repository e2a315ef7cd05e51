"""Defects in the interpretation of the center's own system's answers, found by the center suite."""

import dataclasses
from typing import Any

import pytest
from sqlalchemy import select, update

import bus.pipeline.handle
import bus.runtime.engine
import bus.sdk.answers
from bus.pipeline.handle import HandlerOutcome
from bus.sdk.answers import BackendAnswer
from bus.sdk.center import Reject, RetryLater
from bus.store import inbox
from bus.store import tables as t
from verification.mutants.defect import on_the_harness


def _turned(patch: pytest.MonkeyPatch, one: HandlerOutcome, into: HandlerOutcome) -> None:
    """Report a task's outcome as another one."""
    plain = bus.pipeline.handle.perform

    def perform(*given: Any) -> Any:
        result = plain(*given)
        return dataclasses.replace(result, outcome=into) if result.outcome is one else result

    patch.setattr(bus.runtime.engine, "perform", perform)


@on_the_harness(
    "稍后重试当作办完", "takes later for done", "check_backend.waits_for_a_vendor_that_is_away",
)  # fmt: skip
def not_now_taken_for_done(patch: pytest.MonkeyPatch) -> None:
    _turned(patch, HandlerOutcome.NOT_NOW, HandlerOutcome.DONE)


@on_the_harness(
    "稍后重试当作拒办", "takes later for never", "check_backend.survives_every_answer_of_its_vendor", moods=("500",),
)  # fmt: skip
def not_now_taken_for_never(patch: pytest.MonkeyPatch) -> None:
    _turned(patch, HandlerOutcome.NOT_NOW, HandlerOutcome.NOT_EVER)


@on_the_harness(
    "拒办当作办完", "takes never for done", "check_backend.survives_every_answer_of_its_vendor", moods=("400",),
)  # fmt: skip
def never_taken_for_done(patch: pytest.MonkeyPatch) -> None:
    _turned(patch, HandlerOutcome.NOT_EVER, HandlerOutcome.DONE)


@on_the_harness(
    "乱码答复当作成功", "takes garbage of a vendor for success",
    "check_backend.survives_every_answer_of_its_vendor", moods=("garbage",),
)  # fmt: skip
def garbage_taken_for_success(patch: pytest.MonkeyPatch) -> None:
    plain = BackendAnswer.json

    def json(answer: BackendAnswer) -> Any:
        try:
            return plain(answer)
        except RetryLater:
            return {"id": "made-up"}

    patch.setattr(BackendAnswer, "json", json)


@on_the_harness(
    "500 当作永久拒绝", "takes a vendor's 500 for never",
    "check_backend.survives_every_answer_of_its_vendor", moods=("500",),
)  # fmt: skip
def vendor_500_taken_for_never(patch: pytest.MonkeyPatch) -> None:
    plain = BackendAnswer.refuse

    def refuse(answer: BackendAnswer) -> None:
        if answer.status == 500:
            raise Reject("vendor-500")
        plain(answer)

    patch.setattr(BackendAnswer, "refuse", refuse)


@on_the_harness(
    "401 当作永久拒绝", "takes a vendor's 401 for never",
    "check_backend.survives_every_answer_of_its_vendor", moods=("401",),
)  # fmt: skip
def vendor_401_taken_for_never(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bus.sdk.answers, "DENIED", frozenset())


@on_the_harness(
    "搁置不写原因", "parks without a reason", "check_backend.survives_every_answer_of_its_vendor", moods=("404",),
)  # fmt: skip
def parked_without_a_reason(patch: pytest.MonkeyPatch) -> None:
    plain = bus.pipeline.handle._park
    patch.setattr(bus.pipeline.handle, "_park", lambda tx, page, one, _code: plain(tx, page, one, ""))


@on_the_harness(
    "拒办的任务丢弃而不搁置", "drops what a vendor will not take",
    "check_backend.survives_every_answer_of_its_vendor", moods=("409",),
)  # fmt: skip
def never_is_dropped_not_parked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        bus.pipeline.handle, "_park", lambda tx, page, one, _code: inbox.finish_work(tx, [one.claimed.task.row])
    )


@on_the_harness(
    "同一案件不按先后办理", "works on the newest task of a case first", "check_backend.keeps_the_order_of_a_case",
)  # fmt: skip
def work_not_in_order(patch: pytest.MonkeyPatch) -> None:
    def claim_work(tx: Any, now_ms: int, _limit: int, lease_ms: int) -> list[inbox.Task]:
        w = t.work.c
        query = select(w.id, w.message_id, w.case_id, w.source, w.kind, w.body, w.attempts)
        due = query.where(w.state == inbox.WAITING, w.next_ms <= now_ms).order_by(w.id.desc()).limit(1)
        tasks = [inbox.Task(*row) for row in tx.execute(due)]
        ids = [task.row for task in tasks]
        tx.execute(update(t.work).where(w.id.in_(ids)).values(next_ms=now_ms + lease_ms))
        return tasks

    patch.setattr(inbox, "claim_work", claim_work)
