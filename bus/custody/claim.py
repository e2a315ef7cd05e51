"""Claims (认领): which of a center's people has taken a matter upon itself. Pure."""

from datetime import datetime

from bus.custody.commands import Claim
from bus.custody.record import Claimed, Decision, Record, Refusal, Status

CLAIMED = "claimed"


def already_claimed(who: str) -> Refusal:
    """The refusal for a second claim; it names who has the matter."""
    return Refusal(CLAIMED, f"已由 {who} 认领 / {who} has claimed this matter")


def claim(record: Record, command: Claim, now: datetime) -> Decision:
    """The first claim of the round. A matter is claimed where it is, or where an offer of it waits for an answer."""
    if not record.mine and record.offer_in is None:
        raise Refusal("not-holder", f"a matter is claimed at the center that has it: {record.holder}")
    if record.status is not Status.OPEN:
        raise Refusal("not-open", f"the case is {record.status}; the origin may reopen it")
    taken = record.claim
    if taken is not None and taken.round == record.round:
        raise already_claimed(taken.who)
    given = Claimed(claimant=command.claimant, post=command.post, round=record.round, at=now)
    return Decision(record.with_(claim=given))
