"""Rules of masking: who the resident is, a center learns once it holds the case, and then it does learn it.

That is judged only where residents were masked the whole time (``Evidence.masks``): no store tells. That nobody forgets
a resident is judged everywhere.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from pydantic_core import from_json

from bus.contract import signed_document
from bus.contract.messages import AssistRequested, Handed
from verification.checker.evidence import Breach, Evidence
from verification.checker.snapshot import Snapshot

Json = dict[str, Any]
"""A document, parsed."""
HINT = frozenset({"name", "masked", "phone_tail", "anonymous"})
"""The fields that a hint of the resident may have; of the name only its first character."""


def is_shown(resident: Json | None) -> bool:
    """Whether this tells who the resident is, and is more than a hint. Read from the fields, not from the mark."""
    told = {field: value for field, value in (resident or {}).items() if value}
    return not told.keys() <= HINT or told.get("name", "_*")[1:] != "*"


def only_holders_know_the_resident(evidence: Evidence) -> Iterator[Breach]:
    """A center that has never held a case, by its own journal and by all others, and has not registered it, knows no
    more than a hint of its resident: in its record, and in every message that its store keeps, sends, holds back, works
    on or has parked.

    A helper may be shown the resident by the holder, unless the case is sensitive. Not read live: that a center holds a
    case, another store may tell first."""
    holders = _holders(evidence)
    for name, center in evidence.seats.items():
        for snapshot in center.all_snapshots:
            helps = _shown_to_help(name, snapshot)
            for case, where in _whole(snapshot):
                if name not in holders.get(case, ()) and case not in helps:
                    yield Breach(name, case, f"never held the case, and knows its resident: {where}")


def _holders(evidence: Evidence) -> dict[str, set[str]]:
    """Case → its origin, and all that have ever held it by any journal."""
    found: dict[str, set[str]] = {}
    for center in evidence.seats.values():
        for snapshot in center.all_snapshots:
            for case, _, holder in snapshot.beliefs:
                found.setdefault(case, set()).add(holder)
            for known in snapshot.cases:
                found.setdefault(known.case, set()).add(known.origin)
    return found


def _whole(snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    """(case, place): where a resident stands who is more than a hint."""
    for known in snapshot.cases:
        if is_shown(snapshot.record(known.case)["case"].get("resident")):
            yield known.case, "in its record"
    for case, where, document in _messages(snapshot):
        if _shows(document):
            yield case, where


def _shows(document: Json) -> bool:
    data = document["data"]
    return any(is_shown(part.get("resident")) for part in (data, data.get("case")) if isinstance(part, dict))


def _messages(snapshot: Snapshot) -> Iterator[tuple[str, str, Json]]:
    """(case, place, document) of every message that may name a resident."""
    for case, where, body in _bodies(snapshot):
        if b'"resident"' in body:
            with suppress(ValueError):  # no JSON: it was never a message
                yield case, where, from_json(signed_document.split_message(body)[1])


def _bodies(snapshot: Snapshot) -> Iterable[tuple[str, str, bytes]]:
    yield from ((kept.case, f"{kept.kind} in the archive", kept.body) for kept in snapshot.archive)
    yield from ((owed.case, f"{owed.kind} in the outbox", owed.body) for owed in snapshot.outbox)
    yield from ((task.case, f"{task.kind} on the desk", task.body) for task in snapshot.work)
    yield from ((held.case, "a message held back", held.body) for held in snapshot.held)
    known = (item for item in snapshot.parked if item.message)  # without an id it was no message, or nobody's
    yield from ((item.case or "", f"a message parked as {item.code}", item.body) for item in known)


def _shown_to_help(name: str, snapshot: Snapshot) -> set[str]:
    """The cases whose resident this center was shown as a helper, and lawfully. Where the request was pruned from the
    archive, nobody can tell any more what it showed."""
    asked = {line.case for line in snapshot.journal if line.way == "heard" and line.kind == AssistRequested.kind}
    if not asked:
        return asked
    kept: dict[str, bool] = {}
    for case, _, document in _messages(snapshot):
        if document["type"].startswith(AssistRequested.kind) and document["source"] != name:
            kept[case] = kept.get(case, False) or _shows(document)
    return {case for case in asked if kept.get(case, True) and not _is_sensitive(snapshot, case)}


def _is_sensitive(snapshot: Snapshot, case: str) -> bool:
    return case in snapshot.by_case and bool(snapshot.record(case)["case"].get("sensitive"))


def known_resident_is_kept(evidence: Evidence) -> Iterator[Breach]:
    """A hint never replaces a whole resident: not at the origin, nor at a holder that was told.

    Read live: journal and record of one center are of one moment."""
    for name, snapshot in evidence.open_snapshots:
        heard = (line for line in snapshot.journal if (line.way, line.kind) == ("heard", Handed.kind))
        told = {line.case for line in heard if line.holder == name}
        for known in (one for one in snapshot.cases if '"masked"' in one.record):
            resident = snapshot.record(known.case)["case"].get("resident") or {}
            if resident.get("masked") and (known.origin == name or known.case in told):
                yield Breach(name, known.case, "knew the resident, and has only a hint now")


def is_known(evidence: Evidence, case: str) -> bool:
    """Whether a center that still answers knows who the resident of this case is."""
    return any(
        is_shown(snapshot.record(case)["case"].get("resident"))
        for snapshot in evidence.standing.values()
        if case in snapshot.by_case
    )


def holder_knows_the_resident(evidence: Evidence) -> Iterator[Breach]:
    """At the end the holder of a case, open or closed, knows its resident in whole, where the origin does. An anonymous
    resident is shown to nobody."""
    for case, names in evidence.knowers.items():
        newest = max((evidence.snapshots(name).by_case[case] for name in names), key=lambda known: known.version)
        origin, holder = evidence.standing.get(newest.origin), evidence.standing.get(newest.holder)
        if origin is None or holder is None or case not in origin.by_case or case not in holder.by_case:
            continue  # told by other rules
        resident = origin.record(case)["case"].get("resident")
        if not is_shown(resident) or resident.get("anonymous"):
            continue
        if not is_shown(holder.record(case)["case"].get("resident")):
            excuse = evidence.end_excuse(case, newest.holder, newest.origin)
            yield Breach(newest.holder, case, "holds the case, and knows only a hint of its resident", excuse)
