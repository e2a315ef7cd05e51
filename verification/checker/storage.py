"""Rules of storage: all rows can be read and are counted, and nothing waits for a center that never existed."""

from collections.abc import Iterable, Iterator

from pydantic import ValidationError

from bus.contract.codec import Undecodable, decode
from bus.custody import Record
from bus.store import outbox
from verification.checker.evidence import Breach, Evidence
from verification.checker.snapshot import Snapshot


def stored_reads_back(evidence: Evidence) -> Iterator[Breach]:
    """A center can read what it has written: each record by its model; each message that is owed, held back or in the
    inbox by the codec. An unreadable row would stop its reader, after a restart at the latest.

    Read live: a row is whole, or it does not exist."""
    for name, snapshot in evidence.open_snapshots:
        for known in snapshot.cases:
            fault = _fault_of_record(known.record)
            if fault:
                yield Breach(name, known.case, f"its record cannot be read: {fault}", _seen(snapshot, known.case))
        for where, case, body in _bodies(snapshot):
            fault = _fault_of_body(body)
            if fault:
                yield Breach(name, case, f"a message {where} cannot be read: {fault}", _seen(snapshot, case))


def _seen(snapshot: Snapshot, case: str) -> str:
    return "parked" if case in snapshot.parked_cases else ""


def _bodies(snapshot: Snapshot) -> Iterable[tuple[str, str, bytes]]:
    yield from (("in the outbox", owed.case, owed.body) for owed in snapshot.outbox)
    yield from (("on the desk", task.case, task.body) for task in snapshot.work)
    yield from (("held back", held.case, held.body) for held in snapshot.held)


def _fault_of_record(record: str) -> str:
    try:
        Record.model_validate_json(record)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        return f"{'.'.join(map(str, first['loc'][:2]))}: {first['type']}"  # deeper there are only the sender's names
    return ""


def _fault_of_body(body: bytes) -> str:
    try:
        decode(body)
    except Undecodable as error:
        return "" if error.envelope is not None else error.code  # a wrong body in a right envelope is refused
    return ""


def cases_are_counted(evidence: Evidence) -> Iterator[Breach]:
    """The count of cases that a store keeps is how many cases it has. Read live: both change in one transaction."""
    for name, snapshot in evidence.open_snapshots:
        if snapshot.counted not in (None, len(snapshot.cases)):
            yield Breach(name, "", f"it counts {snapshot.counted} cases and has {len(snapshot.cases)}")


def somebody_is_waited_for(evidence: Evidence) -> Iterator[Breach]:
    """At the end each waiting message is for a center of the county: an operator ends the lanes to any other."""
    if evidence.county is None:
        return
    for name, snapshot in evidence.standing.items():
        for owed in snapshot.outbox:
            if owed.state == outbox.WAITING and owed.recipient not in evidence.county:
                yield Breach(name, owed.case, f"{owed.kind} waits for {owed.recipient}, which is not of the county")
