"""Lies about delivery."""

from tests.checker.county import GOVERNMENT, MEDIA, PARTY, books_of, with_books
from tests.checker.violations.planting import (
    first,
    lie,
    on_its_way,
    with_journal,
    with_line,
    with_row,
    without_line,
    without_row,
)
from verification.checker import Evidence


@lie("applied-once")
def heard_twice(evidence: Evidence) -> Evidence:
    """A repeat was applied again."""
    snapshot = books_of(evidence, PARTY)
    line = snapshot.journal[first(snapshot, way="heard", kind="case.closed")]
    return with_journal(evidence, PARTY, lambda lines: lines.append(line))


@lie("applied-once")
def at_two_places(evidence: Evidence) -> Evidence:
    """One message took two places of its lane."""
    row = books_of(evidence, PARTY).applied[0]
    return with_books(evidence, PARTY, applied=[*books_of(evidence, PARTY).applied, row._replace(sequence=9)])


@lie("lanes-in-order")
def a_later_one_first(evidence: Evidence) -> Evidence:
    """Two messages of one lane were applied in the wrong order."""
    snapshot = books_of(evidence, PARTY)
    lane = next((r.peer, r.case) for r in snapshot.applied if r.sequence == 2)
    ids = [m for m, line in snapshot.arrived.items() if (line.peer, line.case) == lane][:2]
    swap = dict(zip(ids, reversed(ids), strict=True))
    applied = [r._replace(message=swap.get(r.message, r.message)) for r in snapshot.applied]
    return with_books(evidence, PARTY, applied=applied)


@lie("lanes-in-order")
def a_gap(evidence: Evidence) -> Evidence:
    """A place in the middle of a lane was never filled."""
    snapshot = books_of(evidence, PARTY)
    at = next(at for at, row in enumerate(snapshot.applied) if row.sequence == 1)
    return with_row(evidence, PARTY, "applied", at, sequence=99)


@lie("lanes-in-order")
def the_mark_ran_ahead(evidence: Evidence) -> Evidence:
    """The lane's mark is further than what was applied: the next message would be taken for a repeat."""
    at = next(at for at, lane in enumerate(books_of(evidence, PARTY).lanes) if lane.applied)
    return with_row(evidence, PARTY, "lanes", at, applied=9)


@lie("inbox-as-in-journal")
def applied_unwritten(evidence: Evidence) -> Evidence:
    """The inbox remembers a message of which the journal tells nothing."""
    return without_line(evidence, PARTY, way="heard", kind="case.closed")


@lie("inbox-as-in-journal")
def heard_and_forgotten(evidence: Evidence) -> Evidence:
    """A message was heard and the inbox does not remember it: a repeat would be applied again."""
    return without_row(evidence, PARTY, "applied")


@lie("inbox-as-in-journal")
def another_fate(evidence: Evidence) -> Evidence:
    """A message was heard, and its sender is told that it was refused."""
    return with_row(evidence, PARTY, "applied", verdict="refused", code="stale")


@lie("outbox-as-in-journal", midway=True)
def owed_and_never_said(evidence: Evidence) -> Evidence:
    """The outbox holds a message of which the journal tells nothing."""
    message = books_of(evidence, PARTY).outbox[0].message
    return without_line(evidence, PARTY, way="said", message=message)


@lie("outbox-as-in-journal")
def said_beside_the_lane(evidence: Evidence) -> Evidence:
    """A message was said, and its lane does not count it."""
    at = next(at for at, lane in enumerate(books_of(evidence, MEDIA).lanes) if lane.sent)
    return with_row(evidence, MEDIA, "lanes", at, sent=0)


@lie("said-has-its-deed")
def told_a_result_it_never_gave(evidence: Evidence) -> Evidence:
    """A center tells a result, and has given none."""
    return without_line(evidence, PARTY, way="did", kind="resolve")


@lie("said-has-its-deed")
def passed_on_an_end_that_it_never_heard(evidence: Evidence) -> Evidence:
    """A center tells another that the case is closed, and nobody has told it."""
    return with_line(evidence, PARTY, {"way": "said", "peer": GOVERNMENT}, way="heard", kind="case.closed")


@lie("trouble-is-seen", midway=True)
def refused_unseen(evidence: Evidence) -> Evidence:
    """A refused message stands in the outbox, and nobody is shown it."""
    return with_row(evidence, PARTY, "outbox", state="refused")


@lie("trouble-is-seen", midway=True)
def parked_unseen(evidence: Evidence) -> Evidence:
    """A task is parked, and nobody is shown it."""
    return with_row(evidence, MEDIA, "work", state="parked")


@lie("trouble-is-seen")
def refusal_unseen(evidence: Evidence) -> Evidence:
    """What was refused here is nowhere to be seen."""
    message = books_of(evidence, PARTY).applied[0].message
    dirty = with_row(evidence, PARTY, "applied", verdict="refused", code="stale")
    return with_line(dirty, PARTY, {"way": "refused"}, message=message)


@lie("said-is-kept", midway=True)
def receipted_before_it_arrived(evidence: Evidence) -> Evidence:
    """A message has left the outbox, and its recipient has never seen it."""
    return without_row(evidence, GOVERNMENT, "outbox", on_its_way(evidence, GOVERNMENT))


@lie("applied-was-said")
def out_of_thin_air(evidence: Evidence) -> Evidence:
    """A message was applied that its source never said."""
    return without_line(evidence, MEDIA, way="said", kind="case.offered")


@lie("applied-was-said")
def another_kind(evidence: Evidence) -> Evidence:
    """A message was heard as something else than what was said."""
    return with_line(evidence, MEDIA, {"kind": "case.urged"}, way="said", kind="case.offered")


@lie("refused-was-refused", midway=True)
def a_timeout_called_refusal(evidence: Evidence) -> Evidence:
    """A message that its recipient has applied is called refused by its sender."""
    arrived = books_of(evidence, MEDIA).remembered
    at = next(at for at, owed in enumerate(books_of(evidence, PARTY).outbox) if owed.message in arrived)
    return with_row(evidence, PARTY, "outbox", at, state="refused")


@lie("refused-was-refused", midway=True)
def nobody_refused_it(evidence: Evidence) -> Evidence:
    """A message that never arrived is called refused by its sender."""
    return with_row(evidence, GOVERNMENT, "outbox", on_its_way(evidence, GOVERNMENT), state="refused")


@lie("nothing-left")
def still_owed(evidence: Evidence) -> Evidence:
    """Receipts have never left."""
    return with_books(evidence, PARTY, owed=3)


@lie("nothing-left", midway=True)
def not_drained(evidence: Evidence) -> Evidence:
    """It was called drained, and messages are under way."""
    return evidence
