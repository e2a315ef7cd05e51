"""Lies about the doors."""

from dataclasses import replace

from tests.checker.county import MEDIA, books_of, with_books
from tests.checker.violations.planting import first_submission, lie, with_submissions, without_row
from verification.checker import Evidence, Told


@lie("told-is-kept")
def taken_and_lost(evidence: Evidence) -> Evidence:
    """A form was told taken, and is nowhere."""
    ghost = first_submission(evidence)._replace(native_id="ghost", cases=())
    return with_submissions(evidence, ghost, rest=evidence.submissions)


@lie("told-is-kept")
def taken_as_something_else(evidence: Evidence) -> Evidence:
    """What is in the books is not what was handed in."""
    return with_submissions(evidence, first_submission(evidence)._replace(digest="0" * 64))


@lie("told-is-kept")
def told_another_case(evidence: Evidence) -> Evidence:
    """The repeat of a form was told another case than the first."""
    one, two, *_ = evidence.submissions or ()
    return with_submissions(evidence, one._replace(told=Told.REPEATED, cases=two.cases))


@lie("told-is-kept")
def the_case_vanished(evidence: Evidence) -> Evidence:
    """The form is in the books, its case is not."""
    case = first_submission(evidence).cases[0]
    return with_books(evidence, MEDIA, cases=[known for known in books_of(evidence, MEDIA).cases if known.case != case])


@lie("told-no-is-no")
def a_timeout_called_failure(evidence: Evidence) -> Evidence:
    """A form was told failed, and was taken."""
    return with_submissions(evidence, first_submission(evidence)._replace(told=Told.FAILED, cases=()))


@lie("told-no-is-no")
def refused_and_taken(evidence: Evidence) -> Evidence:
    """A form was told refused, twice, and was taken."""
    no = first_submission(evidence)._replace(told=Told.REFUSED, cases=(), code="needs-arbiter")
    return with_submissions(evidence, no, no)


@lie("taken-was-submitted")
def nobody_handed_it_in(evidence: Evidence) -> Evidence:
    """A form is in the books that nobody handed in."""
    return replace(evidence, submissions=(evidence.submissions or ())[1:])


@lie("taken-was-submitted")
def through_no_door(evidence: Evidence) -> Evidence:
    """A case was registered by nobody's form."""
    dirty = without_row(evidence, MEDIA, "taken")
    return replace(dirty, submissions=(evidence.submissions or ())[1:])


@lie("submitted-is-open-plus-closed")
def the_origin_forgot(evidence: Evidence) -> Evidence:
    """Another center has a case that its own origin does not know."""
    return without_row(evidence, MEDIA, "cases")
