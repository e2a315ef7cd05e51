"""Rules of content: what one center sends is what the other receives, works on and records."""

import hashlib
from collections.abc import Iterator
from typing import Any

from pydantic_core import from_json, to_json

from bus.contract import signed_document
from bus.contract.case import Person
from bus.custody import RULING_STEP
from verification.checker.evidence import Breach, Evidence
from verification.checker.snapshot import Snapshot


def matter_unaltered(evidence: Evidence) -> Iterator[Breach]:
    """All centers that know a case know the same matter; the resident is the same, masked or withheld, never another.

    Read live: a resident's text never changes."""
    for case, names in evidence.knowers.items():
        copies = [(name, _case(evidence, name, case)) for name in names]
        who: dict[str, dict[str, Any]] = {name: copy["resident"] for name, copy in copies if copy.get("resident")}
        first, matter = copies[0][0], _without_resident(copies[0][1])
        for name, copy in copies[1:]:
            if _without_resident(copy) != matter:
                changed = sorted(key for key, value in _without_resident(copy).items() if matter.get(key) != value)
                yield Breach(name, case, f"{', '.join(changed)} differ from what {first} knows")
        fullest = next((name for name, resident in who.items() if not resident.get("masked")), next(iter(who), ""))
        for name, resident in who.items():
            if not _same(resident, who[fullest]):
                yield Breach(name, case, f"another resident than {fullest} knows")


def _same(resident: dict[str, Any], fullest: dict[str, Any]) -> bool:
    """Whether they are one person: the same copy, or a masked copy of the fullest."""
    if not resident.get("masked"):
        return resident == fullest
    hint = Person.model_validate_json(to_json(fullest)).as_masked()
    return Person.model_validate_json(to_json(resident)) == hint


def _case(evidence: Evidence, name: str, case: str) -> dict[str, Any]:
    copy: dict[str, Any] = evidence.snapshots(name).record(case)["case"]
    return copy


def _without_resident(copy: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in copy.items() if key != "resident"}


def matter_as_submitted(evidence: Evidence) -> Iterator[Breach]:
    """The matter's text is, everywhere, the submitted text.

    Read live: submissions are copied first, and a text never changes."""
    for one in evidence.submissions or ():
        if not one.text or len(one.cases) != 1:
            continue
        for name in evidence.knowers.get(one.cases[0], ()):
            text: str = _case(evidence, name, one.cases[0])["text"]
            if hashlib.sha256(text.encode()).hexdigest() != one.text:
                yield Breach(name, one.cases[0], "the text is not the one that was handed in")


def result_unaltered(evidence: Evidence) -> Iterator[Breach]:
    """All centers that know a result know the same words of it, in each round. After a ruling there may be two results.

    Read live: in one round the holder gives one result."""
    given: dict[tuple[str, int], tuple[str, Any]] = {}
    for name, snapshot in evidence.open_snapshots:
        for known in snapshot.cases:
            record = snapshot.record(known.case)
            if record["result"] is None or known.version >= RULING_STEP:
                continue
            by, first = given.setdefault((known.case, record["round"]), (name, record["result"]))
            if first != record["result"]:
                yield Breach(name, known.case, f"the result of round {record['round']} is not the one known at {by}")


def bytes_unaltered(evidence: Evidence) -> Iterator[Breach]:
    """Each message arrives with the bytes with which it left. It is compared as long as the stores keep it: in the
    outbox or archive at one end; in the archive, held back or in the inbox at the other.

    Read live: the bytes of a message never change."""
    left: dict[str, bytes] = {}
    for _, snapshot in evidence.open_snapshots:
        left.update((kept.message, _unsigned(kept.body)) for kept in snapshot.archive if kept.way == "said")
        left.update((owed.message, owed.body) for owed in snapshot.outbox)
    for name, snapshot in evidence.open_snapshots:
        for kept in snapshot.archive:
            body = _unsigned(kept.body)
            if kept.way == "heard" and left.get(kept.message, body) != body:
                yield Breach(name, kept.case, f"{kept.kind} from {kept.peer} has other bytes than left: {kept.message}")
        yield from _waiting(name, snapshot, left)


def _unsigned(travelled: bytes) -> bytes:
    """The document without its signature, which the sender adds only as it leaves."""
    return signed_document.split_message(travelled)[1]


def _waiting(name: str, snapshot: Snapshot, left: dict[str, bytes]) -> Iterator[Breach]:
    """A message held back has its original bytes; a task has the same content, though perhaps re-encoded."""
    for held in snapshot.held:
        body = _unsigned(held.body)
        message = from_json(body)["id"]
        if left.get(message, body) != body:
            yield Breach(name, held.case, f"held back from {held.peer} with other bytes than left: {message}")
    for task in snapshot.work:
        there = _unsigned(task.body)
        body = left.get(task.message, there)
        if body != there and from_json(body) != from_json(there):
            yield Breach(name, task.case, f"{task.kind} is on the desk with another content than left: {task.message}")
