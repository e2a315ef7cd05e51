"""Decisions about the arbiter: it is asked, it rules. Pure."""

from datetime import datetime

from bus.contract import messages as k
from bus.custody import commands as c
from bus.custody import more_time
from bus.custody.bounds import with_told
from bus.custody.record import RULING_STEP, Decision, Outgoing, Record, Refusal, Status, notify_path
from bus.custody.rights import must_come, must_hold


def ask_arbiter(record: Record, command: c.AskArbiter, _now: datetime) -> Decision:
    """Ask the county's arbiter: returned too often, nobody's matter, or a silent center."""
    if record.arbiter is None:
        raise Refusal("no-arbiter", "no arbiter is set for this case: name one in the origin's settings")
    if record.arbitration is not None:
        raise Refusal("arbitration-asked", "the arbiter has been asked; its ruling will come")
    if record.arbiter == record.me:
        raise Refusal("arbiter", "this center is the arbiter: rule")
    if command.ground is k.Ground.SILENT:
        _may_complain(record)
    else:
        must_hold(record)
    others = tuple(center for center in record.path if center != record.holder)
    offered_to = record.offer_out.pending if record.offer_out is not None else ()
    asked = k.ArbitrationRequested(
        version=record.version,
        ground=command.ground,
        case=record.case.as_shown(),
        path=record.path if record.mine else (*others, record.holder),  # the silent holder is named last
        returns=record.returns,
        offered_to=offered_to,
        round=record.round,
        text=command.text,
    )
    told = with_told(record.told, record.arbiter)
    return Decision(record.with_(arbitration=record.arbiter, told=told), (Outgoing(record.arbiter, asked),))


def _may_complain(record: Record) -> None:
    """Refuse a complaint about a silent center unless this center has held the case or waits for the answer to its
    offer."""
    if record.me not in record.path:
        raise Refusal("not-holder", "only a center that holds or has held the case asks the arbiter")
    if record.status is not Status.OPEN:
        raise Refusal("not-open", f"the case is {record.status}")
    if record.mine and record.offer_out is None:
        raise Refusal("holder", "this center has the case itself, and nobody is asked to take it")


def rule(record: Record, command: c.Rule, now: datetime) -> Decision:
    """Rule who holds the case from now on; every older version is fenced off."""
    if record.arbiter != record.me:
        raise Refusal("not-arbiter", f"only the county's arbiter rules: {record.arbiter or 'none is set'}")
    if record.status is not Status.OPEN:
        raise Refusal("not-open", f"the case is {record.status}")
    if record.informed:
        raise Refusal("not-asked", "this case was escalated, and nobody has asked for a ruling: speak to its centers")
    version = (record.version // RULING_STEP + 1) * RULING_STEP
    if version >= 2**31:
        raise Refusal("out-of-reach", "above this custody version there is none: close the case, and register it anew")
    must_come(command.due, now)
    concerned = (*record.concerned, *(record.offer_out.pending if record.offer_out is not None else ()))
    asker = record.arbitration or record.holder
    ruled_record = record.with_(
        holder=command.holder,
        version=version,
        path=record.held_by(command.holder),
        offer_out=None,
        offer_in=None,
        arbitration=None,
        concerned=(),
    )
    ruled_record = more_time.ruled_until(ruled_record, command.due)
    ruled = k.Ruled(
        version=ruled_record.version,
        ruling=k.Ruling.UPHELD if command.holder == asker else k.Ruling.IMPOSED,
        holder=command.holder,
        text=command.text,
        case=record.case.as_shown(),
        path=ruled_record.path,
        returns=record.returns,
        round=record.round,
        due=command.due,
    )
    says = notify_path(ruled_record, ruled, also=concerned)
    if command.holder == record.me:
        says = (Outgoing(record.me, ruled), *says)  # its own system gets the case
    return Decision(ruled_record, says)
