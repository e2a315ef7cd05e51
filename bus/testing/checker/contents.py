"""Rules of content: what is said at one end is what is heard, worked and known at the other."""

import hashlib
from collections.abc import Iterator
from typing import Any

from pydantic_core import from_json

from bus.custody import RULING_STEP
from bus.testing.checker.evidence import Breach, Evidence


def matter_unaltered(evidence: Evidence) -> Iterator[Breach]:
    """Everyone who knows a case knows the same matter; the resident is the same or withheld, never another.

    Read live: what a resident has said never changes."""
    for case, names in evidence.knowers.items():
        copies = [(name, _case(evidence, name, case)) for name in names]
        who = {name: copy.get("resident") for name, copy in copies if copy.get("resident") is not None}
        first, matter = copies[0][0], _without_resident(copies[0][1])
        for name, copy in copies[1:]:
            if _without_resident(copy) != matter:
                changed = sorted(key for key, value in _without_resident(copy).items() if matter.get(key) != value)
                yield Breach(name, case, f"{', '.join(changed)} differ from what {first} knows")
        for name, resident in who.items():
            if resident != next(iter(who.values())):
                yield Breach(name, case, f"another resident than {next(iter(who))} knows")


def _case(evidence: Evidence, name: str, case: str) -> dict[str, Any]:
    books = evidence.seats[name].books
    assert books is not None, "only centers with books know a case"
    copy: dict[str, Any] = books.records[case]["case"]
    return copy


def _without_resident(copy: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in copy.items() if key != "resident"}


def matter_as_submitted(evidence: Evidence) -> Iterator[Breach]:
    """The matter's text is, everywhere, the text that was handed in at the door.

    Read live: submissions are copied first, and a text never changes."""
    for one in evidence.submissions or ():
        if not one.text or len(one.cases) != 1:
            continue
        for name in evidence.knowers.get(one.cases[0], ()):
            text: str = _case(evidence, name, one.cases[0])["text"]
            if hashlib.sha256(text.encode()).hexdigest() != one.text:
                yield Breach(name, one.cases[0], "the text is not the one that was handed in")


def result_unaltered(evidence: Evidence) -> Iterator[Breach]:
    """Everyone who knows a result knows the same words of it, in each round. After a ruling there may be two results.

    Read live: in one round the holder gives one result."""
    given: dict[tuple[str, int], tuple[str, Any]] = {}
    for name, books in evidence.open_books:
        for known in books.cases:
            record = books.records[known.case]
            if record["result"] is None or known.version >= RULING_STEP:
                continue
            by, first = given.setdefault((known.case, record["round"]), (name, record["result"]))
            if first != record["result"]:
                yield Breach(name, known.case, f"the result of round {record['round']} is not the one known at {by}")


def bytes_unaltered(evidence: Evidence) -> Iterator[Breach]:
    """Each message arrived with the bytes with which it left, as far as the stores still tell.

    Read live: the bytes of a message never change. Digests where both ends keep them; else bodies that still wait."""
    for name, books in evidence.open_books:
        for row in books.applied:
            _, said = evidence.said.get(row.message, ("", None))
            if said is not None and row.digest and said.digest and row.digest != said.digest:
                yield Breach(name, row.case, f"{said.kind} from {row.peer} arrived with other bytes: {row.message}")
    yield from _bodies(evidence)


def _bodies(evidence: Evidence) -> Iterator[Breach]:
    owed = {owed.message: owed.body for _, books in evidence.open_books for owed in books.outbox}
    if not owed:
        return
    for name, books in evidence.open_books:
        waiting = [(held.case, held.body) for held in books.held] + [(task.case, task.body) for task in books.work]
        for case, body in waiting:
            document = from_json(body)
            sent = owed.get(document["id"])
            if sent is not None and from_json(sent) != document:
                yield Breach(name, case, f"{document['type']} waits here with another content than it left with")
