"""Lies about who is told who the resident is."""

import json
from typing import Any

from tests.checker.county import GOVERNMENT, MEDIA, PARTY, WHO, books_of, with_books
from tests.checker.violations.planting import case_with_plan, lie, rewritten, with_record, with_row
from verification.checker import Evidence
from verification.checker.snapshot import Held, Kept, Owed, Parked, Task

PERSON: dict[str, Any] = json.loads(WHO.model_dump_json())
HINT: dict[str, Any] = json.loads(WHO.as_masked().model_dump_json())


def _naming(body: bytes, resident: dict[str, Any]) -> bytes:
    """A message about a case, with another resident."""
    return rewritten(body, lambda data: data["case"].update(resident=resident))


def _known_as(evidence: Evidence, name: str, plan: str, resident: dict[str, Any]) -> Evidence:
    """The record of the first case with this plan, at one center, with another resident."""
    at, _ = case_with_plan(evidence, name, plan)
    return with_record(evidence, name, lambda record: record["case"].update(resident=resident), at)


def _archived(evidence: Evidence, name: str, plan: str, kind: str) -> tuple[int, Kept]:
    """A message about the first case with this plan, where it stands in the archive of one center."""
    _, known = case_with_plan(evidence, name, plan)
    rows = enumerate(books_of(evidence, name).archive)
    return next((at, kept) for at, kept in rows if kept.case == known.case and kept.kind == kind)


def _declined(evidence: Evidence) -> tuple[int, Kept]:
    """The offer of a case that the party service has declined, where it stands in its archive."""
    return _archived(evidence, PARTY, "decline", "case.offered")


@lie("only-holders-know-the-resident")
def known_to_one_that_declined(evidence: Evidence) -> Evidence:
    """The record of a center that has declined names the resident."""
    return _known_as(evidence, PARTY, "decline", PERSON)


@lie("only-holders-know-the-resident")
def known_to_a_helper(evidence: Evidence) -> Evidence:
    """The record of a helper names the resident, whom its request did not show."""
    return _known_as(evidence, GOVERNMENT, "assist", PERSON)


@lie("only-holders-know-the-resident")
def shown_to_a_helper_of_a_sensitive_case(evidence: Evidence) -> Evidence:
    """A request for help about a patient shows who it is."""
    at, _ = case_with_plan(evidence, GOVERNMENT, "assist")
    dirty = with_record(evidence, GOVERNMENT, lambda record: record["case"].update(sensitive=["medical"]), at)
    row, asked = _archived(evidence, GOVERNMENT, "assist", "case.assist-requested")
    return with_row(dirty, GOVERNMENT, "archive", row, body=_naming(asked.body, PERSON))


@lie("only-holders-know-the-resident")
def offered_in_whole(evidence: Evidence) -> Evidence:
    """An offer that was declined showed the resident."""
    at, kept = _declined(evidence)
    return with_row(evidence, PARTY, "archive", at, body=_naming(kept.body, PERSON))


@lie("only-holders-know-the-resident")
def a_telephone_number_beside_the_hint(evidence: Evidence) -> Evidence:
    """What is marked as a hint has a telephone number."""
    at, kept = _declined(evidence)
    hint = {"name": "居*", "masked": True, "phone_tail": "0000", "phone": WHO.phone}
    return with_row(evidence, PARTY, "archive", at, body=_naming(kept.body, hint))


@lie("only-holders-know-the-resident")
def parked_in_whole(evidence: Evidence) -> Evidence:
    """A message that waits for an operator shows the resident."""
    _, kept = _declined(evidence)
    body = _naming(kept.body, PERSON)
    return with_books(evidence, PARTY, parked=[Parked("wire", "stale", "d", MEDIA, kept.case, kept.message, body)])


@lie("only-holders-know-the-resident")
def held_back_in_whole(evidence: Evidence) -> Evidence:
    """A message behind a gap shows the resident."""
    _, kept = _declined(evidence)
    return with_books(evidence, PARTY, held=[Held(MEDIA, kept.case, 9, _naming(kept.body, PERSON))])


@lie("only-holders-know-the-resident")
def on_the_desk_in_whole(evidence: Evidence) -> Evidence:
    """A task about an offer that was declined shows the resident."""
    _, kept = _declined(evidence)
    task = Task(kept.message, kept.case, MEDIA, kept.kind, "waiting", _naming(kept.body, PERSON))
    return with_books(evidence, PARTY, work=[task])


@lie("only-holders-know-the-resident")
def passed_on_in_whole(evidence: Evidence) -> Evidence:
    """A center that has declined tells another one the resident."""
    _, kept = _declined(evidence)
    owed = Owed(kept.message, GOVERNMENT, kept.case, 1, kept.kind, "waiting", _naming(kept.body, PERSON))
    return with_books(evidence, PARTY, outbox=[owed])


@lie("holder-knows-the-resident")
def nobody_told_the_holder(evidence: Evidence) -> Evidence:
    """The holder still knows a hint when all is over."""
    return _known_as(evidence, PARTY, "resolve", HINT)


@lie("known-resident-is-kept")
def the_origin_forgot(evidence: Evidence) -> Evidence:
    """Where the resident was heard stands a hint."""
    return with_record(evidence, MEDIA, lambda record: record["case"].update(resident=HINT))


@lie("known-resident-is-kept")
def a_holder_forgot(evidence: Evidence) -> Evidence:
    """A center was told the resident, handed the case on, and has a hint of it now."""
    return _known_as(evidence, PARTY, "pass", HINT)
