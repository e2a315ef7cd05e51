"""How lies are planted: one row, one line, one field of true evidence is changed."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from tests.checker.county import books_of, with_books
from verification.checker import Evidence, Snapshot, Submission
from verification.checker.snapshot import Known, Line


class Lie(NamedTuple):
    """One planted breach, and the rule that must find it."""

    rule: str
    plant: Callable[[Evidence], Evidence]
    midway: bool = False
    """Planted while messages are under way; else at the end."""

    @property
    def name(self) -> str:
        """For the test's id."""
        return f"{self.rule}: {self.plant.__name__.strip('_')}"


LIES: list[Lie] = []


def lie(
    rule: str, *, midway: bool = False
) -> Callable[[Callable[[Evidence], Evidence]], Callable[[Evidence], Evidence]]:
    """The decorated function plants a breach of ``rule``."""

    def keep(plant: Callable[[Evidence], Evidence]) -> Callable[[Evidence], Evidence]:
        LIES.append(Lie(rule, plant, midway))
        return plant

    return keep


def first(snapshot: Snapshot, **wanted: Any) -> int:
    """Where the first journal line with these fields stands."""
    return next(at for at, line in enumerate(snapshot.journal) if all(getattr(line, k) == v for k, v in wanted.items()))


def with_journal(evidence: Evidence, name: str, change: Callable[[list[Line]], object]) -> Evidence:
    """One center's journal, changed."""
    lines = list(books_of(evidence, name).journal)
    change(lines)
    return with_books(evidence, name, journal=lines)


def with_line(evidence: Evidence, name: str, changes: dict[str, Any], **wanted: Any) -> Evidence:
    """The first line with the fields ``wanted``, changed."""
    at = first(books_of(evidence, name), **wanted)
    return with_journal(evidence, name, lambda lines: lines.__setitem__(at, lines[at]._replace(**changes)))


def without_line(evidence: Evidence, name: str, **wanted: Any) -> Evidence:
    """Without the first line with the fields ``wanted``."""
    at = first(books_of(evidence, name), **wanted)
    return with_journal(evidence, name, lambda lines: lines.pop(at))


def with_row(evidence: Evidence, name: str, table: str, at: int = 0, **changes: Any) -> Evidence:
    """One row of a table, changed."""
    rows = list(getattr(books_of(evidence, name), table))
    rows[at] = rows[at]._replace(**changes)
    return with_books(evidence, name, **{table: rows})


def without_row(evidence: Evidence, name: str, table: str, at: int = 0) -> Evidence:
    """Without one row of a table."""
    rows = list(getattr(books_of(evidence, name), table))
    del rows[at]
    return with_books(evidence, name, **{table: rows})


def with_submissions(evidence: Evidence, *changed: Submission, rest: Sequence[Submission] | None = None) -> Evidence:
    """These tries instead of the first, or instead of all but ``rest``."""
    others = tuple(evidence.submissions or ())[1:] if rest is None else tuple(rest)
    return replace(evidence, submissions=(*changed, *others))


def first_submission(evidence: Evidence) -> Submission:
    """The first try at a door."""
    return (evidence.submissions or ())[0]


def with_record(evidence: Evidence, name: str, change: Callable[[dict[str, Any]], object], at: int = 0) -> Evidence:
    """The custody record of a case, rewritten."""
    known = books_of(evidence, name).cases[at]
    record = json.loads(known.record)
    change(record)
    return with_row(evidence, name, "cases", at, record=json.dumps(record, ensure_ascii=False))


def rewritten(body: bytes, change: Callable[[dict[str, Any]], object]) -> bytes:
    """A message, signed or not, with other content."""
    head, between, document = body.rpartition(b"\n\n")
    told = json.loads(document)
    change(told["data"])
    return head + between + json.dumps(told, ensure_ascii=False).encode()


def case_with_plan(evidence: Evidence, name: str, plan: str) -> tuple[int, Known]:
    """The first case whose note begins with ``plan``, and where it stands."""
    snapshot = books_of(evidence, name)
    return next((at, known) for at, known in enumerate(snapshot.cases) if f'"text":"{plan} ' in known.record)


def on_its_way(evidence: Evidence, name: str) -> int:
    """Where in the outbox a message stands that has not arrived."""
    rows = enumerate(books_of(evidence, name).outbox)
    return next(at for at, o in rows if o.message not in books_of(evidence, o.recipient).remembered)
