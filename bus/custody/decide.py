"""Decisions on this center's own commands. Pure: (record, command, now) → decision, or a refusal."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from bus.contract import messages as k
from bus.custody import arbitration, assists, more_time, offers, origin, progress
from bus.custody import commands as c
from bus.custody.claim import claim
from bus.custody.handing import with_handing
from bus.custody.moments import with_moments
from bus.custody.more_time import Granting
from bus.custody.plans import go_on
from bus.custody.record import Decision, Outgoing, Record, Refusal, Status
from bus.custody.rights import must_be_origin, must_hold
from bus.custody.settle import settle

RETURNS_BEFORE_ARBITER = 2
"""Returns after which a case goes to the arbiter (推诿); a county may set another number."""


def register(command: c.Register, me: str, arbiter: str | None) -> Decision:
    """The first record of a case: held here, at custody version 1."""
    if command.case.origin != me:
        raise Refusal("not-origin", f"a case is registered by the center that heard the resident: {me}")
    begun = command.case.received_at
    return Decision(
        Record(me=me, case=command.case, holder=me, version=1, path=(me,), arbiter=arbiter, since=begun, round_at=begun)
    )


def decide(
    record: Record,
    command: c.Command,
    now: datetime,
    returns_before_arbiter: int = RETURNS_BEFORE_ARBITER,
    granting: Granting | None = None,
    *,
    masking: bool = False,
) -> Decision:
    """The decision on ``command``. Raises ``Refusal`` if custody forbids it; the record is then unchanged.

    ``granting``: how more time is granted; None: the clocks are off, and the holder reports it. ``masking``: other
    centers learn who the resident is only when they hold the case."""
    decision = _decided(record, command, now, returns_before_arbiter, granting)
    return with_handing(record, decision, None, masking=masking)


def _decided(
    record: Record, command: c.Command, now: datetime, returns_before_arbiter: int, granting: Granting | None
) -> Decision:
    if isinstance(command, c.Offer):
        return offers.offer(record, command, now, returns_before_arbiter)
    if isinstance(command, c.Register):
        raise Refusal("known-case", "this case is registered already")
    if isinstance(command, c.Settle):
        must_be_origin(record)
        must_hold(record)
        return settle(record, command, now)
    if type(command) in _TIMED:
        must_hold(record)
        decision = _TIMED[type(command)](record, command, now, granting)
    else:
        decision = _DECIDERS[type(command)](record, command, now)
    decision = go_on(decision, now)
    return decision.with_record(with_moments(record, decision.record, now))


def _urge(record: Record, command: c.Urge, _now: datetime) -> Decision:
    if record.status is not Status.OPEN:
        raise Refusal("not-open", f"the case is {record.status}")
    urged = k.Urged(version=record.version, text=command.text)
    if record.offer_out is not None:
        to: tuple[str, ...] = record.offer_out.pending
    elif record.mine:
        raise Refusal("holder", "this center has the case itself")
    else:
        to = (record.holder,)
    return Decision(record.with_(urges=record.urges + 1), tuple(Outgoing(center, urged) for center in to))


_DECIDERS: dict[type, Callable[[Record, Any, datetime], Decision]] = {
    c.Accept: offers.accept,
    c.Decline: offers.decline,
    c.Withdraw: offers.withdraw,
    c.AnswerExtension: more_time.answer,
    c.AskAssist: assists.ask_assist,
    c.AnswerAssist: assists.answer_assist,
    c.MakePlan: assists.make_plan,
    c.CheckPapers: assists.check_papers,
    c.Urge: _urge,
    c.Resolve: progress.resolve,
    c.Close: origin.close,
    c.Rate: origin.rate,
    c.Join: origin.join,
    c.Claim: claim,
    c.Assess: origin.assess,
    c.CallBack: origin.call_back,
    c.Reopen: origin.reopen,
    c.Publish: origin.publish,
    c.AskArbiter: arbitration.ask_arbiter,
    c.Rule: arbitration.rule,
}

_TIMED: dict[type, Callable[[Record, Any, datetime, Granting | None], Decision]] = {
    c.Report: progress.report,
    c.AskExtension: more_time.ask,
    c.Hold: progress.hold,
    c.Resume: progress.resume,
}
"""What only the holder does, and what its term binds."""
