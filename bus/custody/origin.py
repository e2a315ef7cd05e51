"""Decisions of the origin for the resident: rated, reopened, closed; and what is published. Pure."""

from datetime import datetime

from bus.contract import messages as k
from bus.custody import assess as assessments
from bus.custody import commands as c
from bus.custody.bounds import with_rating
from bus.custody.record import Decision, Rating, Record, Refusal, Status, notify_path
from bus.custody.rights import must_be_origin
from bus.custody.settle import in_order


def close(record: Record, command: c.Close, _now: datetime) -> Decision:
    """Close the case, once the resident has its reply."""
    must_be_origin(record)
    if record.status is Status.CLOSED:
        raise Refusal("closed", "the case is closed already")
    if record.status is not Status.RESOLVED:
        raise Refusal("not-resolved", "a case is closed by a reply to the resident, and that needs a result")
    closed = k.Closed(version=record.version, round=record.round, replied_at=command.replied_at)
    changed = record.with_(status=Status.CLOSED, arbitration=None, concerned=())
    return Decision(changed, notify_path(changed, closed, also=record.hear_the_end))


def _may_be_rated(record: Record) -> None:
    must_be_origin(record)
    if record.status is Status.OPEN:
        raise Refusal("not-resolved", "there is no result to rate yet")


def assess(record: Record, command: c.Assess, now: datetime) -> Decision:
    """Keep what raters other than the resident say of the result."""
    _may_be_rated(record)
    return assessments.assess(record, command, now)


def rate(record: Record, command: c.Rate, now: datetime) -> Decision:
    """Keep the resident's rating: one for each round (一事一评)."""
    _may_be_rated(record)
    if any(g.round == record.round and g.rater is command.rater for g in record.ratings):
        raise Refusal("already-rated", "one matter, one rating (一事一评)")
    if command.at is not None:
        in_order(record.case.received_at, command.at, now)
    rated = k.Rated(
        version=record.version, round=record.round, grade=command.grade, rater=command.rater, text=command.text
    )
    given = Rating(round=record.round, rater=command.rater, grade=command.grade, at=command.at or now)
    changed = record.with_(ratings=with_rating(record.ratings, given))
    return Decision(changed, notify_path(changed, rated))


def call_back(record: Record, command: c.CallBack, now: datetime) -> Decision:
    """Keep what the resident said on the call: one for each round."""
    must_be_origin(record)
    if record.status is Status.OPEN:
        raise Refusal("not-resolved", "there is no result yet to call back about")
    if record.called_back_at is not None:
        raise Refusal("already-called-back", "one call back for each round; open the case again if it is not solved")
    if command.at is not None:
        in_order(record.case.received_at, command.at, now)
    return Decision(record.with_(called_back_at=command.at or now, solved=command.solved))


def join(record: Record, command: c.Join, _now: datetime) -> Decision:
    """Count the case in a project."""
    must_be_origin(record)
    return Decision(record.with_(project=command.project))


def reopen(record: Record, command: c.Reopen, _now: datetime) -> Decision:
    """Reopen the case: another round begins at its last holder."""
    must_be_origin(record)
    if record.status is Status.OPEN:
        raise Refusal("open", "the case is open; urge its holder instead")
    reopened = k.Reopened(version=record.version, round=record.round + 1, text=command.text)
    changed = record.with_(status=Status.OPEN, round=record.round + 1, result=None)
    return Decision(changed, notify_path(changed, reopened, also=record.hear_the_end))


def publish(record: Record, command: c.Publish, _now: datetime) -> Decision:
    """Tell the path a text for the public, which names no resident."""
    if record.me not in (record.case.origin, record.holder):
        raise Refusal("not-holder", "only the origin or the holder publishes a case")
    if record.status is Status.OPEN:
        raise Refusal("not-resolved", "only a case with a result is published")
    if record.case.names_resident(command.title) or record.case.names_resident(command.text):
        raise Refusal("names-resident", "the text names the resident; take name, phone, address and numbers out")
    published = k.Published(version=record.version, title=command.title, text=command.text)
    return Decision(record, notify_path(record, published))
