"""Lies about contents."""

from tests.checker.county import GOVERNMENT, MEDIA, PARTY, books_of, with_books
from tests.checker.violations.planting import (
    case_with_plan,
    first_submission,
    lie,
    rewritten,
    with_record,
    with_row,
    with_submissions,
)
from verification.checker import Evidence
from verification.checker.snapshot import Kept


@lie("matter-unaltered")
def another_matter(evidence: Evidence) -> Evidence:
    """One character of the matter changed on the way."""
    return with_record(evidence, PARTY, lambda record: record["case"].update(text=record["case"]["text"] + "。"))


@lie("matter-unaltered")
def another_resident(evidence: Evidence) -> Evidence:
    """Two centers know different residents for one case."""
    at, known = case_with_plan(evidence, MEDIA, "pass")
    dirty = with_record(evidence, MEDIA, lambda record: record["case"].update(resident={"name": "居民甲"}), at)
    at = next(at for at, other in enumerate(books_of(evidence, GOVERNMENT).cases) if other.case == known.case)
    return with_record(dirty, GOVERNMENT, lambda record: record["case"].update(resident={"name": "居民乙"}), at)


@lie("matter-as-submitted")
def not_what_was_said(evidence: Evidence) -> Evidence:
    """The same wrong text stands everywhere: only the resident knows better."""
    return with_submissions(evidence, first_submission(evidence)._replace(text="0" * 64))


@lie("result-unaltered")
def another_result(evidence: Evidence) -> Evidence:
    """The origin knows other words of the result than the center that gave it."""
    return with_record(evidence, MEDIA, lambda record: record["result"].update(public_reply="未修好"))


@lie("bytes-unaltered")
def other_bytes(evidence: Evidence) -> Evidence:
    """What arrived has other bytes than what left."""
    row = books_of(evidence, PARTY).applied[0]
    said = Kept("said", row.message, PARTY, row.case, "case.offered", b'{"data": 1}')
    heard = said._replace(way="heard", peer=MEDIA, body=b'{"data": 2}')
    return with_books(with_books(evidence, MEDIA, archive=[said]), PARTY, archive=[heard])


@lie("bytes-unaltered", midway=True)
def another_body_on_the_desk(evidence: Evidence) -> Evidence:
    """A task's content differs from the message that is still owed."""
    snapshot = books_of(evidence, MEDIA)
    owed = {o.message for o in books_of(evidence, PARTY).outbox}
    at, task = next((at, task) for at, task in enumerate(snapshot.work) if task.message in owed)
    body = rewritten(task.body, lambda data: data.update(version=data["version"] + 1))
    return with_row(evidence, MEDIA, "work", at, body=body)
