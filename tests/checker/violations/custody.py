"""Lies about custody."""

from tests.checker.county import GOVERNMENT, MEDIA, PARTY, books_of, with_books
from tests.checker.violations.planting import (
    case_with_plan,
    first,
    lie,
    with_journal,
    with_record,
    with_row,
    without_line,
    without_row,
)
from verification.checker import Evidence


@lie("one-custodian")
def two_at_one_version(evidence: Evidence) -> Evidence:
    """The government service once took a case that the party service had at the same version."""
    line = books_of(evidence, PARTY).journal[first(books_of(evidence, PARTY), way="did", kind="accept")]
    twin = line._replace(holder=GOVERNMENT)
    return with_books(evidence, GOVERNMENT, journal=[*books_of(evidence, GOVERNMENT).journal, twin])


@lie("one-custodian")
def believes_in_another(evidence: Evidence) -> Evidence:
    """The origin's record names another holder at the version at which the holder has it."""
    return with_row(evidence, MEDIA, "cases", holder=GOVERNMENT)


@lie("versions-never-fall")
def an_older_state_came_back(evidence: Evidence) -> Evidence:
    """A record went back from version 2 to version 1, and forward again."""
    snapshot = books_of(evidence, PARTY)
    newest = snapshot.journal[-1]
    before = snapshot.journal[first(snapshot, case=newest.case)]
    assert before.version < newest.version
    return with_journal(
        evidence,
        PARTY,
        lambda lines: lines.extend(
            (before._replace(message=None, way="did"), newest._replace(message=None, way="did"))
        ),
    )


@lie("record-as-in-journal")
def changed_without_a_line(evidence: Evidence) -> Evidence:
    """A record is newer than anything that its journal tells."""
    return with_row(evidence, MEDIA, "cases", version=7)


@lie("record-as-in-journal")
def a_record_vanished(evidence: Evidence) -> Evidence:
    """The journal tells of a case that has no record."""
    return without_row(evidence, GOVERNMENT, "cases")


@lie("version-has-its-commit")
def taken_by_itself(evidence: Evidence) -> Evidence:
    """A center holds a case that it has never accepted."""
    return without_line(evidence, PARTY, way="did", kind="accept")


@lie("holder-knows")
def the_holder_forgot(evidence: Evidence) -> Evidence:
    """The holder's record and journal are those from before it accepted."""
    at, known = case_with_plan(evidence, PARTY, "resolve")
    dirty = with_row(evidence, PARTY, "cases", at, holder=MEDIA, version=1)
    kept = [line for line in books_of(evidence, PARTY).journal if line.case != known.case or line.version == 1]
    return with_books(dirty, PARTY, journal=kept)


@lie("holder-knows")
def an_old_holder_stays(evidence: Evidence) -> Evidence:
    """The origin has never heard that it gave its case away."""
    at, _ = case_with_plan(evidence, MEDIA, "resolve")
    return with_row(evidence, MEDIA, "cases", at, holder=MEDIA, version=1)


@lie("holders-agree")
def the_news_did_not_arrive(evidence: Evidence) -> Evidence:
    """Who had the case between believes that it is still open."""
    at, _ = case_with_plan(evidence, PARTY, "pass")
    return with_row(evidence, PARTY, "cases", at, status="open")


@lie("no-leg-dangles")
def an_offer_without_taker(evidence: Evidence) -> Evidence:
    """An offer waits for a center that has none."""
    out = {"offer_id": "x", "pending": [PARTY], "asked": [PARTY]}
    return with_record(evidence, MEDIA, lambda record: record.update(offer_out=out))


@lie("no-leg-dangles")
def an_offer_without_offerer(evidence: Evidence) -> Evidence:
    """A center has an offer that nobody makes."""
    offer = {"offer_id": "x", "offerer": MEDIA}
    return with_record(evidence, PARTY, lambda record: record.update(offer_in=offer))


@lie("no-leg-dangles")
def a_ruling_that_nobody_gives(evidence: Evidence) -> Evidence:
    """A center has complained, and the arbiter does not know."""
    return with_record(evidence, MEDIA, lambda record: record.update(arbiter=GOVERNMENT, arbitration=GOVERNMENT))


@lie("no-leg-dangles")
def help_unheard(evidence: Evidence) -> Evidence:
    """Help was given, and the asker still waits."""
    at, _ = case_with_plan(evidence, PARTY, "assist")
    return with_record(evidence, PARTY, lambda record: record["assists"][0].update(done=None), at)


@lie("no-leg-dangles")
def an_open_case_awaits_a_ruling(evidence: Evidence) -> Evidence:
    """A center has complained of a case on which it still waits, and the arbiter does not know."""
    dirty = with_row(evidence, MEDIA, "cases", status="open")
    return with_record(dirty, MEDIA, lambda record: record.update(arbiter=GOVERNMENT, arbitration=GOVERNMENT))


@lie("no-leg-dangles")
def an_open_case_awaits_help(evidence: Evidence) -> Evidence:
    """Help was given, and the asker, whose case is open, still waits."""
    at, _ = case_with_plan(evidence, PARTY, "assist")
    dirty = with_row(evidence, PARTY, "cases", at, status="open")
    return with_record(dirty, PARTY, lambda record: record["assists"][0].update(done=None), at)


@lie("every-case-answered")
def never_closed(evidence: Evidence) -> Evidence:
    """A case is resolved, and its resident never heard of it."""
    return with_row(evidence, MEDIA, "cases", status="resolved")
