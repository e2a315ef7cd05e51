"""Defects of custody, one function each: found by the custody machine, or by an example if the machine meets them
seldom.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest

from bus.contract import messages as k
from bus.custody import Decision, Record, Status, offers
from bus.custody import commands as c
from verification.mutants.defect import in_custody

deciding: Any = import_module("bus.custody.decide")
hearing: Any = import_module("bus.custody.hear_message")
"""The modules, because the package exports functions of the same names."""

Step = Callable[..., Decision]
Change = Callable[[Record, Decision, Any, str], Decision]
"""``change(before, decision, what, source)`` spoils a right step."""


def _after(patch: pytest.MonkeyPatch, table: dict[type, Any], kind: type, change: Change) -> None:
    right: Step = table[kind]

    def wrong(record: Record, what: Any, *rest: Any) -> Decision:
        return change(record, right(record, what, *rest), what, rest[0] if isinstance(rest[0], str) else "")

    patch.setitem(table, kind, wrong)


def _said(decision: Decision, record: Record) -> Decision:
    return Decision(record, decision.outgoing, needs_handling=decision.needs_handling)


@in_custody("采信过期的接单", "a stale accept is believed", machine=False)
def stale_accept_is_believed(patch: pytest.MonkeyPatch) -> None:
    right: Step = hearing._HANDLERS[k.Accepted]

    def wrong(record: Record, data: k.Accepted, source: str, *rest: Any) -> Decision:
        if data.bid or data.version >= record.version:
            return right(record, data, source, *rest)
        return Decision(record.with_(holder=source))

    patch.setitem(hearing._HANDLERS, k.Accepted, wrong)


@in_custody("旧持有者的进展覆盖新持有者", "an old holder's progress overwrites")
def progress_of_an_old_holder(patch: pytest.MonkeyPatch) -> None:
    def wrong(record: Record, _data: object, source: str, *_rest: Any) -> Decision:
        return Decision(record.with_(holder=source), needs_handling=True)

    patch.setitem(hearing._HANDLERS, k.Progressed, wrong)


@in_custody("接单不升版本", "an accept does not raise the version")
def accept_of_the_same_version(patch: pytest.MonkeyPatch) -> None:
    _after(patch, deciding._DECIDERS, c.Accept, lambda b, d, _w, _s: _said(d, d.record.with_(version=b.version)))


@in_custody("撤回无需对方答复", "a withdrawal needs no answer")
def withdrawal_without_an_answer(patch: pytest.MonkeyPatch) -> None:
    _after(patch, deciding._DECIDERS, c.Withdraw, lambda _b, d, _w, _s: _said(d, d.record.with_(offer_out=None)))


@in_custody("接单之后仍同意撤回", "a withdrawal is granted after the accept")
def withdrawal_after_the_accept(patch: pytest.MonkeyPatch) -> None:
    _after(
        patch,
        hearing._HANDLERS,
        k.WithdrawalRequested,
        lambda b, d, w, s: _said(d, b.with_(holder=s, version=w.version)) if d.superseded and b.mine else d,
    )


@in_custody("退单使持有者丢失", "a decline loses the holder")
def decline_loses_the_holder(patch: pytest.MonkeyPatch) -> None:
    _after(patch, hearing._HANDLERS, k.Declined, lambda b, d, _w, s: d if d.superseded else _said(d, b.with_(holder=s)))


@in_custody("退单未记录", "a decline is not taken down")
def decline_not_taken_down(patch: pytest.MonkeyPatch) -> None:
    _after(
        patch, hearing._HANDLERS, k.Declined, lambda b, d, _w, _s: d if d.superseded else Decision(b, superseded=True)
    )


@in_custody("抢单判给两家", "an open offer is granted to two")
def open_offer_granted_twice(patch: pytest.MonkeyPatch) -> None:
    _after(
        patch,
        hearing._HANDLERS,
        k.Accepted,
        lambda b, d, w, _s: _said(d, d.record.with_(offer_out=b.offer_out)) if w.bid and d.outgoing else d,
    )


@in_custody("未抢到的中心没有得到通知", "losers of an open offer are not told")
def losers_not_told(patch: pytest.MonkeyPatch) -> None:
    _after(
        patch,
        hearing._HANDLERS,
        k.Accepted,
        lambda _b, d, _w, _s: Decision(d.record, tuple(x for x in d.outgoing if not isinstance(x.data, k.Lost))),
    )


@in_custody("重办不开新一轮", "a reopening begins no round")
def reopening_without_a_round(patch: pytest.MonkeyPatch) -> None:
    _after(patch, deciding._DECIDERS, c.Reopen, lambda b, d, _w, _s: _said(d, d.record.with_(round=b.round)))


@in_custody("办结者自行结案", "the holder closes what it resolves")
def holder_closes(patch: pytest.MonkeyPatch) -> None:
    _after(patch, deciding._DECIDERS, c.Resolve, lambda _b, d, _w, _s: _said(d, d.record.with_(status=Status.CLOSED)))


@in_custody("裁定不作隔离", "a ruling does not fence")
def ruling_does_not_fence(patch: pytest.MonkeyPatch) -> None:
    _after(patch, deciding._DECIDERS, c.Rule, lambda b, d, _w, _s: _said(d, d.record.with_(version=b.version + 1)))


@in_custody("办理结果使已结案件重开", "a result reopens a closed case", machine=False)
def result_reopens(patch: pytest.MonkeyPatch) -> None:
    _after(patch, hearing._HANDLERS, k.Resolved, lambda _b, d, _w, _s: _said(d, d.record.with_(status=Status.RESOLVED)))


@in_custody("接单只告知转办方", "only the offerer hears of an accept", machine=False)
def accept_told_to_the_offerer_only(patch: pytest.MonkeyPatch) -> None:
    def change(before: Record, decision: Decision, _what: object, _source: str) -> Decision:
        assert before.offer_in is not None
        offerer = before.offer_in.offerer
        return Decision(decision.record, tuple(outgoing for outgoing in decision.outgoing if outgoing.to == offerer))

    _after(patch, deciding._DECIDERS, c.Accept, change)


@in_custody("不计退单次数", "returns are not counted", machine=False)
def returns_not_counted(patch: pytest.MonkeyPatch) -> None:
    right: Step = offers.offer
    patch.setattr(offers, "offer", lambda record, command, now, _limit: right(record, command, now, 99))


@in_custody("对交错的消息不作处理", "crossing words are left alone")
def crossing_words_left_alone(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(hearing, "follow_ups", lambda _before, decision, *_rest: decision)
