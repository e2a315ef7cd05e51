"""Who may do what: refusals that several commands share. Pure."""

from datetime import datetime

from bus.custody.record import Record, Refusal, Status


def must_hold(record: Record) -> None:
    """Refuse what only the holder does, and only while the decision is its own."""
    if not record.mine:
        raise Refusal("not-holder", f"only the holder may do this: {record.holder} at version {record.version}")
    if record.decision_pending:
        raise Refusal("decision-lent", "an offer or a ruling is awaited; withdraw the offer, or wait for the answer")
    if record.status is not Status.OPEN:
        raise Refusal("not-open", f"the case is {record.status}; the origin may reopen it")


def must_be_origin(record: Record) -> None:
    """Refuse what only the center that heard the resident does."""
    if record.case.origin != record.me:
        raise Refusal("not-origin", f"only the center that heard the resident may do this: {record.case.origin}")


def must_come(moment: datetime | None, now: datetime) -> None:
    """Refuse a term that has ended before it begins."""
    if moment is not None and moment <= now:
        raise Refusal("not-later", "the moment that is named has passed: name a later one, or none")
