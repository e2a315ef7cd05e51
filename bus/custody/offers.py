"""Decisions on offers: made, accepted, declined, asked back. Pure."""

from datetime import datetime

from bus.contract import messages as k
from bus.contract.ids import new_id
from bus.custody import commands as c
from bus.custody.progress import WITHHELD
from bus.custody.record import (
    HIGHEST_VERSION,
    RULING_STEP,
    Decision,
    Outgoing,
    ReceivedOffer,
    Record,
    Refusal,
    SentOffer,
    Status,
    notify_path,
)
from bus.custody.rights import must_come, must_hold


def _pending_offer(record: Record) -> ReceivedOffer:
    offer = record.offer_in
    if offer is None:
        raise Refusal("no-offer", "no offer of this case waits here: it was withdrawn, lost, ruled on or answered")
    return offer


def offer(record: Record, command: c.Offer, now: datetime, returns_before_arbiter: int) -> Decision:
    """Offer the case to one center, or to several (转办). Raises ``Refusal`` where only the arbiter may decide."""
    must_hold(record)
    if record.me in command.to:
        raise Refusal("offer-to-self", "the holder cannot offer a case to itself")
    had_it = [center for center in command.to if center in record.path or any(r.by == center for r in record.returns)]
    if record.times_returned >= returns_before_arbiter or had_it:
        raise Refusal(
            "needs-arbiter", "sent back too often, or back to a center that had it: ask the arbiter, no third round"
        )
    if record.version % RULING_STEP == RULING_STEP - 1 or record.version >= HIGHEST_VERSION:
        raise Refusal("needs-arbiter", "the case has changed hands 999 times since the last ruling")
    must_come(command.sign_by, now)
    offer_id = new_id()
    offered = k.Offered(
        version=record.version,
        offer_id=offer_id,
        mode=command.mode,
        case=record.case.as_shown(),
        path=record.path,
        returns=record.returns,
        arbiter=record.arbiter,
        round=record.round,
        note=command.note,
        sign_by=command.sign_by,
    )
    out = SentOffer(
        offer_id=offer_id, mode=command.mode, version=record.version, pending=command.to, asked=command.to, at=now,
        sign_by=command.sign_by,
    )  # fmt: skip
    return Decision(record.with_(offer_out=out), tuple(Outgoing(center, offered) for center in command.to))


def accept(record: Record, command: c.Accept, _now: datetime) -> Decision:
    """Accept an offer (签收), or bid for an open one."""
    offer = _pending_offer(record)
    if offer.bid:
        raise Refusal("bid-made", "a bid was made for this case; the offerer decides")
    if record.status is not Status.OPEN:
        raise Refusal("not-open", f"the case is {record.status}; its offer is being asked back")
    if offer.mode is k.Mode.OPEN:
        bid = k.Accepted(
            version=offer.version,
            offer_id=offer.offer_id,
            bid=True,
            commitment=command.commitment,
            due=command.due,
        )
        return Decision(record.with_(offer_in=offer.model_copy(update={"bid": True})), (Outgoing(offer.offerer, bid),))
    taken = record.with_(
        holder=record.me,
        version=offer.version + 1,
        offer_in=None,
        path=record.held_by(offer.offerer, record.me),
        due=command.due or record.due,
    )
    accepted = k.Accepted(
        version=taken.version,
        offer_id=offer.offer_id,
        path=taken.path,
        commitment=WITHHELD if record.case.sensitive and command.commitment else command.commitment,
        due=command.due,
    )
    return Decision(taken, notify_path(taken, accepted))


def decline(record: Record, command: c.Decline, _now: datetime) -> Decision:
    """The decline of an offer; it also takes back a bid. Otherwise a center whose offerer is gone for good could never
    be asked again. A grant already under way still counts."""
    offer = _pending_offer(record)
    declined = k.Declined(
        version=offer.version,
        offer_id=offer.offer_id,
        reason=command.reason,
        text=command.text,
        suggested=command.suggested,
    )
    return Decision(record.with_(offer_in=None), (Outgoing(offer.offerer, declined),))


def withdraw(record: Record, command: c.Withdraw, now: datetime) -> Decision:
    """Ask an offer back; the case stays lent until it is answered."""
    offer = record.offer_out
    if offer is None:
        raise Refusal("no-offer", "nothing is offered: it was answered already")
    if offer.withdrawing:
        raise Refusal("withdrawing", "the withdrawal is under way; the answer will come")
    asked = k.WithdrawalRequested(version=offer.version, offer_id=offer.offer_id, reason=command.reason)
    changed = record.with_(offer_out=offer.model_copy(update={"withdrawing": True, "asked_back_at": now}))
    return Decision(changed, tuple(Outgoing(center, asked) for center in offer.pending))
