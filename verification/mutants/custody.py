"""Defects of the protocol itself: two centers hold a case, or none does."""

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from typing import Any

import pytest

from bus.bilingual import Bilingual
from bus.contract import messages as k
from bus.custody import Decision, Record, Refusal, arbitration, assists, offers, progress
from bus.custody import commands as c
from bus.custody.record import Outgoing
from verification.mutants.defect import simulated, tested

DECIDE, HEAR = import_module("bus.custody.decide"), import_module("bus.custody.hear_message")
"""Imported by name, because the package exports functions of the same names."""
deciders: dict[Any, Callable[..., Decision]] = DECIDE._DECIDERS
hearers: dict[Any, Callable[..., Decision]] = HEAR._HANDLERS


@simulated("单方撤回", "takes an offered case back without being answered", "one-custodian")
def unilateral_withdrawal(patch: pytest.MonkeyPatch) -> None:
    plain = deciders[c.Withdraw]

    def withdraw(record: Record, command: Any, now: Any) -> Decision:
        decision = plain(record, command, now)
        return replace(decision, record=decision.record.with_(offer_out=None))

    patch.setitem(deciders, c.Withdraw, withdraw)


@simulated("接受过期版本", "believes an older version", "versions-never-fall", "one-custodian", "record-as-in-journal")
def stale_version_accepted(patch: pytest.MonkeyPatch) -> None:
    plain = hearers[k.Accepted]

    def accepted(record: Record, data: k.Accepted, source: str, now: Any) -> Decision:
        if data.bid or data.version >= record.version:
            return plain(record, data, source, now)
        taken = record.with_(holder=source, version=data.version, path=record.held_by(source))
        return Decision(taken, needs_handling=True)

    patch.setitem(hearers, k.Accepted, accepted)


@simulated(
    "过期的接单仍算数",
    "lets an offer be accepted that was withdrawn",
    "one-custodian",
    "holders-agree",
    "parked only by crossings",
)
def withdrawn_and_still_accepted(patch: pytest.MonkeyPatch) -> None:
    plain = hearers[k.WithdrawalRequested]

    def asked(record: Record, data: Any, source: str, now: Any) -> Decision:
        decision = plain(record, data, source, now)
        return replace(decision, record=decision.record.with_(offer_in=record.offer_in))

    patch.setitem(hearers, k.WithdrawalRequested, asked)


@simulated("裁定不设屏障", "rules with the next version only, which fences nothing", "one-custodian", "holders-agree")
def ruling_without_fence(patch: pytest.MonkeyPatch) -> None:
    plain = deciders[c.Rule]

    def rule(record: Record, command: Any, now: Any) -> Decision:
        with pytest.MonkeyPatch.context() as inner:
            inner.setattr(arbitration, "RULING_STEP", 1)
            return plain(record, command, now)

    patch.setitem(deciders, c.Rule, rule)


@simulated("公开转办授予两家", "grants an open offer to every bidder", "one-custodian", "holders-agree")
def two_grants(patch: pytest.MonkeyPatch) -> None:
    plain = hearers[k.Accepted]

    def accepted(record: Record, data: k.Accepted, source: str, now: Any) -> Decision:
        decision = plain(record, data, source, now)
        out = record.offer_out
        if not data.bid or out is None or decision.record.offer_out is not None or decision.superseded:
            return decision
        left = tuple(center for center in out.pending if center != source)
        kept = out.model_copy(update={"pending": left, "version": record.version + 1}) if left else None
        told = tuple(outgoing for outgoing in decision.outgoing if not isinstance(outgoing.data, k.Lost))
        return replace(decision, record=decision.record.with_(offer_out=kept), outgoing=told)

    patch.setitem(hearers, k.Accepted, accepted)


@tested(
    "出借决定权后仍自行办结",
    "resolves a case while it is offered to another",
    "tests/unit/test_custody.py::test_offer_lends_the_decision",
    by=Bilingual("单元测试", "unit tests"),
    why=Bilingual(
        "仿真中的人不会去试；检查器也没有这条规则", "simulated staff never tries it, and the checker has no rule of it"
    ),
)
def resolves_while_lent(patch: pytest.MonkeyPatch) -> None:
    def must_hold(record: Record) -> None:
        if not record.mine:
            raise Refusal("not-holder", "only the holder may do this")

    for module in (DECIDE, offers, progress, assists, arbitration):
        patch.setattr(module, "must_hold", must_hold)


@simulated(
    "接单却不告知转出方",
    "accepts, and does not tell the center that offered",
    "no-leg-dangles",
    "holders-agree",
    "every-case-answered",
    "comes to rest",
)
def accepts_in_silence(patch: pytest.MonkeyPatch) -> None:
    plain = deciders[c.Accept]

    def accept(record: Record, command: Any, now: Any) -> Decision:
        decision = plain(record, command, now)
        offerer = record.offer_in.offerer if record.offer_in else ""
        told: tuple[Outgoing, ...] = tuple(outgoing for outgoing in decision.outgoing if outgoing.to != offerer)
        return replace(decision, outgoing=told)

    patch.setitem(deciders, c.Accept, accept)


@simulated("办结不告知来源中心", "resolves without news to the origin", "every-case-answered", "holders-agree")
def origin_hears_nothing(patch: pytest.MonkeyPatch) -> None:
    plain = deciders[c.Resolve]

    def resolve(record: Record, command: Any, now: Any) -> Decision:
        decision = plain(record, command, now)
        return replace(
            decision, outgoing=tuple(outgoing for outgoing in decision.outgoing if outgoing.to != record.case.origin)
        )

    patch.setitem(deciders, c.Resolve, resolve)
