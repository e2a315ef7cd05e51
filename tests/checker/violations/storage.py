"""Lies about what is stored."""

from dataclasses import replace

from tests.checker.county import GOVERNMENT, MEDIA, PARTY, books_of, with_books
from tests.checker.violations.planting import lie, with_record, with_row
from verification.checker import Evidence


@lie("stored-reads-back")
def a_record_beyond_its_bound(evidence: Evidence) -> Evidence:
    """A record has grown past what its own model lets it hold."""
    crowd = [f"ghost{number}-150402" for number in range(201)]
    return with_record(evidence, PARTY, lambda record: record.update(path=crowd))


@lie("stored-reads-back", midway=True)
def an_unreadable_message(evidence: Evidence) -> Evidence:
    """The outbox holds bytes that are no message."""
    return with_row(evidence, PARTY, "outbox", body=books_of(evidence, PARTY).outbox[0].body[:-1])


@lie("stored-reads-back", midway=True)
def an_unreadable_task(evidence: Evidence) -> Evidence:
    """The desk holds bytes that are no message."""
    return with_row(evidence, MEDIA, "work", body=b"{}")


@lie("cases-are-counted")
def a_case_too_many(evidence: Evidence) -> Evidence:
    """The count says one more than there are."""
    counted = books_of(evidence, PARTY).counted
    assert counted
    return with_books(evidence, PARTY, counted=counted + 1)


@lie("somebody-is-waited-for", midway=True)
def for_a_center_that_never_was(evidence: Evidence) -> Evidence:
    """A message waits for a center that is not of the county."""
    county = frozenset(evidence.seats)
    return replace(with_row(evidence, GOVERNMENT, "outbox", recipient="ghost1-150402"), county=county)
